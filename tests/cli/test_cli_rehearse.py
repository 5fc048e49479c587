"""`tasklists rehearse` on a command line: offline, its exit codes, its files, its words for what is wrong."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from test_output_schemas import faults

from engine.cli.main import run_commands
from engine.cli.output_schemas import OUTPUTS
from engine.cli.rehearse import _KINDS
from engine.core.rehearsal import KINDS

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "tests" / "lists" / "facts" / "new-member.json"
FROM = ("--from", "2026-12-14")


class Desk:
    """A folder with the shipped lists, and the command line in it without a way to any network."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capfd = folder, capfd

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        code = run_commands(["rehearse", *map(str, arguments)])
        return code, *self._capfd.readouterr()

    def write(self, name: str, text: str) -> None:
        (self.folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def rehearse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Desk:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a rehearsal has asked the network")

    folder = tmp_path / "tasklists"
    shutil.copytree(ROOT / "tasklists", folder, ignore=shutil.ignore_patterns(".*"))
    monkeypatch.setenv("TASKLISTS_DIR", str(folder))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return Desk(folder, capfd)


def test_the_shipped_list_is_rehearsed_with_progress_apart_from_the_result(rehearse: Desk) -> None:
    code, out, err = rehearse("new-member", *FROM, "--days", 30)
    assert code == 0
    assert err.splitlines() == ["rehearsed barcelona: 30 starts, 420 tasks", "rehearsed london: 30 starts, 450 tasks"]
    assert out.startswith("new-member: 60 starts (contract.start 2026-12-14 to 2027-01-12)")
    assert "pile-up at london: 12 starts share Mon 4 Jan 2027" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert not (rehearse.folder.parent / ".tasklists").exists()


@pytest.mark.parametrize("name", ["new-member", "offboarding", "private-office", "team-member", "virtual-office"])
def test_every_shipped_list_prints_what_the_schema_says(rehearse: Desk, name: str) -> None:
    code, out, _ = rehearse(name, *FROM, "--days", 12, "--format", "json")
    told = json.loads(out)
    assert code == 0
    assert faults(told, OUTPUTS["rehearse"]) == []
    assert told["counts"]["cannot-expand"] == 0
    assert sum(told["calendar"].values()) == told["tasks"]
    assert told["turn"] == {"offboarding": "contract.cancellation", "team-member": "signup"}.get(name, "contract.start")


def test_fail_on_exits_three_for_what_was_found_only(rehearse: Desk) -> None:
    short = ("new-member", *FROM, "--days", 30)
    assert rehearse(*short, "--fail-on", "pile-up")[0] == 3
    assert rehearse(*short, "--fail-on", "clock-change,cannot-expand")[0] == 0
    assert rehearse(*short, "--lead", 2, "--fail-on", "past-due, clock-change")[0] == 3
    assert rehearse(*short, "--per-day", 500, "--pile-up", 400, "--fail-on", "overload,pile-up")[0] == 0


def test_the_kinds_of_the_command_are_those_of_the_core() -> None:
    assert set(_KINDS) == set(KINDS)
    assert OUTPUTS["rehearse"]["properties"]["counts"]["required"] == list(KINDS)


def test_days_that_cannot_be_made_fail_whatever_was_asked(rehearse: Desk) -> None:
    rehearse.write(
        "fixed",
        "tasklist: fixed\nname: Fixed\nitems:\n  - id: one\n    name: One\n    responsible: front-desk\n"
        "    due: {rule: on 2026-12-16, late: fail}\n    when: contract.start >= '2026-12-01'\n",
    )
    code, out, _ = rehearse("fixed", *FROM, "--days", 20, "--lead", 0, "--fail-on", "overload")
    assert code == 3
    assert "cannot-expand at barcelona: 18 starts" in out


def test_a_saved_member_is_moved_along(rehearse: Desk) -> None:
    given = ("new-member", "--facts", FACTS, "--from", "2027-02-01", "--days", 3, "--format", "json")
    code, out, _ = rehearse(*given, "--locations", "barcelona")
    told = json.loads(out)
    assert (code, told["starts"], told["locations"]) == (0, 3, ["barcelona"])
    names = {load["person"] for load in told["loads"]}
    assert "Ana Ferrer" in names
    assert not any("member" in name.lower() for name in names)


def test_the_page_goes_to_a_file_and_so_do_the_other_forms(rehearse: Desk, tmp_path: Path) -> None:
    for form, begins in (("html", "<!DOCTYPE html>"), ("json", "{"), ("table", "new-member: ")):
        file = tmp_path / f"told.{form}"
        code, out, err = rehearse("new-member", *FROM, "--days", 2, "--format", form, "--out", file)
        assert (code, out) == (0, "")
        assert f"written: {file}" in err
        assert file.read_text("utf-8").startswith(begins)
    code, _, err = rehearse("new-member", *FROM, "--days", 2, "--out", tmp_path / "none" / "x")
    assert code == 2
    assert "cannot be written" in err


WRONG: list[tuple[tuple[object, ...], str]] = [
    (("--from", "soon"), "--from 'soon' is no day"),
    (("--locations", "barcelone"), "The nearest name is barcelona"),
    (("--days", 5000), "Choose 1 to 3660 days"),
    (("--days", 0), "0 is not in the range"),
    (("--fail-on", "pastdue"), "nearest: past-due"),
    (("--set", "x=1"), "the list has no input 'x'"),
    (("--facts", "none.json"), "none.json"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_said(rehearse: Desk, arguments: tuple[object, ...], said: str) -> None:
    code, out, err = rehearse("new-member", *FROM, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_list_that_can_never_be_made_is_an_error_with_its_reason(rehearse: Desk) -> None:
    rehearse.write(
        "needs", "tasklist: needs\nname: Needs\nitems:\n  - id: one\n    name: '{{ coworker.nick_name }}'\n"
        "    responsible: front-desk\n"
    )  # fmt: skip
    code, _, err = rehearse("needs", *FROM, "--days", 3)
    assert code == 2
    assert "cannot be made on any of these days" in err
    assert "--facts" in err


def test_dates_given_as_inputs_move_along_with_the_start(rehearse: Desk) -> None:
    rehearse.write(
        "moving", "tasklist: moving\nname: Moving\ninputs: {out: {type: date}}\nitems:\n  - id: one\n    name: One\n"
        "    responsible: front-desk\n    due: on inputs.out at 10:00\n"
    )  # fmt: skip
    code, out, _ = rehearse("moving", *FROM, "--days", 3, "--set", "out=2027-02-02", "--format", "json")
    assert code == 0
    assert json.loads(out)["calendar"] == {"2027-02-02": 2, "2027-02-03": 2, "2027-02-04": 2}


def test_the_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom engine.cli.main import run_commands\n"
        "try:\n    run_commands(['rehearse', '--help'])\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "tasklists rehearse new-member --from" in done.stdout
    assert not {"pydantic", "jinja2", "httpx", "sqlalchemy", "holidays"} & set(done.stdout.splitlines()[-1].split())
