"""Check-ins and invoices of a new sandbox: what `visit.third` and `invoice.first_paid` count from.

José Núñez (1423831745) came on four days and paid his first invoice 39 days ago, the second is open; Glen Hawkins
(1423831747), who has no contract, came on two days, twice on the second, and has paid nothing. Nobody else came.

Must never depend on what else is seeded: the ids are fixed, and are those of the two alone.
"""

from __future__ import annotations

from typing import Any, Protocol

from engine.sandbox.store import Record

_JOSE, _GLEN = (1423831745, "José Núñez"), (1423831747, "Glen Hawkins")
_BARCELONA, _LONDON = (1421021016, "Acme Barcelona"), (1421021017, "Acme London")
_FIRST_CHECKIN, _FIRST_INVOICE = 1426100001, 1426200001

_VISITS = (
    (_JOSE, _BARCELONA, -38, 9),
    (_JOSE, _BARCELONA, -35, 8),
    (_JOSE, _BARCELONA, -31, 13),
    (_JOSE, _BARCELONA, -3, 9),
    (_GLEN, _LONDON, -6, 10),
    (_GLEN, _LONDON, -4, 9),
    (_GLEN, _LONDON, -4, 15),
)
"""Who, where, on which day from the day of seeding, and from which hour (UTC)."""

_INVOICES = ((_JOSE, _BARCELONA, -40, -39), (_JOSE, _BARCELONA, -10, None))
"""Whose, of which location, on which day it was made, and paid."""


class Maker(Protocol):
    """What this module needs of the seeder."""

    def record(self, entity: str, identifier: int, **fields: Any) -> Record: ...

    def day(self, offset: int) -> str: ...

    def put(self, entity: str, *records: Record) -> None: ...


def seed_visits(maker: Maker) -> None:
    """Store the check-ins and the invoices."""
    for at, (who, where, day, hour) in enumerate(_VISITS, _FIRST_CHECKIN):
        came = f"{maker.day(day)[:11]}{hour:02d}:{at % 60:02d}:00Z"
        fields = {**_whose(who, where), "FromTime": came, "CreatedOn": came, "UpdatedOn": came}
        maker.put("checkins", maker.record("checkins", at, **fields))
    for at, (who, where, made, paid) in enumerate(_INVOICES, _FIRST_INVOICE):
        maker.put("coworkerinvoices", _invoice(maker, at, _whose(who, where), made=made, paid=paid))


def _invoice(maker: Maker, identifier: int, whose: dict[str, Any], *, made: int, paid: int | None) -> Record:
    at = f"{maker.day(made)[:11]}07:00:00Z"
    return maker.record(
        "coworkerinvoices",
        identifier,
        **whose,
        InvoiceNumber=f"A-{identifier % 1000:04d}",
        TotalAmount=180.0,
        CurrencyCode="EUR",
        Paid=paid is not None,
        PaidOn=None if paid is None else f"{maker.day(paid)[:11]}10:30:00Z",
        DueDate=maker.day(made + 14),
        CreatedOn=at,
        UpdatedOn=at,
    )


def _whose(who: tuple[int, str], where: tuple[int, str]) -> dict[str, Any]:
    return {"CoworkerId": who[0], "CoworkerFullName": who[1], "BusinessId": where[0], "BusinessName": where[1]}
