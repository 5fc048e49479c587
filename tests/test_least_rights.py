"""The rights that the README lists are exactly the ones that a run needs (promise D13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_process import SandboxProcess, sandbox

from engine.cli.main import run_commands

ROOT = Path(__file__).resolve().parent.parent
LOGIN = 1418332103
MEMBER = "1423831744"


def rights() -> list[str]:
    """Return the rights that the README asks for always, or for desks, which the shipped list uses."""
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if re.match(r"\| `\w+-(Read|List)", line)]
    needed = [line for line in lines if "only if" not in line or "contract.desks" in line]
    return sorted({role for line in needed for role in re.findall(r"`(\w+-(?:Read|List|Create))`", line)})


@pytest.fixture(scope="module")
def service() -> Iterator[SandboxProcess]:
    with sandbox("--mode", "S50.writes-per-minute=0", "--mode", "S50.calls-per-minute=0") as running:
        yield running


def run_with(
    service: SandboxProcess, roles: list[str], ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> int:
    service.put_record("users", LOGIN, UserRoles=roles)
    for name, value in {**service.env, "NEXUDUS_USERNAME": "list-only@acme.example"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TASKLISTS_LEDGER", str(ledger))
    return run_commands(["run", "new-member", "--coworker", MEMBER, "--dir", str(ROOT / "tasklists"), "--yes"])


def test_the_readme_names_the_rights_that_we_know_of() -> None:
    assert rights() == [
        "Coworker-Read",
        "CoworkerContract-List",
        "CoworkerContract-Read",
        "CoworkerTask-Create",
        "CoworkerTask-List",
        "CoworkerTask-Read",
        "FloorPlanDesk-List",
        "User-List",
    ]


@pytest.mark.parametrize("missing", [role for role in rights() if role != "CoworkerTask-Read"])
def test_a_run_without_one_of_the_rights_names_it(
    service: SandboxProcess,
    missing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    roles = [role for role in rights() if role != missing]
    before = len(service.commits())
    code = run_with(service, roles, tmp_path / "ledger.db", monkeypatch)
    told = capfd.readouterr()
    assert code in {2, 3}
    assert missing in told.out + told.err
    assert "Traceback" not in told.err
    assert len(service.commits()) == before


def test_a_run_with_just_these_rights_works_and_so_does_finding_its_tasks_again(
    service: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_with(service, rights(), tmp_path / "one.db", monkeypatch) == 0
    made = len(service.commits())
    assert made > 0
    without = [role for role in rights() if role != "CoworkerTask-Read"]
    assert run_with(service, without, tmp_path / "two.db", monkeypatch) == 2, "reading one task needs its right"
    assert "CoworkerTask-Read" in capfd.readouterr().err
    assert run_with(service, rights(), tmp_path / "three.db", monkeypatch) == 0
    assert len(service.commits()) == made


def test_an_audit_needs_to_list_and_read_tasks_and_nothing_else(
    service: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def audit_with(*roles: str) -> int:
        service.put_record("users", LOGIN, UserRoles=list(roles))
        capfd.readouterr()
        return run_commands(["audit", "--coworker", MEMBER, "--dir", str(ROOT / "tasklists")])

    assert run_with(service, rights(), tmp_path / "ledger.db", monkeypatch) == 0
    strange = {"CoworkerId": int(MEMBER), "BusinessId": 1421021016, "Name": "Strange", "Notes": "By hand"}
    service.put_record("coworkertasks", 5000, **strange)
    assert audit_with("CoworkerTask-Read") == 2
    assert "CoworkerTask-List" in capfd.readouterr().err
    assert audit_with("CoworkerTask-List") == 2
    assert "CoworkerTask-Read" in capfd.readouterr().err
    assert audit_with("CoworkerTask-List", "CoworkerTask-Read") == 0
