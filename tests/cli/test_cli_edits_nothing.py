"""No command edits a file of the user's in place: what they wrote stays theirs, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from given_account import ASHLEY, Account

from engine.cli.main import COMMANDS

MEMBER = ("--coworker", str(ASHLEY))
CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "preview": (("new-member", *MEMBER), ("new-member", *MEMBER, "--save-facts", "../facts.json")),
    "run": (("new-member", *MEMBER, "--yes"),),
    "resume": ((),),
    "status": ((), MEMBER),
    "audit": ((),),
    "probe": ((*MEMBER, "--read-only"),),
    "inbox": (("list",),),
    "hooks": (("list",), ("check",)),
    "backfill": (("new-member", "--yes"),),
    "config": ((),),
    "import": (("staff.csv", "--yes"),),
    "reassign": (("--from", "ana@acme.example", "--to", "ben@acme.example", "--yes"),),
    "rehearse": (("new-member", "--from", "2026-12-01", "--days", "5"),),
    "check": ((), ("new-member",)),
    "show": (("new-member",), ("new-member", "--format", "yaml")),
    "fields": ((),),
    "schema": ((), ("organisation",)),
}
ELSEWHERE = {
    "serve": "runs until it is stopped, and reads lists as the others do",
    "worker": "needs PostgreSQL, and reads lists as the others do",
    "init": "makes a folder of its own, and refuses one that is there",
    "demo": "has a folder of its own",
    "sandbox": "reads no list",
}


def prints(folder: Path) -> dict[str, str]:
    """Every file of a folder by name, with what it holds."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_command_is_tried_or_has_a_reason_why_not() -> None:
    assert set(CALLS) & set(ELSEWHERE) == set()
    assert set(COMMANDS) <= {*CALLS, *ELSEWHERE, *LATER}


LATER = {"test", "diff", "explain"}
"""Commands with tests of their own for this, where they write files when asked to."""


@pytest.mark.parametrize("name", [name for name in CALLS if name in COMMANDS])
def test_no_command_edits_a_list_or_organisation(account: Account, name: str) -> None:
    account.write("base", "tasklist: base\nabstract: true\nitems: [{id: a, name: A, responsible: front-desk}]\n")
    account.write("derived", "tasklist: derived\nname: D\nextends: base\n")
    (account.folder / "staff.csv").write_text("task,who,when\nGive the card,front-desk,1 day before start\n")
    before = prints(account.lists)
    assert len(before) >= 4
    for arguments in CALLS[name]:
        answer = account.cli(name, *arguments)
        assert "Traceback" not in answer.err
        assert answer.code != 1, (arguments, answer)
    assert prints(account.lists) == before
