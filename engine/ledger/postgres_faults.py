"""What PostgreSQL complains of, in words for a person. Imports no driver.

It must never repeat a message of the server or the driver: it may hold a value of a row, or part of an address.
"""

from __future__ import annotations

from typing import Final

from engine.core.errors import TasklistsError, Unreachable, UserError

_WAIT: Final = "Try again when that one is done."
_AGAIN: Final = "Try again in a moment: a new connection is made then. If it stays so, see whether the server runs."
_UNCERTAIN: Final = "What was being written is there whole or not at all; going on finds out which."
_UNTOUCHED: Final = "Nothing was changed in it."
_OTHER_PLACE: Final = "Set TASKLISTS_LEDGER to another database or schema, or bring this one back from a backup."

# By SQLSTATE or its class: https://www.postgresql.org/docs/current/errcodes-appendix.html
_UNREACHABLE: Final = {
    "55P03": ("is locked by another process", _WAIT),
    "57014": ("was told to stop what it did", "Try again; ask the server's administrator who cancelled it."),
    "40": ("was used by too many at once", "Try again."),
    "53100": ("cannot grow: the server's disk is full", "Free some space on the server and try again."),
    "53300": ("has no connection left for us", "Raise max_connections of the server, or start fewer workers."),
    "53": ("is on a server that is short of something", "Look at the server's log and try again."),
    "25006": ("cannot be written: its server is a standby, or read-only", "Name the server that takes writes."),
    "42501": ("refuses us", "Grant the user of TASKLISTS_LEDGER all rights on that schema (CREATE and USAGE)."),
    "58": ("meets an error of the server's disk", "Look at the server's log and try again."),
}
_OF_CONNECTION: Final = ("08", "57P", "25P03", "25P04")
_DAMAGED: Final = ("XX001", "XX002", "42P01", "42703", "3F000")

# A refused login has no SQLSTATE at the driver; the server's own English words are looked for, never repeated.
_REFUSED: Final = (
    ("password authentication failed", "refuses the password", "Look at user and password in TASKLISTS_LEDGER."),
    ("no password supplied", "asks for a password", "Put one into TASKLISTS_LEDGER, or into a password file."),
    ("no pg_hba.conf entry", "lets nobody in from here", "Allow this machine and user in the server's pg_hba.conf."),
    ("too many clients", "has no connection left for us", _UNREACHABLE["53300"][1]),
    ("remaining connection slots", "has no connection left for us", _UNREACHABLE["53300"][1]),
    ("is starting up", "is just starting", "Try again in a moment."),
    ("is shutting down", "is just shutting down", _AGAIN),
    ("does not exist", "knows no such database or user", "Make it with createdb or createuser, or mend the address."),
)
_NO_ANSWER: Final = ("gives no answer", "See whether the server runs and the address is right, and try again.")


def is_of_postgres(fault: BaseException | None) -> bool:
    """Whether the driver raised it."""
    return type(fault).__module__.partition(".")[0] == "psycopg"


def told_of(shown: object, fault: BaseException) -> TasklistsError | None:
    """The error for a person, None for what is a bug. `shown` is how people are told where the ledger is."""
    state: str | None = getattr(fault, "sqlstate", None)
    if state is None:
        return _of_driver(shown, fault)
    if state.startswith(_OF_CONNECTION):
        return _lost(shown)
    if state in _DAMAGED:
        return UserError(f"{shown} is no ledger, or a damaged one (SQLSTATE {state}).", advice=_OTHER_PLACE)
    for known in (state, state[:2]):
        if known in _UNREACHABLE:
            what, advice = _UNREACHABLE[known]
            return Unreachable(f"The ledger {shown} {what} (SQLSTATE {state}). {_UNTOUCHED}", advice=advice)
    return None


def _of_driver(shown: object, fault: BaseException) -> TasklistsError | None:
    """A fault without a SQLSTATE: no connection was made, or there is none any more."""
    kinds = {kind.__name__ for kind in type(fault).__mro__}
    if not kinds & {"OperationalError", "InterfaceError"}:
        return None
    said = str(fault)
    if "connection failed" not in said and "connection to server" not in said and "timeout expired" not in said:
        return _lost(shown)
    for words, what, advice in _REFUSED:
        if words in said:
            return Unreachable(f"The server of the ledger {shown} {what}. {_UNTOUCHED}", advice=advice)
    return Unreachable(f"The server of the ledger {shown} {_NO_ANSWER[0]}. {_UNTOUCHED}", advice=_NO_ANSWER[1])


def _lost(shown: object) -> TasklistsError:
    return Unreachable(f"The connection to the ledger {shown} was lost. {_UNCERTAIN}", advice=_AGAIN)
