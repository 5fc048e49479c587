"""A far side with made-up members, and folders of task lists for them: where the proofs take place.

Members bear names that occur nowhere else, so that a name found where it must not be is a leak.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from auditor import read_commits  # noqa: E402  the path comes first
from processes import Child, Job, Nursery, start_cold  # noqa: E402
from sandbox_process import SandboxProcess, sandbox  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
QUIET_SECONDS, LEASE_SECONDS = 0.6, 0.5
"""Scaled from 120 and 30: what the far side here commits, it commits at once."""

LOGIN = "api@acme.example"
_ASHLEY, _HER_CONTRACT = 1423831744, 1418975228
_LIMITS = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")
_OUR_LIMITS = ("WRITES_PER_MINUTE", "CALLS_PER_MINUTE", "CALLS_PER_HOUR", "CALLS_PER_100_MS", "WRITES_PER_DAY")
_ORGANISATION = """\
owner: acme-coworking
since: 2026-11-01
locations:
  barcelona:
    business_id: 1421021016
    time_zone: Europe/Madrid
    calendar: spain
    roles:
      front-desk: ana@acme.example
      host: [ana@acme.example, ben@acme.example]
calendars:
  spain: {working_days: mon-fri, hours: "09:00-18:00", holidays: {country: ES, subdivision: CT}}
"""


def list_text(name: str, items: int, seed: int) -> str:
    """A list of so many items of every kind of content; days lie far ahead, so that no clock changes a due."""
    chance = random.Random(seed)
    lines = [f"tasklist: {name}", f'name: "{name} for {{{{ coworker.full_name }}}}"', "anchor: contract.start"]
    lines += [f"once_per: {chance.choice(['membership', 'coworker', 'contract'])}"]
    lines += ["defaults: {responsible: front-desk}", "items:"]
    for number in range(items):
        lines += [f"  - id: item-{number:03d}", f'    name: "Task {number} for {{{{ coworker.full_name }}}} é€😀"']
        if chance.random() < 0.6:
            lines.append(f'    notes: "Line one of {number}.\\nAsk {{{{ coworker.full_name }}}}."')
        if chance.random() < 0.8:
            lines.append(f"    due: {chance.randint(0, 9)} business days after contract.start at 1{number % 8}:30")
        if chance.random() < 0.3:
            lines.append("    responsible: {role: host, pick: rotate}")
        for flag in ("notify_by_email", "display_to_everyone"):
            if chance.random() < 0.4:
                lines.append(f"    {flag}: true")
    return "\n".join(lines) + "\n"


@dataclass
class World:
    """A sandbox of its own, a folder, and what starts runs; one thread at a time."""

    far_side: SandboxProcess
    folder: Path
    commit_log: Path
    nursery: Nursery
    secrets: dict[str, str]
    """By what they are called; none may ever be seen."""
    env: dict[str, str] = field(default_factory=dict)
    _number: Iterator[int] = field(default_factory=itertools.count)

    def new_member(self) -> Member:
        """Somebody with a contract that starts in 40 days, as the far side counts."""
        number = next(self._number)
        identifier, contract = 1_500_000_000 + number, 1_510_000_000 + number
        name = f"Quillon Vexworth-{number}-{random.Random(number).getrandbits(48):012x}"
        start = self.far_side.record("coworkercontracts", _HER_CONTRACT)["StartDate"]
        one = self.far_side.record("coworkers", _ASHLEY)
        del one["Id"], one["UniqueId"]
        names = {"FullName": name, "GuessedFirstName": "Quillon", "Salutation": "Quillon", "ToStringText": name}
        self.far_side.put_record("coworkers", identifier, **one | names | {"Email": f"q{number}@people.example"})
        other = self.far_side.record("coworkercontracts", _HER_CONTRACT)
        del other["Id"], other["UniqueId"]
        whose = {"CoworkerId": identifier, "CoworkerFullName": name, "Desks": [], "StartDate": _later(start)}
        self.far_side.put_record("coworkercontracts", contract, **other | whose)
        return Member(self, identifier, name)

    def new_folder(self, lists: dict[str, str]) -> Path:
        """A user's folder with these lists and no ledger yet."""
        folder = self.folder / f"case-{next(self._number)}"
        (folder / "tasklists").mkdir(parents=True)
        for name, text in {"organisation": _ORGANISATION, **lists}.items():
            (folder / "tasklists" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return folder

    def environment(self, **more: str) -> dict[str, str]:
        """Where a run finds the far side, with limits off and waits scaled."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        pace = {f"TASKLISTS_{name}": "0" for name in _OUR_LIMITS}
        waits = {"TASKLISTS_QUIET_SECONDS": f"{QUIET_SECONDS}", "TASKLISTS_LEASE_SECONDS": f"{LEASE_SECONDS}"}
        place: dict[str, str] = {"PYTHONPATH": str(ROOT)} | self.far_side.env
        return kept | place | pace | waits | self.env | more

    def commits_of(self, member: Member) -> list[dict[str, Any]]:
        """The commit log, as far as it is about one member."""
        return [line for line in read_commits(self.commit_log) if line["record"]["CoworkerId"] == member.id]

    def with_token(self) -> dict[str, str]:
        """What makes a run use the token of `secrets` in place of the password."""
        return {"NEXUDUS_TOKEN": self.secrets["token"], "NEXUDUS_USERNAME": "", "NEXUDUS_PASSWORD": ""}

    def start(self, folder: Path, *argv: object, cold: bool = False, **more: Any) -> Child:
        """Begin a run in a folder; `env` is added to its environment, other names are those of Job."""
        env = self.environment(**more.pop("env", {}))
        job = Job([str(part) for part in argv], env, folder, folder / f"run-{next(self._number):05d}", **more)
        return start_cold(job) if cold else self.nursery.start(job)

    def plan(self, folder: Path, name: str, member: Member) -> dict[str, Any]:
        """What a run would do, as `preview` says, before any run."""
        child = self.start(folder, "preview", name, "--coworker", member.id, "--format", "json")
        if child.wait(60) != 0:
            raise AssertionError(f"preview failed: {child.err}")
        found: dict[str, Any] = json.loads(child.out)
        (folder / f"plan-{name}-{member.id}.json").write_text(json.dumps(found), encoding="utf-8")
        return found


@dataclass(frozen=True)
class Member:
    """A coworker of a world."""

    world: World
    id: int
    name: str


def _later(moment: str) -> str:
    """A month on, always a day that exists: the plan is about the first days of a month anyway."""
    year, month = int(moment[:4]), int(moment[5:7])
    year, month = (year + 1, 2) if month == 12 else (year, month + 2) if month < 11 else (year + 1, 1)
    return f"{year:04d}-{month:02d}-03T00:00:00Z"


def run_arguments(name: str, member: Member, form: str = "json") -> list[object]:
    """The usual run."""
    return ["run", name, "--coworker", member.id, "--yes", "--format", form]


@contextmanager
def world(folder: Path, nursery: Nursery, *arguments: str, seed: int = 0) -> Iterator[World]:
    """A sandbox of its own with its commit log in `folder`, without limits."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "commits.jsonl"
    limits = [part for name in _LIMITS for part in ("--mode", f"S50.{name}=0")]
    with sandbox("--commit-log", str(log), "--seed", str(seed), *limits, *arguments) as far_side:
        secrets = {"password": far_side.password, "token": _token(far_side)}
        yield World(far_side, folder, log, nursery, secrets)


def _token(far_side: SandboxProcess) -> str:
    """A token that is known here, for runs that are given one."""
    form = {"grant_type": "password", "username": far_side.username, "password": far_side.password}
    body = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{far_side.base_url}/api/token", body, timeout=10) as answer:
        return str(json.load(answer)["access_token"])
