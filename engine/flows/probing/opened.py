"""What probes may have left behind, as the ledger keeps it: a random label, whose tasks, and the ids known.

Written before each creation, so that the next probe finds what a killed one left. Holds no member's text.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from whenever import Instant

from engine.core.wire_dates import parse_moment, wire_moment

MOST_TASKS: Final = 10
"""Creations of one probe, refused ones included."""

OPEN: Final = "probe.open"
"""The finding that lists what probes may have left behind."""

PROBE_NAME: Final = "tasklists probe"
_LABEL_BYTES: Final = 4
_FEWEST_LABEL_SIGNS: Final = 5
"""Of a label that the service cut off: 20 bits, and the place in the text, still name one probe."""



class Memory(Protocol):
    """The part of the ledger that a probe writes to."""

    def findings(self) -> Mapping[str, object]: ...

    def record_finding(self, question: str, value: object, now: Instant) -> None: ...


@dataclass(frozen=True)
class Opened:
    """One probe that may have left tasks: their label, whose they are, the ids known, and when one was last sent."""

    label: str
    coworker_id: int
    at: Instant
    ids: tuple[int, ...] = ()
    unsure: bool = True
    """Whether a creation was begun whose end is not known."""

    def to_json(self) -> dict[str, object]:
        return {
            "label": self.label,
            "coworker_id": self.coworker_id,
            "at": wire_moment(self.at),
            "ids": list(self.ids),
            "unsure": self.unsure,
        }


def opened_from(value: object) -> Opened | None:
    """Return a stored entry, None where it cannot be read."""
    if not isinstance(value, Mapping):
        return None
    label, coworker_id, at = value.get("label"), value.get("coworker_id"), parse_moment(value.get("at"))
    if not isinstance(label, str) or len(label) < 2 * _LABEL_BYTES or not isinstance(coworker_id, int) or at is None:
        return None
    ids = value.get("ids")
    numbers = tuple(one for one in ids if isinstance(one, int)) if isinstance(ids, list) else ()
    return Opened(label, coworker_id, at, numbers, unsure=value.get("unsure") is not False)


def new_label() -> str:
    """Return a label that no other probe has."""
    return secrets.token_hex(_LABEL_BYTES)


def name_of(label: str, number: int) -> str:
    """Return the name of a probe's task: it says what it is to whoever sees it."""
    return f"{PROBE_NAME} {label}, will be removed ({number} of {MOST_TASKS})"


def bears(name: object, label: str) -> bool:
    """Whether a name is one of this probe's, also where the service cut it off inside the label."""
    start = f"{PROBE_NAME} {label}"
    if not isinstance(name, str):
        return False
    shortest = len(PROBE_NAME) + 1 + _FEWEST_LABEL_SIGNS
    return name.startswith(start) or (len(name) >= shortest and start.startswith(name))


class OpenBook:
    """The list of what probes may have left, in the ledger; written before each creation."""

    def __init__(self, memory: Memory, clock: Callable[[], Instant]) -> None:
        self._memory = memory
        self._clock = clock

    def entries(self) -> tuple[Opened, ...]:
        stored = self._memory.findings().get(OPEN)
        value = getattr(stored, "value", stored)
        found = [opened_from(one) for one in value] if isinstance(value, list) else []
        return tuple(one for one in found if one is not None)

    def write(self, entry: Opened) -> None:
        """Add an entry, or replace the one with its label."""
        self._store([*(one for one in self.entries() if one.label != entry.label), entry])

    def close(self, label: str) -> None:
        """Nothing with this label can be left."""
        self._store([one for one in self.entries() if one.label != label])

    def _store(self, entries: list[Opened]) -> None:
        self._memory.record_finding(OPEN, [one.to_json() for one in entries], self._clock())
