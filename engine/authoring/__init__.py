"""YAML text to models, every problem with its place."""
