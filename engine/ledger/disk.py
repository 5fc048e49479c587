"""The file of a ledger and its folder: for its owner's eyes only, and on a disk that keeps its locks.

It must never change the access of a folder that was there before, nor the content of any file.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from engine.core.errors import UserError

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

NETWORK_DISKS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "davfs", "glusterfs", "lustre", "ceph"}
    | {"fuse.davfs2", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.ceph"}
)
"""Disks whose locks or shared memory SQLite's WAL cannot rely on (sqlite.org/wal.html)."""

MOUNTS: Final = Path("/proc/self/mountinfo")


def make_private_file(path: Path) -> None:
    """Make the missing folders (0700) and an empty file (0600), whatever the umask; keep what is there."""
    refuse_network_disk(path)
    _make_folders(path.parent)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE)
    except FileExistsError:
        _refuse_other_than_a_file(path)
        return
    try:
        os.fchmod(descriptor, PRIVATE_FILE)  # the umask may have taken bits away
    finally:
        os.close(descriptor)


def _make_folders(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    try:
        folder.mkdir(PRIVATE_FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return  # another process made it at this moment
    folder.chmod(PRIVATE_FOLDER)


def _refuse_other_than_a_file(path: Path) -> None:
    if not path.is_file():
        raise UserError(
            f"There can be no ledger at {path}: it is a {'folder' if path.is_dir() else 'special file'}.",
            advice="Set TASKLISTS_LEDGER to a file.",
        )


def tighten(path: Path) -> None:
    """Take away what others may do with a ledger's files; files of another user stay as they are."""
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        try:
            mode = file.stat()
            if stat.S_IMODE(mode.st_mode) != PRIVATE_FILE and mode.st_uid == os.geteuid():
                file.chmod(PRIVATE_FILE)
        except FileNotFoundError:
            continue


def holds_nothing(path: Path) -> bool:
    """True where no ledger was begun: no file, or an empty one. UserError for what is no file."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True  # any other fault is told: a ledger that cannot be seen is not an empty one
    _refuse_other_than_a_file(path)
    return path.stat().st_size == 0


def refuse_network_disk(path: Path) -> None:
    """UserError for a path on a network disk, where the system tells (Linux)."""
    try:
        mounts = MOUNTS.read_text(errors="replace")
    except OSError:
        return
    kind = disk_of(path, mounts)
    if kind in NETWORK_DISKS:
        raise UserError(
            f"The ledger {path} would be on a network disk ({kind}), which can lose its locks.",
            advice="Set TASKLISTS_LEDGER to a file on a local disk.",
        )


def disk_of(path: Path, mounts: str) -> str:
    """The file system that holds a path, by the text of Linux's mountinfo; empty if none is listed."""
    place = path.absolute().parent.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = Path(fields[4].encode().decode("unicode_escape"))
        # later mounts hide earlier ones on the same point, hence >=
        if place.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), right.split(" ")[0]
    return kind
