"""Values put in quotes as YAML wants them. Text to text; it must never guess what a value means."""

from __future__ import annotations


def in_quotes(value: str, quote: str = "") -> str:
    """Return a value in the given quotes; without a wish in those that need no escapes, double ones first."""
    if not quote:
        quote = "'" if ('"' in value or "\\" in value) and "'" not in value else '"'
    if quote == "'":
        return "'" + value.replace("'", "''") + "'"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
