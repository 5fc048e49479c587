"""All that one running sandbox is: its records, switches, clock and what it was asked."""

from __future__ import annotations

import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from whenever import Instant

from engine.sandbox.answers import Answer
from engine.sandbox.clock import Clock, read_moment, write_with_digits
from engine.sandbox.faults import Faults
from engine.sandbox.modes import Modes
from engine.sandbox.outbox import Outbox
from engine.sandbox.places import HookSecrets
from engine.sandbox.spoiling import Spoiler
from engine.sandbox.store import Record, Store
from engine.sandbox.throttle import Throttle

# Windows zone ids as the service gives them, and the zones they stand for.
ZONES = {
    "GMT Standard Time": "Europe/London",
    "Romance Standard Time": "Europe/Paris",
    "W. Europe Standard Time": "Europe/Berlin",
    "Eastern Standard Time": "America/New_York",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "India Standard Time": "Asia/Kolkata",
}


_REQUESTS = 100_000  # remembered; the earliest go first, so that a long proof does not eat the memory


@dataclass(frozen=True)
class Call:
    """One request as it came in; `headers` have lower-case names."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Counts:
    """How many calls, writes and throttle answers there were since the last clear.

    `commits_before` and the faults' own counter complete the picture.
    """

    calls: int = 0
    writes: int = 0
    throttled: int = 0
    commits_before: int = 0


@dataclass
class State:
    """One account. `earlier` is the answer to the last creation that was done.

    `outbox` holds the deliveries of webhooks, `secrets` what they are signed with.
    """

    store: Store
    seed: int = 1
    clock: Clock = field(default_factory=Clock)
    modes: Modes = field(default_factory=Modes)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_REQUESTS))
    counts: Counts = field(default_factory=Counts)
    earlier: Answer | None = None

    def __post_init__(self) -> None:
        self.faults = Faults(self.seed)
        self.throttle = Throttle(self.modes)
        self.outbox = Outbox(self.store, self.modes, self.clock)
        self.secrets = HookSecrets(self.store, self.seed)
        # Not for secrets: it only mixes up the order of equal rows.
        self.random = random.Random(self.seed)  # noqa: S311
        self._stamps = itertools.count()
        self._last_stamp, self._last_offset = 0, 0.0
        self._last_ids: dict[str, int] = {}

    def next_id(self, entity: str, first: int) -> int:
        """An id from `first` up that no record of an entity has, nor had since the start."""
        identifier = self._last_ids.get(entity, first - 1) + 1
        while self.store.get(entity, identifier) is not None:
            identifier += 1
        self._last_ids[entity] = identifier
        return identifier

    def throttle_call(self, seconds: float) -> Answer:
        """Refuse a call as one too many; it is counted as such."""
        self.counts.throttled += 1
        return self.throttle.refuse(seconds, now=self.clock.seconds(), source=self.faults.random)

    def spoil(self, kind: str, answer: Answer | None) -> Answer:
        """What a fault of this kind makes of an answer; None when nothing was done."""
        return Spoiler(self.modes, self.faults.random).spoil(kind, answer, self.earlier)

    def read_counts(self) -> dict[str, Any]:
        """The counts since the last clear, faults by name."""
        return {
            "calls": self.counts.calls,
            "writes": self.counts.writes,
            "throttled": self.counts.throttled,
            "commits": self.store.committed() - self.counts.commits_before,
            "faults": {name: count for name, count in sorted(self.faults.struck.items()) if count},
        }

    def clear_counts(self) -> None:
        """Count from zero."""
        self.counts = Counts(commits_before=self.store.committed())
        self.faults.struck.clear()

    def stamp(self) -> str:
        """Now, with the varying number of fractional digits that real answers have; never going back."""
        digits = 1 + next(self._stamps) * 3 % 7
        unit = 10 ** (9 - digits)
        moment = self.clock.now().timestamp(unit="nanosecond") // unit * unit
        if self.clock.offset_seconds == self._last_offset:
            # Fewer digits would put it before the stamp of an earlier write.
            moment = max(moment, -(-self._last_stamp // unit) * unit)
        self._last_stamp, self._last_offset = moment, self.clock.offset_seconds
        return write_with_digits(Instant.from_timestamp(moment, unit="nanosecond"), digits)

    def zone_of(self, business: object) -> str:
        """The IANA zone of a location; UTC when it has none."""
        record = self.store.get("businesses", business) or {}
        zone = self.store.get("simpletimezones", record.get("SimpleTimeZoneId")) or {}
        return ZONES.get(str(zone.get("Name")), "UTC")

    def shows_in_lists(self, record: Record) -> bool:
        """False while a created row is still late (S37)."""
        late = self.modes.decimal("S37")
        created = read_moment(str(record.get("CreatedOn"))) if late else None
        return created is None or self.clock.seconds() - created.timestamp(unit="nanosecond") / 1e9 >= late


def refresh_membership(store: Store, coworker: int) -> None:
    """Write into a coworker what follows from the contracts: plans, counts, the next dates.

    A member is a person with at least one active contract; nobody sets that by hand.
    """
    record = store.get("coworkers", coworker)
    if record is None:
        return
    contracts = [one for one in store.all("coworkercontracts") if one["CoworkerId"] == coworker]
    active = [one for one in contracts if one["Active"]]
    coming = [one for one in contracts if not one["Active"] and not one["Cancelled"]]
    main = next((one for one in active if one["MainContract"]), None) or next(iter(active), {})
    listed = [*active, *coming]
    plan = {key: main.get(key) for key in ("TariffId", "TariffName", "NextTariffId", "NextTariffName")}
    dates = {key: main.get(key) for key in ("StartDate", "RenewalDate", "CancellationDate", "BillingDay")}
    counts = {
        "CoworkerContractIds": ",".join(str(one["Id"]) for one in listed) or None,
        "CoworkerContractTariffNames": ",".join(str(one["TariffName"]) for one in listed) or None,
        "TotalActiveContracts": len(active),
        "TotalNewContracts": len(coming),
    }
    store.put("coworkers", record | plan | dates | counts)
