"""A stand-in for the Nexudus API. Imports nothing of ours, so that no error is shared."""
