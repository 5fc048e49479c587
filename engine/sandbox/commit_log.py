"""The commit log as a file: one JSON line for each commit, on the disk before anybody hears of it.

An auditor reads it after a kill of either side, so it must never miss a commit that was
answered, nor keep one that was not done.
"""

from __future__ import annotations

import os
from pathlib import Path


class CommitLog:
    """The file, opened for appending. OSError when the disk refuses."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def append(self, line: str) -> None:
        """Add a line and wait until it is on the disk. After an OSError the file is as it was before."""
        before = os.fstat(self._file).st_size
        try:
            _write_all(self._file, line.encode() + b"\n")
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, before)
            raise

    def mend(self, last: str, *, is_all_known: bool) -> None:
        """Take off what a kill left behind the line `last`: part of a line, or a line whose commit was not done.

        Only where the rest of the file ends in `last`: a log that tells of another account stays as it is.
        `is_all_known`: this account has no other commit, so `last` may be empty, and the file with it.
        """
        whole = _read_all(self._file)
        kept = whole[: whole.rfind(b"\n") + 1]
        lines = kept.splitlines(keepends=True)
        known = last.encode() + b"\n" if last else b""
        if lines and lines[-1] != known and (lines[-2:-1] == [known] or (is_all_known and len(lines) == 1)):
            kept = kept[: -len(lines[-1])]
        if len(kept) < len(whole):
            os.ftruncate(self._file, len(kept))
            os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _read_all(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)
