"""One Nexudus account with its ledger, as the environment and organisation.yaml name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from whenever import Instant

from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.flows.look import Policy

if TYPE_CHECKING:
    from engine.flows.lanes import Width
    from engine.flows.stopping import Stop
    from engine.ledger.ledger import Ledger
    from engine.ledger.limits import Limits
    from engine.ledger.view import LedgerView
    from engine.nexudus.client import NexudusClient, NexudusReader


def ledger_place(environ: Mapping[str, str], folder: Path) -> Path | str:
    """Return where the ledger is: TASKLISTS_LEDGER, else `.tasklists/ledger.db` beside the folder in use.

    A file, or the address of a PostgreSQL database as text: that is a secret, `ledger_shown` is for people.

    Raises:
        UserError: an address that cannot be read, or both TASKLISTS_LEDGER and TASKLISTS_LEDGER_FILE.
    """
    from engine.ledger.postgres_place import is_address, shown_place
    from engine.nexudus.settings import secret_of

    named = secret_of(environ, "TASKLISTS_LEDGER").strip()
    if named.startswith("sqlite:///"):
        named = named.removeprefix("sqlite:///")
    if is_address(named):
        shown_place(named)
        return named
    return Path(named).expanduser().resolve() if named else folder.parent / ".tasklists" / "ledger.db"


def ledger_shown(environ: Mapping[str, str], folder: Path) -> str:
    """Return where the ledger is as people are told: a path, or an address without its login."""
    from engine.ledger.postgres_place import shown_place

    return shown_place(ledger_place(environ, folder))


def ledger_exists(environ: Mapping[str, str], folder: Path) -> bool:
    """Whether there is a ledger; none is made. Raises Unreachable when its server cannot be asked."""
    place = ledger_place(environ, folder)
    if isinstance(place, Path):
        return place.exists()
    from engine.ledger.opening import holds_ledger

    return holds_ledger(place)


def policy(environ: Mapping[str, str], organisation: Organisation) -> Policy:
    """Return how tasks are looked for: TASKLISTS_NOTES_REF, TASKLISTS_QUIET_SECONDS, and `since`."""
    mark = environ.get("TASKLISTS_NOTES_REF", "on").strip().lower() or "on"
    if mark not in {"on", "off"}:
        raise UserError(f"TASKLISTS_NOTES_REF is {mark!r}.", advice="Set it to on or off.")
    quiet = _seconds(environ, "TASKLISTS_QUIET_SECONDS", 120.0)
    return Policy(since(organisation), mark == "on", quiet)


def lease_seconds(environ: Mapping[str, str]) -> float:
    """Return how long a process that died keeps others from its coworker: TASKLISTS_LEASE_SECONDS."""
    from engine.flows.tenure import LEASE_SECONDS
    from engine.ledger.leases import LONGEST

    seconds = _seconds(environ, "TASKLISTS_LEASE_SECONDS", LEASE_SECONDS)
    if not 0 < seconds <= LONGEST // 1000:
        advice = f"Set it to more than 0, at most {LONGEST // 1000}."
        raise UserError(f"TASKLISTS_LEASE_SECONDS is {seconds:g}.", advice=advice)
    return seconds


def since(organisation: Organisation) -> Instant:
    """Return the first moment of use: `since` of organisation.yaml, from 00:00 UTC."""
    day = organisation.since
    return Instant.from_utc(day.year, day.month, day.day)


def limits(environ: Mapping[str, str]) -> Limits:
    """Return the account's limits: the published ones, or TASKLISTS_WRITES_PER_MINUTE and its like; 0 is none."""
    from engine.ledger.limits import Limits

    published = Limits()

    def given(name: str) -> int:
        return _whole(environ, f"TASKLISTS_{name.upper()}", getattr(published, name))

    return Limits(
        writes_per_minute=given("writes_per_minute"),
        calls_per_minute=given("calls_per_minute"),
        calls_per_hour=given("calls_per_hour"),
        calls_per_100_ms=given("calls_per_100_ms"),
        writes_per_day=given("writes_per_day"),
    )


def writes_per_second(told: Limits) -> float | None:
    """Return the rate that the tightest limit leaves for writes; None without one. A day's limit is met by parking."""
    return min((1000 * window.limit / window.guarded for window in told.windows() if not window.parks), default=None)


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip()
    if text and not (text.isdigit() and len(text) < 10):
        raise UserError(f"{name} is {text!r}.", advice="Set it to a whole number, 0 or more.")
    return int(text) if text else default


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "").strip()
    whole, _, part = text.partition(".")
    digits = whole + part
    if text and not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise UserError(f"{name} is {text!r}.", advice="Set it to a number of seconds, 0 or more, such as 120.")
    return float(text) if text else default


@dataclass(frozen=True)
class Place:
    """What opening an account needs: the environment, the folder of the lists, and the organisation."""

    environ: Mapping[str, str]
    folder: Path
    organisation: Organisation


class Account:
    """An open ledger and a client on one pace. `memory` is None when a preview finds no ledger."""

    def __init__(self, stack: ExitStack, memory: LedgerView | None, client: NexudusClient) -> None:
        self._stack = stack
        self.memory = memory
        self._client = client

    @property
    def reader(self) -> NexudusReader:
        """The client, as one that can only read."""
        return self._client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


class WritingAccount(Account):
    """An account whose ledger was made or migrated, and whose client may write `width` tasks at once."""

    def __init__(self, stack: ExitStack, ledger: Ledger, client: NexudusClient, width: Width) -> None:
        super().__init__(stack, ledger, client)
        self.ledger = ledger
        self.client = client
        self.width = width


def open_ledger_view(place: Place) -> LedgerView | None:
    """Return the ledger for looking only, or None when there is none; nothing is made or migrated."""
    from engine.ledger.opening import open_ledger_to_look
    from engine.nexudus.settings import DEFAULT_BASE_URL

    account = place.environ.get("NEXUDUS_BASE_URL", "").strip() or DEFAULT_BASE_URL
    return open_ledger_to_look(
        ledger_place(place.environ, place.folder),
        owner=place.organisation.owner,
        account=_account_name(account),
        since=since(place.organisation),
        now=Instant.now(),
    )


def open_to_preview(place: Place) -> Account:
    """Open an account for looking: no ledger is made or migrated, and nothing can be written to Nexudus."""
    from engine.core.findings import Findings
    from engine.ledger.pace import LedgerPace, MemoryPace
    from engine.nexudus.client import NexudusClient
    from engine.nexudus.settings import from_environment

    settings = from_environment(place.environ)
    memory = open_ledger_view(place)
    with ExitStack() as stack:
        if memory is not None:
            stack.enter_context(memory)
        told = limits(place.environ)
        pace = LedgerPace(memory, told) if memory is not None else MemoryPace(told)
        client = stack.enter_context(NexudusClient(settings, pace=pace))
        if memory is not None:
            client.use_pages_of(Findings.from_stored(memory.findings()).page_size)
        return Account(stack.pop_all(), memory, client)


def open_reader(environ: Mapping[str, str]) -> NexudusReader:
    """Open an account for reading alone, without a ledger and before there is an organisation.yaml."""
    from engine.ledger.pace import MemoryPace
    from engine.nexudus.client import NexudusReader
    from engine.nexudus.settings import from_environment

    return NexudusReader(from_environment(environ), pace=MemoryPace(limits(environ)))


_TELL_SECONDS = 3.0
"""A wait for the limits that is longer is told."""


def open_to_run(place: Place, stop: Stop, waiting: Callable[[str, float], None] | None = None) -> WritingAccount:
    """Open an account for a run: the ledger is made or migrated when it has to be.

    Its waits end with `stop`, and `waiting` is told of long ones.
    """
    from engine.core.findings import Findings
    from engine.flows.lanes import NarrowingPace, Width
    from engine.ledger.opening import open_ledger
    from engine.ledger.pace import LedgerPace
    from engine.nexudus.client import NexudusClient
    from engine.nexudus.settings import from_environment

    def sleep(seconds: float) -> None:
        if waiting is not None and seconds > _TELL_SECONDS:
            waiting("the limits of the account", seconds)
        stop.sleep(seconds)

    settings = from_environment(place.environ)
    with ExitStack() as stack:
        ledger = stack.enter_context(
            open_ledger(
                ledger_place(place.environ, place.folder),
                owner=place.organisation.owner,
                account=_account_name(settings.base_url),
                since=since(place.organisation),
                now=Instant.now(),
            )
        )
        told = limits(place.environ)
        width = Width(writes_per_second(told))
        pace = NarrowingPace(LedgerPace(ledger, told, sleep=sleep), width)
        client = stack.enter_context(NexudusClient(settings, pace=pace, sleep=sleep))
        client.use_pages_of(Findings.from_stored(ledger.findings()).page_size)
        return WritingAccount(stack.pop_all(), ledger, client, width)


def _account_name(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix("/api")
