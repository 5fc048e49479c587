"""What a proof run tries, and what came of it. One seed and one number give the same case for ever."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from boundaries import BOUNDARIES

KILLED_FROM_OUTSIDE = {"server-committed": 9, "half-answer": 10}
"""The far side says when; the kill is a real SIGKILL."""

AMBIGUOUS = (
    *("reset-after-commit", "error-after-commit", "html-200-after-commit", "cut-body-after-commit"),
    *("value-null-after-commit", "reset-before-commit", "gateway-timeout-before-commit"),
)
_NEEDS_DOUBT = {"in-the-quiet-wait", "adoption-written"}
_ONCE_A_RUN = {
    *("plan-made", "plan-shown", "lease-taken", "list-page-read", "list-end", "lease-given-back"),
    *("in-the-quiet-wait", "adoption-written"),
}
_MIGRATION_STATEMENTS = 26


@dataclass(frozen=True)
class Case:
    """One kill and all that is around it. `moment` is where in the window a random kill lands, 0 to 1."""

    number: int
    kind: str
    nth: int
    moment: float
    items: int
    pairs: int = 1
    """How many runs at once: of two members with one list, or, if `same_member`, of one member with two lists."""
    same_member: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    cold: bool = False
    again: str = ""
    """A boundary for the first run after the kill, so that recovery is killed too."""

    loud: bool = False
    """Every logger at DEBUG, to see that no secret is told."""

    @property
    def env(self) -> dict[str, str]:
        """What the environment of each of its runs holds beside the usual."""
        return {"LOUD": "1"} if self.loud else {}

    @property
    def crash_at(self) -> str:
        """For CRASH_AT; empty if the kill comes from outside."""
        return f"{self.kind}:{self.nth}" if self.kind in BOUNDARIES else ""


KINDS = (*BOUNDARIES, *KILLED_FROM_OUTSIDE)


def case(seed: int, number: int, *, boundaries_share: float = 0.64) -> Case:
    """The case of this number: the boundaries in turn, with as many random moments between them as the share leaves."""
    chance = random.Random(f"{seed} {number}")
    before = int(number * boundaries_share)
    at_boundary = int((number + 1) * boundaries_share) > before
    kind = KINDS[before % len(KINDS)] if at_boundary else "random"
    items = chance.randint(3, 12)
    needs_doubt = kind in _NEEDS_DOUBT
    doubt = needs_doubt or (kind != "plan-shown" and chance.random() < 0.25)
    faults = {chance.choice(AMBIGUOUS): f"{chance.randint(1, 2)}x:coworkertasks"} if doubt else {}
    if kind == "adoption-written":
        faults = {chance.choice([name for name in AMBIGUOUS if "after" in name]): "1x:coworkertasks"}
    return Case(
        number=number,
        kind=kind,
        nth=_nth(kind, items, chance),
        moment=chance.random(),
        items=items,
        pairs=2 if chance.random() < 0.2 and not needs_doubt else 1,  # or the fault may strike the other run
        same_member=chance.random() < 0.5,
        faults=faults,
        cold=number % 20 == 19,
        again=_again(items, chance) if chance.random() < 0.2 else "",
        loud=number % 6 == 5 and kind != "plan-shown",  # a terminal that nobody reads takes only so much
    )


def _nth(kind: str, items: int, chance: random.Random) -> int:
    if kind in _ONCE_A_RUN:
        return 1
    if kind == "in-a-migration":
        return chance.randint(1, _MIGRATION_STATEMENTS)
    if kind in {"intent-written", "intent-committed"}:
        return 1  # all intents of a round are one transaction
    if kind in KILLED_FROM_OUTSIDE:
        return chance.randint(1, min(items, 4))
    return chance.randint(1, items - 1)


def _again(items: int, chance: random.Random) -> str:
    kind = chance.choice(["lease-taken", "list-end", "intent-committed", "all-sent", "result-written", "plan-made"])
    return f"{kind}:1" if kind in _ONCE_A_RUN or items == 3 else f"{kind}:{chance.randint(1, 2)}"


@dataclass
class Outcome:
    """What came of a case. `landed` counts kills between the first write to the ledger and the end."""

    number: int
    kind: str
    kills: int = 0
    landed: int = 0
    restarts: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    """Whatever else must not be: a run that does not end, a secret on an output, a bug's exit code."""
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not self.trouble and not any(self.counts.values())

    def save(self, folder: Path) -> None:
        """Keep it, so that an interrupted proof goes on behind it."""
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{self.number:05d}.part"
        part.write_text(json.dumps(asdict(self)), encoding="utf-8")
        part.replace(folder / f"{self.number:05d}.json")

    @classmethod
    def load(cls, folder: Path, number: int) -> Self | None:
        """An outcome that was kept, None if the case is still to be done."""
        file = folder / f"{number:05d}.json"
        told: dict[str, Any] | None = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
        return cls(**told) if told is not None else None


def summary(outcomes: Iterable[Outcome]) -> str:
    """The one line that is quoted."""
    found = list(outcomes)
    counts: Counter[str] = Counter({"lost": 0, "doubled": 0, "wrong": 0, "orphan": 0})
    for one in found:
        counts.update(one.counts)
    kills = sum(one.kills for one in found)
    inside = 100 * sum(one.landed for one in found) / max(1, kills)
    restarts = max((one.restarts for one in found), default=0)
    told = ", ".join(f"{name} {counts[name]}" for name in ("lost", "doubled", "wrong", "orphan"))
    bad = sum(not one.clean for one in found)
    # The rule of three: none in n means, with 95 % confidence, fewer than 3 in n.
    end = f"0 of {kills} means < {300 / max(1, kills):.1f} % at 95 %" if not bad else f"{bad} cases are NOT clean"
    return f"{kills} kills: {told}; {inside:.0f} % inside the window; at most {restarts} restarts; {end}"
