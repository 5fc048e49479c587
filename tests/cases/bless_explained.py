"""Write the golden texts of `explain` anew: `python tests/cases/bless_explained.py`, then read the difference."""

from __future__ import annotations

import contextlib
import io
import re

from cases_given import EXPLAINED, GOLDEN

from engine.authoring.folder import Folder
from engine.cli.main import run_commands
from engine.flows.case_runs import run_list


def case_names() -> list[str]:
    """The cases, by name, in the order of their file."""
    folder = Folder(EXPLAINED.resolve(), "explained")
    return [one.case.case for _, one in run_list(folder, "moving-in").tried()]


def explained(case: str) -> str:
    """What the command prints for a case."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run_commands(["explain", "moving-in", "--case", case, "--dir", str(EXPLAINED)]) == 0
    return out.getvalue()


def golden_name(case: str) -> str:
    """The file that a case's text is kept in."""
    return re.sub(r"[^a-z0-9]+", "-", case.lower()).strip("-") + ".txt"


if __name__ == "__main__":
    for name in case_names():
        (GOLDEN / golden_name(name)).write_text(explained(name), "utf-8")
