"""The way to Nexudus. It must never decide what to write, only say truly what came of it."""
