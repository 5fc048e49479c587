"""Whether a list is meant for a coworker: its locations, plans and condition (design 4, "applies")."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.errors import UserError
from engine.core.facts import Facts
from engine.core.prepared import Prepared
from engine.core.typed_facts import Read


class DoesNotApply(UserError):
    """The list's `applies` leaves this coworker out."""


def check_applies(prepared: Prepared, facts: Facts, read: Read) -> None:
    """Do nothing when the list is meant for the coworker.

    Raises:
        DoesNotApply: it is not; the reason is said.
    """
    applies = prepared.tasklist.applies
    name = prepared.tasklist.tasklist
    reason = ""
    if applies.locations and facts.location not in applies.locations:
        reason = f"it is for {', '.join(applies.locations)}, and this run is at {facts.location}"
    elif applies.tariffs and not _on_tariff(prepared, facts):
        plans = ", ".join(t.name or f"tariff {t.tariff}" for t in applies.tariffs)
        plan = (facts.contract or {}).get("TariffName")
        reason = f"it is for the plans {plans}, and this coworker {f'has {plan}' if plan else 'has no plan'}"
    elif prepared.applies_when is not None and not prepared.applies_when.evaluate(read.values):
        told = prepared.applies_when.explain(read.values)
        reason = f"its condition is false: {prepared.tasklist.applies.when} ({facts_said(told)})"
    if reason:
        raise DoesNotApply(
            f"{name} does not apply here: {reason}.", advice="Use --anyway to run it all the same."
        )


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
