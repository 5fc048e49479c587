"""Another version of the folder of task lists: a file put in place of a list, another folder, or a commit of git.

It must never touch the working tree: what git holds is written into a folder of its own, which is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.authoring.folder import ORGANISATION, Folder
from engine.core.errors import UserError

_READ = (".yaml", ".yml", ".ics")
_SECONDS = 30
"""A large repository on a slow disk; git that asks for something would never answer."""

_MOST_BYTES = 1 << 20
"""As for every file of the folder."""

_MOST_FILES = 2_000


@contextmanager
def other_version(folder: Folder, base: str, tasklist: str) -> Iterator[Folder]:
    """Give the folder as it is in `base`: a file (the list then, all else as it is now), a folder, or a git revision.

    Raises:
        UserError: there is no such file, folder or revision, or git cannot tell.
    """
    given = Path(base)
    if (given / ORGANISATION).is_file():
        yield Folder(given.resolve(), base.rstrip("/") or "/")
        return
    with tempfile.TemporaryDirectory(prefix="tasklists-") as name:
        at = Path(name)
        if given.is_file():
            _copy(folder.path, at)
            shutil.copyfile(given, at / f"{tasklist}.yaml")
        else:
            _check_out(folder.path, base, at)
        yield Folder(at.resolve(), f"{base}:{folder.name}")


def _copy(source: Path, at: Path) -> None:
    for path in sorted(source.iterdir()):
        if path.suffix in _READ and path.is_file():
            shutil.copyfile(path, at / path.name)


def _check_out(folder: Path, base: str, at: Path) -> None:
    """Write the files of the folder as a commit has them; links and other folders are left out."""
    wanted = f"{base}^{{commit}}"
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted).decode().strip()
    if not commit:
        raise UserError(
            f"{base!r} is no file, no folder with an {ORGANISATION}, and no revision that git knows here.",
            advice="Name one such as main, HEAD~1, or old/new-member.yaml.",
        )
    entries = [part for part in _git(folder, "ls-tree", "-z", commit).split(b"\0") if part]
    if len(entries) > _MOST_FILES:
        raise UserError(f"the folder holds more than {_MOST_FILES:,} files at {base}.")
    for entry in entries:
        told, _, raw = entry.partition(b"\t")
        mode, _, number = told.decode().split(" ")[:3]
        name = os.fsdecode(raw)
        if mode in {"100644", "100755"} and name.endswith(_READ) and "/" not in name:
            (at / name).write_bytes(_blob(folder, number, name))
    if not (at / ORGANISATION).exists():
        raise UserError(f"the folder holds no {ORGANISATION} at {base}.", advice="Name a later revision.")


def _blob(folder: Path, number: str, name: str) -> bytes:
    size = int(_git(folder, "cat-file", "-s", number) or b"0")
    if size > _MOST_BYTES:
        raise UserError(f"{name} is larger than 1 MiB there.")
    return _git(folder, "cat-file", "blob", number)


def _git(folder: Path, *arguments: str) -> bytes:
    """Return what git says; nothing when it refuses. It may not ask, fetch or run a monitor of the repository's."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - no shell; what a person gave stands behind --end-of-options
            command, capture_output=True, timeout=_SECONDS, check=False, env={**os.environ, **quiet}
        )
    except FileNotFoundError:
        raise UserError("git is not installed.", advice="Give a file or a folder with --base.") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"git gave no answer: {type(error).__name__}.") from None
    return done.stdout if done.returncode == 0 else b""
