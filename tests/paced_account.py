"""An account with chosen limits, and a far side with as many members as wanted: for what measures pace and latency.

It must never change how the engine paces: only the limits are chosen, and the windows may be shortened on both sides.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox_process import SandboxProcess
from whenever import Instant

from engine.authoring.check import ready_list
from engine.authoring.folder import Folder
from engine.flows.account import WritingAccount, since, writes_per_second
from engine.flows.apply import Conduct
from engine.flows.lanes import NarrowingPace, Width
from engine.flows.look import Policy
from engine.flows.request import Request
from engine.flows.run import Job, Patience, Ran, Runner
from engine.flows.stopping import Stop
from engine.flows.tenure import new_holder
from engine.flows.version import version_of
from engine.ledger.limits import Limits
from engine.ledger.opening import open_ledger
from engine.ledger.pace import LedgerPace
from engine.nexudus.answers import Settled
from engine.nexudus.client import NexudusClient
from engine.nexudus.gate import Gate
from engine.nexudus.settings import from_environment

ASHLEY, HER_CONTRACT_ROW = 1423831744, "CoworkerId"
FIRST_MEMBER, FIRST_CONTRACT = 1_500_000_000, 1_600_000_000
LIST = "backfill"
ITEMS = 12
_LIMITS = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")

ORGANISATION = """\
owner: acme-coworking
since: 2026-11-01
locations:
  barcelona:
    business_id: 1421021016
    time_zone: Europe/Madrid
    calendar: spain
    roles: {front-desk: ana@acme.example, host: [ana@acme.example, ben@acme.example]}
    vars: {card_system: Salto}
calendars:
  spain: {working_days: mon-fri, hours: "09:00-18:00", closed: [2026-12-24]}
"""


def make_folder(folder: Path, items: int = ITEMS) -> Folder:
    """Write a list of so many items and its organisation; the folder of the lists is returned."""
    lists = folder / "tasklists"
    lists.mkdir(parents=True)
    (lists / "organisation.yaml").write_text(ORGANISATION)
    head = (
        f'tasklist: {LIST}\nname: "Welcome {{{{ coworker.full_name }}}}"\nanchor: contract.start\n'
        "once_per: membership\ndefaults: {responsible: front-desk, notify_by_email: true}\nitems:\n"
    )
    rules = ("1 business day before contract.start at 10:00", "on contract.start at 09:00", "2 weeks after signup")
    parts = [
        f'  - id: item-{number}\n    name: "Task {number} for {{{{ coworker.full_name }}}}"\n'
        f"    notes: Card system {{{{ location.vars.card_system }}}}\n    due: {rules[number % 3]}\n"
        + ("    responsible: {role: host, pick: rotate}\n" if number % 2 else "")
        for number in range(items)
    ]
    (lists / f"{LIST}.yaml").write_text(head + "".join(parts))
    return Folder(lists, "tasklists")


def make_members(far_side: SandboxProcess, count: int) -> tuple[int, ...]:
    """Put so many members with a contract each into the sandbox: copies of one of its own."""
    coworker = _less_id(far_side.record("coworkers", ASHLEY))
    contract = next(row for row in far_side.records("coworkercontracts") if row[HER_CONTRACT_ROW] == ASHLEY)
    for number in range(count):
        member = FIRST_MEMBER + number
        far_side.put_record("coworkers", member, **coworker | {"FullName": f"Member {number}"})
        theirs = _less_id(contract) | {"CoworkerId": member}
        far_side.put_record("coworkercontracts", FIRST_CONTRACT + number, **theirs)
    return tuple(range(FIRST_MEMBER, FIRST_MEMBER + count))


def _less_id(record: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in record.items() if name not in {"Id", "UniqueId"}}


def enforce(far_side: SandboxProcess, **limits: float) -> None:
    """Switch the sandbox's limits: those named as in its modes, with underscores; all others off. `scale` too."""
    given = {name.replace("_", "-"): value for name, value in limits.items()}
    for name in _LIMITS:
        far_side.set_mode(f"S50.{name}", int(given.pop(name, 0)))
    far_side.set_mode("S50.scale", f"{given.pop('scale', 1):.9f}")
    assert not given, f"no such limit: {given}"


@contextmanager
def open_account(env: dict[str, str], folder: Folder, limits: Limits, stop: Stop) -> Iterator[WritingAccount]:
    """What `tasklists run` opens, with limits that no environment variable can name."""
    settings, organisation = from_environment(env), folder.organisation().model
    with ExitStack() as stack:
        path = folder.path.parent / ".tasklists" / "ledger.db"
        opened = open_ledger(
            path, owner=organisation.owner, account=settings.base_url, since=since(organisation), now=Instant.now()
        )
        ledger = stack.enter_context(opened)
        width = Width(writes_per_second(limits))
        pace = NarrowingPace(LedgerPace(ledger, limits, sleep=stop.sleep), width)
        client = stack.enter_context(NexudusClient(settings, pace=pace, sleep=stop.sleep))
        yield WritingAccount(ExitStack(), ledger, client, width)


def job_for(folder: Folder, member: int) -> Job:
    """The benchmark's list for one member, now."""
    ready = ready_list(folder, LIST)
    return Job(ready.prepared, Request(member, Instant.now(), anyway=True), version_of(ready.prepared, ready.data))


def runner_of(account: WritingAccount, folder: Folder, stop: Stop, patience: Patience | None = None) -> Runner:
    """A runner with the mark in Notes on and a short quiet period."""
    conduct = Conduct(stop, account.width, quiet_seconds=1.0)
    policy = Policy(since(folder.organisation().model), True, 1.0)
    return Runner(account, policy, conduct, holder=new_holder(), patience=patience or Patience(wait=False))


def run_all(runner: Runner, folder: Folder, members: Sequence[int], at_once: int) -> list[Ran]:
    """Run the list for each member, `at_once` members at a time; the first failure ends it."""
    ready = ready_list(folder, LIST)
    version = version_of(ready.prepared, ready.data)
    left, done, faults, lock = list(reversed(members)), [], [], threading.Lock()

    def work() -> None:
        while not faults:
            with lock:
                if not left:
                    return
                member = left.pop()
            try:
                ran = runner.run(Job(ready.prepared, Request(member, Instant.now(), anyway=True), version))
                assert ran is not None
                done.append(ran)
            except BaseException as error:  # noqa: BLE001 - told by the caller's thread
                faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return done


def counted(done: Sequence[Ran]) -> dict[str, int]:
    """How many tasks of all these runs had which outcome."""
    found: dict[str, int] = {}
    for ran in done:
        for outcome, count in ran.applied.counts().items():
            found[outcome] = found.get(outcome, 0) + count
    return found


def arrivals(far_side: SandboxProcess, *, writes_only: bool = False) -> list[float]:
    """When calls came to the sandbox, sorted, in seconds since 1970; the login and who-am-I are not counted."""
    asked = [call for call in far_side.requests() if call["path"] not in {"/api/token", "/en/user/me"}]
    moments = [Instant.parse_iso(c["at"]) for c in asked if c["method"] != "GET" or not writes_only]
    return sorted(moment.timestamp(unit="nanosecond") / 1e9 for moment in moments)


def most_in(moments: Sequence[float], seconds: float) -> int:
    """The most of these sorted moments that any stretch of so many seconds holds."""
    return max(bisect_right(moments, at + seconds - 1e-6) - place for place, at in enumerate(moments))


@dataclass
class TimedWriter:
    """A writer that measures each call from its first byte to the end of its answer, in seconds."""

    client: NexudusClient
    taken: list[float] = field(default_factory=list)

    def create_task(self, body: bytes, gate: Gate | None = None) -> Settled:
        timed = _TimedGate(gate)
        answer = self.client.create_task(body, timed)
        self.taken.append(time.perf_counter() - timed.entered_at)
        return answer


class _TimedGate:
    def __init__(self, gate: Gate | None) -> None:
        self._gate = gate
        self.entered_at = 0.0
        self.clock: Callable[[], float] = time.perf_counter

    def enter(self) -> None:
        if self._gate is not None:
            self._gate.enter()
        self.entered_at = self.clock()

    def leave(self) -> None:
        if self._gate is not None:
            self._gate.leave()
