"""What a database or a disk complains of, in words for a person.

It must never hide an error that it does not know.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.ledger.postgres_faults import is_of_postgres, told_of

_MAKE_WRITABLE = "Make the file and its folder writable for this user."
_WAIT = "Try again when that one is done."
NOT_A_LEDGER_ADVICE = "Set TASKLISTS_LEDGER to another place, or bring this one back from a backup."

_BROKEN = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_UNREACHABLE = {
    sqlite3.SQLITE_BUSY: ("is locked by another process", _WAIT),
    sqlite3.SQLITE_LOCKED: ("is locked by another process", _WAIT),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Free some space and try again."),
    sqlite3.SQLITE_READONLY: ("cannot be written", _MAKE_WRITABLE),
    sqlite3.SQLITE_PERM: ("cannot be opened", _MAKE_WRITABLE),
    sqlite3.SQLITE_AUTH: ("cannot be opened", _MAKE_WRITABLE),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _MAKE_WRITABLE),
    sqlite3.SQLITE_IOERR: ("meets an error of the disk", "Check the disk and its space, and try again."),
}
_WRONG_PATH = frozenset(
    {errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR}
)


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn faults of the database and the disk into UserError or Unreachable; nothing was half-written.

    `path` is how people are told where the ledger is.
    """
    try:
        yield
    except DBAPIError as fault:
        if (told := _of_database(path, fault.orig)) is None:
            raise
        raise told from fault
    except sqlite3.Error as fault:
        if (told := _of_database(path, fault)) is None:
            raise
        raise told from fault
    except TimeoutError as fault:
        what = f"is busy: {fault}"
        raise Unreachable(f"The ledger {path} {what}. Nothing was changed in it.", advice=_WAIT) from fault
    except OSError as fault:
        raise _of_disk(path, fault) from fault
    except Exception as fault:
        if not is_of_postgres(fault) or (told := told_of(path, fault)) is None:
            raise
        raise told from fault


def _of_database(path: Path | str, fault: BaseException | None) -> TasklistsError | None:
    if fault is not None and is_of_postgres(fault):
        return told_of(path, fault)
    code = getattr(fault, "sqlite_errorcode", None)
    if code is None:
        return None
    primary = code & 0xFF  # the low byte is the kind, the rest its detail
    if primary in _BROKEN:
        return UserError(f"{path} is no ledger, or a damaged one ({fault}).", advice=NOT_A_LEDGER_ADVICE)
    if primary not in _UNREACHABLE:
        return None
    what, advice = _UNREACHABLE[primary]
    return Unreachable(f"The ledger {path} {what} ({fault}). Nothing was changed in it.", advice=advice)


def _of_disk(path: Path | str, fault: OSError) -> TasklistsError:
    reason = fault.strerror or str(fault)
    if fault.errno in _WRONG_PATH:
        advice = "Set TASKLISTS_LEDGER to a file."
        return UserError(f"There can be no ledger at {path}: {reason}.", advice=advice)
    full = fault.errno in {errno.ENOSPC, errno.EDQUOT}
    advice = "Free some space and try again." if full else _MAKE_WRITABLE
    return Unreachable(f"The ledger {path} cannot be opened: {reason}.", advice=advice)
