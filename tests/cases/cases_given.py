"""What the tests of cases start from: folders with lists and cases, and the command line in this process."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from engine.cli.main import run_commands

HERE = Path(__file__).parent
EXPLAINED = HERE / "explained"
GOLDEN = HERE / "golden"
SHIPPED = HERE.parents[1] / "tasklists"
SAVED = HERE.parent / "lists" / "facts"

ORGANISATION = """\
owner: acme
since: 2026-11-01
custom_fields:
  wants_locker: {field: Custom7, type: boolean, true: ["yes"], empty: false}
locations:
  barcelona:
    business_id: 1
    time_zone: Europe/Madrid
    calendar: plain
    roles: {front-desk: ana@acme.example, host: [ana@acme.example, ben@acme.example]}
  london:
    business_id: 2
    time_zone: Europe/London
    calendar: plain
    roles: {front-desk: omar@acme.example, host: omar@acme.example}
calendars:
  plain: {hours: "09:00-18:00"}
"""

LIST = """\
tasklist: welcome
name: Welcome
anchor: contract.start
defaults: {responsible: front-desk}
items:
  - id: card
    name: Card for {{ coworker.full_name }}
    notes: Give it at the desk.
    due: 1 business day before contract.start at 10:00
  - id: locker
    name: Locker
    when: coworker.custom.wants_locker
    due: {rule: on contract.term_end at 09:00, fallback: on contract.start at 09:00}
"""


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


def folder_with(at: Path, cases: str = "", *, tasklist: str = LIST) -> Path:
    """Write a folder with one list, and its cases where there are any."""
    folder = at / "tasklists"
    (folder / "tests" / "facts").mkdir(parents=True)
    (folder / "organisation.yaml").write_text(ORGANISATION, "utf-8")
    (folder / "welcome.yaml").write_text(tasklist, "utf-8")
    if cases:
        (folder / "tests" / "welcome.yaml").write_text("tasklist: welcome\n" + cases, "utf-8")
    return folder


def shipped(at: Path) -> Path:
    """Copy the lists that come with the engine, with a saved member of each."""
    folder = at / "tasklists"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns(".*", "tests"))
    shutil.copytree(SAVED, folder / "tests" / "facts")
    return folder


def command_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return the command line for a folder."""

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        with patch.dict(os.environ, {"COLUMNS": "200"}):  # texts are not wrapped, whatever terminal there is
            code = run_commands([*arguments, "--dir", str(folder)])
        return Answer(code, *capsys.readouterr())

    return call
