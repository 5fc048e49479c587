"""One coworker's facts and the scope that they fit, for the tests of texts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from whenever import Date, ZonedDateTime

from engine.core.catalogue import Kind, ListOf, Record, Scope, scope
from engine.core.text import Absent, Value

CUSTOM = {"wants_locker": Kind.BOOL, "shirt": Kind.TEXT, "deposit": Kind.NUMBER, "visa_until": Kind.DATE}
VARS = {"card_system": Kind.TEXT, "floor": Kind.INT}
INPUTS = {"move_out": Kind.DATE, "rows": ListOf(Record({"code": Kind.TEXT})), "names": ListOf(Kind.TEXT)}
SCOPE: Scope = scope(CUSTOM, VARS, INPUTS)


def facts(**coworker: Value) -> dict[str, Value]:
    """Return the facts of Ada at Barcelona, with some of hers changed."""
    return {
        "coworker": {
            "full_name": "Ada Lovelace",
            "company_name": "",
            "email": "ada@engines.example",
            "notes": "",
            "tag": "vip, early",
            "active": True,
            "user_active": None,
            "billing_day": 26,
            "user_id": None,
            "teams": [11, 12],
            "cancellation_date": None,
            "tariff_name": "Hot desk",
            "custom": {
                "wants_locker": True,
                "shirt": "M",
                "deposit": Decimal("120.50"),
                "visa_until": Date(2027, 2, 28),
            },
            **coworker,
        },
        "contract": {
            "start": Date(2026, 12, 1),
            "cancellation": None,
            "price": Decimal("1082.52"),
            "desks": [
                {"name": "Desk 11", "capacity": Decimal(1), "available": False},
                {"name": "Unit 01", "capacity": Decimal(2), "available": True},
            ],
        },
        "location": {
            "name": "Barcelona",
            "time_zone": "Europe/Madrid",
            "vars": {"card_system": "Salto", "floor": 3},
        },
        "team": Absent("team", "the coworker is in no team"),
        "inputs": {"move_out": None, "rows": [{"code": "A"}, {"code": "B"}], "names": ["x", "y"]},
        "event": {
            "name": "contract.created",
            "moment": ZonedDateTime(2026, 11, 30, 23, 5, tz="Europe/Madrid"),
        },
        "signup": ZonedDateTime(2026, 8, 27, 10, 29, tz="Europe/Madrid"),
        "membership": {"start": Date(2026, 12, 1), "end": None},
    }


def with_first(name: str, value: Value) -> Mapping[str, Value]:
    """Return the same facts with another first name, or another value for one."""
    return {**facts(), name: value}
