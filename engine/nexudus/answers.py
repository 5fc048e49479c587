"""The classes that every answer falls into, exactly one each (design 5.3). Values only.

Nothing here may decide: the rules that choose a class are in `wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.nexudus.refusal import FieldError

Record = Mapping[str, object]

Kind = Literal["create", "update", "delete"]

@dataclass(frozen=True)
class Done:
    """It happened. `record` is what came back, at least its Id; empty after a removal."""

    task_id: int
    record: Record = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class RetrySafe:
    """It did not happen: send it again. `seconds` is None where the answer names no wait."""

    reason: str
    seconds: float | None = None
    throttled: bool = False
    renew_login: bool = False


@dataclass(frozen=True)
class Defer:
    """It did not happen, and the next try is `seconds` away."""

    reason: str
    seconds: float


@dataclass(frozen=True)
class Fatal:
    """Refused for good. `role` is set when a right is missing; `errors` says it field by field."""

    reason: str
    errors: tuple[FieldError, ...] = ()
    role: str = ""

    def __str__(self) -> str:
        return "; ".join(str(error) for error in self.errors) or self.reason


@dataclass(frozen=True)
class Ambiguous:
    """It may or may not have happened: only a look tells, and not before the quiet period."""

    reason: str


Answer = Done | RetrySafe | Defer | Fatal | Ambiguous
Settled = Done | Defer | Fatal | Ambiguous


@dataclass(frozen=True)
class Found:
    """Data: an object or an array, nothing more is known of it yet."""

    value: dict[str, object] | list[object] = field(repr=False)


@dataclass(frozen=True)
class Absent:
    """Nexudus says that there is no such record."""


@dataclass(frozen=True)
class Broken:
    """No data. `is_api` is false where something else than the REST API answered."""

    reason: str
    status: int = 0
    is_api: bool = True


ReadAnswer = Found | Absent | RetrySafe | Fatal | Broken


@dataclass(frozen=True)
class Asked:
    """What an answer to a read is judged against."""

    role: str
    login_renewed: bool = False


@dataclass(frozen=True)
class Sent:
    """What an answer is judged against: the kind of write, its role, and the fields that went out."""

    kind: Kind
    role: str
    record: Record = field(default_factory=dict, repr=False)
    login_renewed: bool = False
    """True once a 401 cannot be the token's fault any more."""
