"""Durable memory: what was meant, what was done."""
