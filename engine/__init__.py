"""Onboarding engine: task lists in YAML become CoworkerTasks in Nexudus, each exactly once."""

__version__ = "0.1.0"
