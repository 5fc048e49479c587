"""Durable memory: what was meant, what was done.

SQLAlchemy is imported with `engine.ledger.opening`, never here.
"""
