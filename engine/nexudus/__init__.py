"""The Nexudus API: pure wire rules and one small HTTP client."""
