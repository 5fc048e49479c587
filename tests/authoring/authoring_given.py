"""Folders of task lists to check, and the command run in this process with its output, exit code and CPU seconds."""

from __future__ import annotations

import contextlib
import io
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from engine.cli.main import run_commands

HERE = Path(__file__).parent
SOUND = HERE / "sound"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str
    seconds: float


def sound_folder(tmp_path: Path) -> Path:
    """Return a folder `lists` with a sound organisation.yaml and the sound list `broken`."""
    folder = tmp_path / "lists"
    shutil.copytree(SOUND, folder)
    return folder


def tasklists(*arguments: str) -> Outcome:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    start = time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_commands(list(arguments))
    return Outcome(code, out.getvalue(), err.getvalue(), time.process_time() - start)
