"""The use cases, each a few calls."""
