"""What must never be found where it does not belong: secrets in outputs, members in a ledger at rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from processes import Child

_BEARER = re.compile(r"(?i)\b(?:bearer|basic) +[\w.~+/=-]{16,}|access_token\W+[\w.~+/=-]{16,}")
"""A token wherever it is written as one: those that a run asks for are known to the two sides alone."""


def leaks(
    secrets: Mapping[str, str], folder: Path, children: Iterable[Child], members: Iterable[str]
) -> list[str]:
    """Secrets in what these processes printed, and members in what the ledger's files hold; none is right.

    `secrets` are values by what they are called.
    """
    found = []
    for child in children:
        for kind, text in (("standard output", child.out), ("standard error", child.err)):
            found += [f"the {name} is on {kind}" for name, value in secrets.items() if value in text]
            if (shown := _BEARER.search(text)) is not None:
                found.append(f"a token is on {kind}: {shown[0][:12]}...")
    for file in ledger_files(folder):
        data = file.read_bytes()
        found += [f"{file.name} holds a member's text" for name in members if name.encode() in data]
        found += [f"{file.name} holds the {name}" for name, value in secrets.items() if value.encode() in data]
    return found


def ledger_files(folder: Path) -> list[Path]:
    """The ledger's own files: database, log and index of the log, as far as they are there."""
    return sorted(file for file in (folder / ".tasklists").glob("*") if file.is_file())
