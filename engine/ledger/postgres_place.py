"""The address of a PostgreSQL ledger, and how it is named to people. Imports no driver.

It must never show what stands before the @ of an address, nor any part of one that cannot be read: it may be
a password.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from engine.core.errors import UserError

_SCHEMES: Final = frozenset({"postgresql", "postgres"})
_ADVICE: Final = (
    "Write TASKLISTS_LEDGER=postgresql://user:password@host:5432/database, with % signs for odd letters of the"
    " password (@ is %40, / is %2F, : is %3A, # is %23, ? is %3F)."
)
# several hosts, with commas between, are libpq's way to name a standby that may become the first
_HOST: Final = re.compile(r"(?:[\w.-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


def is_address(text: str) -> bool:
    """Whether a text names a database server rather than a file."""
    return "://" in text


def shown_place(place: Path | str) -> str:
    """How people are told where a ledger is: a file's path, or an address without its login.

    UserError for an address that is none of PostgreSQL, or cannot be read for sure.
    """
    if isinstance(place, Path):
        return str(place)
    scheme = place.partition("://")[0].lower()
    if scheme not in _SCHEMES:
        raise UserError(
            f"TASKLISTS_LEDGER is an address of {scheme!r}, and a ledger is a file or on PostgreSQL."
            if re.fullmatch(r"[a-z0-9+.-]{1,20}", scheme)
            else "TASKLISTS_LEDGER is an address that cannot be read.",
            advice=_ADVICE,
        )
    try:
        parts = urlsplit(place)
    except ValueError:
        raise _unreadable() from None
    login, at, hosts = parts.netloc.rpartition("@")
    rest = "@" in f"{login}{parts.path}{parts.query}{parts.fragment}"
    if rest or parts.fragment or (at and not login) or not all(_HOST.fullmatch(one) for one in hosts.split(",")):
        raise _unreadable()
    if not re.fullmatch(r"(?:/[\w.%~+-]*)?", parts.path):
        raise _unreadable()
    return f"postgresql://{hosts}{parts.path}"


def _unreadable() -> UserError:
    return UserError("TASKLISTS_LEDGER is an address of PostgreSQL that cannot be read.", advice=_ADVICE)
