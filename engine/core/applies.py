"""Whether a list is meant for a coworker, and whether an event starts it now (design 4, "applies"; 5.1, chains).

Pure. A reason that may be kept (`reason`) must never hold a value of a member's facts, only ids, the words of the
list, plans and paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from whenever import Date, Instant

from engine.core.due import Due
from engine.core.errors import UserError
from engine.core.facts import Facts, contract_of
from engine.core.leaving import over
from engine.core.membership import CHAIN_GAP_DAYS, Contract
from engine.core.prepared import Prepared
from engine.core.resolve import AnchorMissing, ResolvedDue, resolve_due
from engine.core.typed_facts import Read, read_facts
from engine.core.wire_dates import local_text

ENDS: Final = frozenset({"contract.cancelled", "coworker.deleted", "coworker.updated"})
"""The events that may start a list for a coworker who is archived: all else is for members who are there."""

NO_CONTRACT: Final = "no contract yet"
"""Why a list that needs a contract is not started without one: the contract's own event starts it."""

_ACTIVATED: Final = frozenset({"contract.activated", "contract.first_activated"})
_BEGINS: Final = _ACTIVATED | {"contract.created"}
_ENTERS: Final = frozenset({"coworker.created", "welcome_email.sent"})
"""The events that welcome somebody: nobody is, whose contract is over by then. The latter take contracts' in."""


class DoesNotApply(UserError):
    """The list's `applies` leaves this coworker out."""

    def __init__(self, message: str, *, advice: str = "", reason: str = "") -> None:
        super().__init__(message, advice=advice)
        self.reason = reason or message


class NotStarted(UserError):
    """An event does not start the list. `may_lag`: the record may only not show yet what the event says."""

    def __init__(self, reason: str, *, may_lag: bool = False) -> None:
        super().__init__(f"{reason}.")
        self.reason = reason
        self.may_lag = may_lag


class Waits(UserError):
    """The list waits for a moment that lies ahead, `until` (UTC)."""

    def __init__(self, reason: str, until: Instant) -> None:
        super().__init__(f"{reason}.")
        self.reason = reason
        self.until = until


@dataclass(frozen=True)
class Started:
    """What the service asks of an event: its name, the id of its record, and the present moment (UTC)."""

    event: str
    record_id: int | None
    now: Instant


def check_applies(prepared: Prepared, facts: Facts, read: Read) -> None:
    """Do nothing when the list is meant for the coworker.

    Raises:
        DoesNotApply: it is not; the reason is said.
    """
    applies = prepared.tasklist.applies
    reason = kept = _elsewhere(prepared, facts)
    if not reason and prepared.applies_when is not None and not prepared.applies_when.evaluate(read.values):
        told = prepared.applies_when.explain(read.values)
        reason = f"its condition is false: {applies.when} ({facts_said(told)})"
        kept = f"its condition is false: {applies.when}"
    if reason:
        raise _left_out(prepared, reason, kept)


def check_start(prepared: Prepared, facts: Facts, started: Started) -> None:
    """Do nothing when an event starts the list for the coworker now, as far as that can be told before expanding it.

    Raises:
        NotStarted: the record does not bear the event out, the contract to begin is over, the coworker is archived,
            or the membership goes on.
        DoesNotApply: the list is for other locations or plans.
        Waits: the moment of `wait_until` lies ahead.
        CalendarCoverage: that moment lies outside the days that the calendar knows.
    """
    if _is_welcome(prepared, facts, started) and (reason := _over(facts, started.now)):
        raise NotStarted(reason)
    created = f"{started.event.partition('.')[0]}.created"  # a record that is there was created: that is start enough
    if created not in prepared.tasklist.applies.on and (reason := next(_speaks_against(facts, started), "")):
        raise NotStarted(reason, may_lag=True)
    if facts.coworker.get("Archived") is True and started.event not in ENDS:
        raise NotStarted("the coworker is archived")
    if prepared.tasklist.applies.tariffs and facts.contract_id is None:
        raise NotStarted(NO_CONTRACT)
    if reason := _elsewhere(prepared, facts):
        raise _left_out(prepared, reason, reason)
    per_person = prepared.once_per in {"coworker", "membership"}
    if started.event == "contract.cancelled" and per_person and (goes_on := goes_on_with(facts)):
        raise NotStarted(f"the membership goes on with contract {goes_on}")
    if prepared.wait_until is not None:
        _check_wait(prepared, facts, started.now)


def goes_on_with(facts: Facts) -> int | None:
    """Return another contract that the coworker's membership goes on with after the end of the run's, or None.

    As design 5.1 has chains: one that lasts longer and overlaps, or begins at most 31 days later. A contract that
    was cancelled before it began ends nothing either while another one lasts.
    """
    contracts = [contract_of(row, facts.zone_of(row)) for row in facts.contracts]
    own = next((one for one in contracts if one.id == facts.contract_id), None)
    if own is None or own.cancellation is None:
        return None
    end = own.cancellation
    found = (one.id for one in contracts if one.id != own.id and one.counts and _outlasts(one, end))
    return min(found, default=None)


def _outlasts(contract: Contract, end: Date) -> bool:
    assert contract.start is not None  # `counts` says so
    begins_in_time = contract.start <= end.add(days=CHAIN_GAP_DAYS)
    return begins_in_time and (contract.cancellation is None or contract.cancellation > end)


def _speaks_against(facts: Facts, started: Started) -> Iterator[str]:
    """Yield what the records say against the event: a delivery tells ids only, and may be another path's."""
    contract, event = facts.contract, started.event
    if event == "contract.cancelled" and not (contract and (contract.get("Cancelled") or _day(facts, "cancellation"))):
        yield f"contract {started.record_id} is not cancelled"
    if event in _ACTIVATED and contract is not None and contract.get("Active") is not True:
        start = _day(facts, "start")
        today = started.now.to_tz(facts.zone).date()
        if start is None or start > today.add(days=1):  # a day for clocks and zones that differ
            yield f"contract {started.record_id} is not active yet"
    if event == "contract.deleted" and any(row["Id"] == started.record_id for row in facts.contracts):
        yield f"contract {started.record_id} is still there"
    if event == "coworker.deleted" and facts.coworker.get("Archived") is not True:
        yield "the coworker is still there"


def _is_welcome(prepared: Prepared, facts: Facts, started: Started) -> bool:
    """Whether the event would begin something with the run's contract."""
    if started.event in _BEGINS:
        return facts.contract_id == started.record_id
    return started.event in _ENTERS and prepared.needs_contract()


def _over(facts: Facts, now: Instant) -> str:
    """Return that the run's contract is over; '' when it is not."""
    row = facts.contract
    return "" if row is None else over(row, facts, now)


def _day(facts: Facts, name: str) -> Date | None:
    contract = facts.contract
    if contract is None:
        return None
    found: Date | None = getattr(contract_of(contract, facts.zone_of(contract)), name)
    return found


def _check_wait(prepared: Prepared, facts: Facts, now: Instant) -> None:
    until = _waits_until(prepared, facts)
    if until.at > now:
        rule = prepared.tasklist.applies.wait_until
        raise Waits(f"it waits until {local_text(until.local)} ({rule})", until.at)


def _waits_until(prepared: Prepared, facts: Facts) -> ResolvedDue:
    assert prepared.wait_until is not None  # the caller looked
    change = prepared.tasklist.clock_change
    anchors = prepared.wait_until.anchors() or {prepared.tasklist.anchor or ""}
    read = read_facts(
        facts, prepared.organisation, named=(), days=prepared.days, anchors=anchors, clock_change=change
    )
    try:
        return resolve_due(
            Due(prepared.wait_until),
            anchors=read.anchors,
            default_anchor=prepared.tasklist.anchor,
            zone=facts.zone,
            calendar=facts.calendar,
            clock_change=change,
            missing=read.missing,
        )
    except AnchorMissing as missing:
        roots = {name.split(".")[0] for name in prepared.days.behind([missing.name])}
        none_yet = facts.contract_id is None and not roots.isdisjoint({"contract", "membership"})
        what = NO_CONTRACT if none_yet else f"it waits for {missing.name}, which has no value"
        raise NotStarted(what) from None


def _elsewhere(prepared: Prepared, facts: Facts) -> str:
    """Return why the list is for other locations or plans, '' when it is not."""
    applies = prepared.tasklist.applies
    if applies.locations and facts.location not in applies.locations:
        return f"it is for {', '.join(applies.locations)}, and this run is at {facts.location}"
    if applies.tariffs and not _on_tariff(prepared, facts):
        plans = ", ".join(t.name or f"tariff {t.tariff}" for t in applies.tariffs)
        plan = (facts.contract or {}).get("TariffName")
        return f"it is for the plans {plans}, and this coworker {f'has {plan}' if plan else 'has no plan'}"
    return ""


def _left_out(prepared: Prepared, reason: str, kept: str) -> DoesNotApply:
    what = f"{prepared.tasklist.tasklist} does not apply here"
    advice = "Use --anyway to run it all the same."
    return DoesNotApply(f"{what}: {reason}.", advice=advice, reason=f"{what}: {kept}")


def _on_tariff(prepared: Prepared, facts: Facts) -> bool:
    contract = facts.contract
    if contract is None:
        return False
    plan = str(contract.get("TariffName") or "").strip().casefold()
    return any(
        tariff.tariff == contract.get("TariffId")
        if tariff.tariff is not None
        else (tariff.name or "").strip().casefold() == plan
        for tariff in prepared.tasklist.applies.tariffs
    )


def facts_said(told: Sequence[tuple[str, str]]) -> str:
    """Return the facts that a condition used, with their values, as a sentence says them."""
    return ", ".join(f"{path} is {value}" for path, value in told) or "it names no fact"
