"""Which contract a run is about, the chain of contracts that makes one membership, and who stands for a team.

Pure (design 4 and 5.1). It must never choose where several could be meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from whenever import Date

from engine.core.errors import UserError

CHAIN_GAP_DAYS = 31
"""Contracts at most this far apart are one membership: a month without one is a pause, not a leaver."""


@dataclass(frozen=True)
class Contract:
    """What deciding needs of a contract. Dates are calendar dates at the contract's location."""

    id: int
    start: Date | None
    cancellation: Date | None = None
    cancelled: bool = False
    main: bool = False
    business_id: int | None = None
    tariff_id: int | None = None
    tariff_name: str = ""

    def __str__(self) -> str:
        start = f"from {self.start}" if self.start else "without a start"
        end = f" to {self.cancellation}" if self.cancellation else ""
        return f"{self.id} ({self.tariff_name or 'no plan'}, {start}{end})"

    @property
    def counts(self) -> bool:
        """A contract cancelled on or before its start never was a membership."""
        return self.start is not None and (self.cancellation is None or self.cancellation > self.start)


@dataclass(frozen=True)
class Chain:
    """One membership. `end` is None while it is open-ended."""

    id: int
    contract_ids: tuple[int, ...]
    start: Date | None
    end: Date | None
    other_ids: tuple[int, ...] = ()
    """Other ids that tasks of this membership may bear: its contracts, and ids known for them."""


def chains(contracts: Sequence[Contract]) -> tuple[Chain, ...]:
    """Return the memberships: contracts by start, then id, overlapping or at most 31 days apart."""
    found: list[Chain] = []
    ordered = sorted((c for c in contracts if c.counts), key=lambda c: (str(c.start), c.id))
    for contract in ordered:
        assert contract.start is not None  # `counts` says so
        last = found[-1] if found else None
        if last and (last.end is None or _days_between(last.end, contract.start) <= CHAIN_GAP_DAYS):
            end = (
                None
                if last.end is None or contract.cancellation is None
                else max(last.end, contract.cancellation)
            )
            found[-1] = Chain(last.id, (*last.contract_ids, contract.id), last.start, end)
        else:
            found.append(Chain(contract.id, (contract.id,), contract.start, contract.cancellation))
    return tuple(found)


def chain_of(contracts: Sequence[Contract], contract_id: int, known: Mapping[int, int]) -> Chain:
    """Return the membership that holds a contract; one that shares a contract with a known one keeps its id.

    `known` is the ledger's memory, contract id -> chain id; of two known ids that of the earlier contract
    stays. A contract that never counted is a chain alone.
    """
    own = next(c for c in contracts if c.id == contract_id)
    alone = Chain(own.id, (own.id,), own.start, own.cancellation)
    chain = next((c for c in chains(contracts) if contract_id in c.contract_ids), alone)
    remembered = [known[number] for number in chain.contract_ids if number in known]
    chosen, *others = dict.fromkeys((*remembered, *chain.contract_ids))
    return replace(chain, id=chosen, other_ids=tuple(others))


def _days_between(end: Date, start: Date) -> int:
    return int(start.since(end, total="days"))


def choose_contract(
    contracts: Sequence[Contract], *, wanted: int | None, event: int | None, anchor_is_end: bool
) -> Contract | None:
    """Return the contract that a run is about, or None when the coworker has none that could be meant.

    Raises:
        UserError: the wanted one is not among the coworker's, or several could be meant.
    """
    for number in (wanted, event):
        if number is not None:
            found = next((c for c in contracts if c.id == number), None)
            if found is None:
                raise UserError(
                    f"Contract {number} is not one of this coworker's contracts: {_listed(contracts)}.",
                    advice="Name one of them with --contract.",
                )
            return found
    running = [c for c in contracts if not c.cancelled]
    mains = [c for c in running if c.main]
    if len(running) == 1 or len(mains) == 1:
        return mains[0] if len(mains) == 1 else running[0]
    if running:
        raise UserError(
            f"{len(running)} contracts could be meant: {_listed(running)}.",
            advice="Name one of them with --contract.",
        )
    ended = sorted((c for c in contracts if c.cancelled), key=lambda c: (str(c.cancellation or ""), c.id))
    return ended[-1] if anchor_is_end and ended else None


class NoTeam(UserError):
    """What is made once for a team is asked for a coworker who is in none."""


def paying_member(team: Mapping[str, Any] | None) -> int:
    """Return the coworker to whom the tasks made once per team are written: the team's PayingMemberId.

    Raises:
        NoTeam: there is no team.
        UserError: nobody pays for it.
    """
    if team is None:
        raise NoTeam(
            "once_per: team needs a team, and this coworker is in none.",
            advice="Add the coworker to a team in Nexudus, or write once_per: coworker.",
        )
    payer = team.get("PayingMemberId")
    if not isinstance(payer, int) or payer < 1:
        raise UserError(
            f"once_per: team writes to the team's paying member, and team {team['Id']} has none.",
            advice="Set one in Nexudus.",
        )
    return payer


def _listed(contracts: Sequence[Contract]) -> str:
    return "; ".join(str(c) for c in sorted(contracts, key=lambda c: c.id)) or "there are none"
