"""What is an alert: a look at the service becomes causes, each with a sentence. Values in, values out.

No cause may hold a member's text, an address or a secret: ids, counts, names of lists and locations are enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from whenever import Instant, minutes

from engine.flows.hook_findings import HookFinding

KINDS: Final = ("hooks", "held", "failed", "unverified", "backlog", "plans", "lists", "sweep")
"""What can be alerted: the parts of a Situation by their names."""

_LOSES_DELIVERIES: Final = frozenset({"missing", "off", "wrong", "failing"})


@dataclass(frozen=True)
class Cause:
    """One reason for an alert. `cause` is its identity: the same one is told once until it ends."""

    cause: str
    kind: str
    text: str


@dataclass(frozen=True)
class Situation:
    """What was seen. A part that is None could not be looked at now: its alerts stay as they are."""

    hooks: Collection[HookFinding] | None = None
    """What is the matter with webhooks at Nexudus."""
    hooks_unwatched: str = ""
    """Why they cannot be watched at all, such as a missing role; with it `hooks` is empty,
    or None where those of before are to stay."""
    held: int | None = None
    """Tasks of which it has not been known for longer than the backlog may be whether they were made."""
    failed: Mapping[str, int] | None = None
    """Task list -> jobs that failed or were set aside; "" counts deliveries set aside before any list was asked."""
    unverified: Mapping[str, int] | None = None
    """Location -> deliveries kept aside because their signature is not known."""
    backlog: Mapping[str, Instant] | None = None
    """`delivery` and `job` -> since when the oldest of them waits (UTC), where one does."""
    plans: Mapping[str, Collection[str]] | None = None
    """Task list -> plans that it names and Nexudus does not have."""
    lists: Collection[str] | None = None
    """Task lists that cannot be used, because their file is wrong."""
    sweep: Instant | Literal[""] | None = None
    """Since when (UTC) no sweep was finished though one should have been; empty while they are."""
    sweep_refused: bool = False
    """With `sweep`: Nexudus refused the last one, its login or a right."""

    def kinds(self) -> frozenset[str]:
        """The kinds that were looked at."""
        return frozenset(kind for kind in KINDS if getattr(self, kind) is not None)


def evaluate(seen: Situation, now: Instant, *, backlog_minutes: int) -> tuple[Cause, ...]:
    """Return all causes for an alert, in the order of KINDS."""
    return (
        *_of_hooks(seen),
        *_of_work(seen),
        *_of_backlog(seen.backlog or {}, now, backlog_minutes),
        *_of_files(seen),
        *_of_sweep(seen),
    )


def _of_hooks(seen: Situation) -> Iterator[Cause]:
    if seen.hooks_unwatched:
        yield Cause("hooks unwatched", "hooks", f"Nobody watches the webhooks at Nexudus: {seen.hooks_unwatched}")
    for found in seen.hooks or ():
        if found.kind in _LOSES_DELIVERIES:
            number = f" ({found.hook.id})" if found.hook else ""
            text = f"The webhook {found.location} {found.event}{number}: {found.what}. To do: {found.advice}."
            yield Cause(f"hook {found.kind}: {found.location} {found.event}", "hooks", text)


def _of_work(seen: Situation) -> Iterator[Cause]:
    if seen.held:
        text = f"{_count(seen.held, 'task')} in doubt: made or not is not known. `tasklists audit` names them."
        yield Cause("held", "held", text)
    for tasklist, number in sorted((seen.failed or {}).items()):
        if number and tasklist:
            what = _count(number, f"member waits for {tasklist}", f"members wait for {tasklist}")
            text = f"{what}, whose tasks could not be made: `tasklists inbox list --state aside` tells why."
            yield Cause(f"failed: {tasklist}", "failed", text)
        elif number:
            what = _count(number, "delivery was", "deliveries were")
            text = f"{what} set aside: `tasklists inbox list --state aside` tells why."
            yield Cause("failed deliveries", "failed", text)
    for location, number in sorted((seen.unverified or {}).items()):
        what = _count(number, "delivery bears", "deliveries bear")
        text = (
            f"{what} no valid signature at {location}: either the secret in Nexudus and TASKLISTS_HOOK_SECRETS differ, "
            "or somebody else sends them. `tasklists inbox list --state unverified` shows them; the sweep finds what "
            "they told of signups, first days and cancellations."
        )
        if number:
            yield Cause(f"unverified: {location}", "unverified", text)


def _of_backlog(backlog: Mapping[str, Instant], now: Instant, most_minutes: int) -> Iterator[Cause]:
    late = {what: since for what, since in backlog.items() if now - since > minutes(most_minutes)}
    if late:
        what, since = min(late.items(), key=lambda pair: pair[1])
        text = f"The oldest {what} has waited since {since.round('minute')}: the service is down, stuck or too slow."
        yield Cause("backlog", "backlog", text)


def _of_files(seen: Situation) -> Iterator[Cause]:
    for tasklist, plans in sorted((seen.plans or {}).items()):
        for plan in sorted(plans):
            text = f"{tasklist} is for the plan {plan!r}, which Nexudus does not have: it never starts for it."
            yield Cause(f"plan: {tasklist}: {plan}", "plans", text)
    for tasklist in sorted(seen.lists or ()):
        text = f"The list {tasklist} cannot be used: `tasklists check` tells what is wrong. Its members wait."
        yield Cause(f"list: {tasklist}", "lists", text)


def _of_sweep(seen: Situation) -> Iterator[Cause]:
    if seen.sweep:
        why = "Nexudus refuses its login or a right" if seen.sweep_refused else "it fails, or is cut short each time"
        text = (
            f"No sweep was finished since {seen.sweep.round('minute')}: {why}. Whoever a lost delivery told of is not "
            "found meanwhile. The log names the reason; the login needs the rights Coworker-List and "
            "CoworkerContract-List."
        )
        yield Cause("sweep", "sweep", text)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
