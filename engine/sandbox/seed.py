"""The network that a new sandbox starts with: two locations, their admins, plans, teams and people.

Dates are relative to the UTC day of seeding; contract dates are at 00:00:00Z. The fixed ids:

- locations: 1421021016 Acme Barcelona (Romance Standard Time, es), 1421021017 Acme London
  (GMT Standard Time). Time zones: 2023 GMT, 2031 Romance, and a few more.
- logins: api@acme.example 1418332000 (every right), list-only@acme.example 1418332103 (roles
  CoworkerTask-List and Coworker-List), member@acme.example 1418332100 (portal member).
- admins: ana 1418332090, ben 1418332091, eva 1418332092 (Barcelona), omar 1418332093, priya
  1418332094, tom 1418332095 (London), fay 1418332096, ivo 1418332097 (both); old 1418332098
  (inactive), guest 1418332099 (no admin), twin 1418332101 and 1418332102 (one e-mail); each
  NAME@acme.example.
- plans: 1415418446 Hot Desk, 1415418447 Dedicated Desk, 1415418448 Private Office Small,
  1415418449 Virtual Office. Team: 1416049197 Acme Corp (London).
- people with fixed ids 1423831744 to 1423831754: see `seed_people`; the rest from 1423831760 up.
- check-ins and invoices of José Núñez and Glen Hawkins: see `seed_visits`.
- native task lists, their items and the stages of the customer board: see `seed_natives`. No webhooks.

Must never touch a store that holds records.
"""

from __future__ import annotations

import random
import uuid
from typing import Any

from engine.sandbox.entities import ENTITIES, empty_record
from engine.sandbox.seed_natives import seed_native_lists
from engine.sandbox.seed_people import PLANS, People
from engine.sandbox.seed_visits import seed_visits
from engine.sandbox.state import State, refresh_membership
from engine.sandbox.store import Record

BARCELONA, LONDON = 1421021016, 1421021017
_API_USER = "api@acme.example"


class Seeder:
    """Makes records with all their keys; the same seed and day give the same records."""

    def __init__(self, state: State) -> None:
        # Not for secrets: the same seed has to give the same network.
        self.random = random.Random(state.seed)  # noqa: S311
        self.today = state.clock.now().to_fixed_offset().date()
        self._state = state

    def record(self, entity: str, identifier: int, **fields: Any) -> Record:
        """A complete record with the given fields set."""
        made = f"{self.day(-400)[:11]}08:30:{identifier % 60:02d}.{identifier % 9_999_991 + 1}Z"
        stamps = {
            "Id": identifier,
            "UniqueId": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "CreatedOn": made,
            "UpdatedOn": made,
            "UpdatedBy": _API_USER,
            "ToStringText": fields.get("Name") or fields.get("FullName"),
        }
        return empty_record(ENTITIES[entity]) | stamps | fields

    def day(self, offset: int) -> str:
        """Midnight UTC so many days after the day of seeding."""
        return f"{self.today.add(days=offset).format_iso()}T00:00:00Z"

    def put(self, entity: str, *records: Record) -> None:
        """Store them."""
        self._state.store.put_many(entity, list(records))


def seed_store(state: State) -> None:
    """Fill an empty store; one with records stays as it is."""
    if not state.store.is_empty():
        return
    seeder = Seeder(state)
    _seed_places(seeder)
    _seed_users(seeder)
    _seed_plans(seeder)
    people = People(seeder)
    seeder.put("coworkers", *people.coworkers)
    seeder.put("coworkercontracts", *people.contracts)
    seeder.put("floorplandesks", *people.desks)
    seeder.put("teams", people.team)
    seed_native_lists(seeder, BARCELONA, LONDON)
    seed_visits(seeder)
    for coworker in people.coworkers:
        refresh_membership(state.store, coworker["Id"])


_ZONES = (
    (2023, "GMT Standard Time", "(UTC) Dublin, Edinburgh, Lisbon, London", "0:00", True),
    (2031, "Romance Standard Time", "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "1:00", True),
    (2030, "W. Europe Standard Time", "(UTC+01:00) Amsterdam, Berlin, Rome", "1:00", True),
    (2011, "Eastern Standard Time", "(UTC-05:00) Eastern Time (US & Canada)", "-5:00", True),
    (2072, "India Standard Time", "(UTC+05:30) Chennai, Kolkata, Mumbai", "5:30", False),
    (2090, "AUS Eastern Standard Time", "(UTC+10:00) Canberra, Melbourne, Sydney", "10:00", True),
)
_PLACES: dict[int, dict[str, Any]] = {
    BARCELONA: {
        "Name": "Acme Barcelona",
        "WebAddress": "acme-barcelona",
        "CountryId": 1186,
        "CountryName": "Spain",
        "CurrencyId": 3007,
        "CurrencyCode": "EUR",
        "SimpleTimeZoneId": 2031,
        "DefaultLanguage": "es",
        "SpaceWebsiteLanguageCulture": "es-ES",
        "Address": "Carrer de Pujades 51",
        "TownCity": "Barcelona",
        "PostalCode": "08005",
        "EmailContact": "barcelona@acme.example",
        "Phone": "+34 930 000 000",
    },
    LONDON: {
        "Name": "Acme London",
        "WebAddress": "acme-london",
        "CountryId": 1220,
        "CountryName": "United Kingdom",
        "CurrencyId": 3010,
        "CurrencyCode": "GBP",
        "SimpleTimeZoneId": 2023,
        "DefaultLanguage": "en",
        "SpaceWebsiteLanguageCulture": "en-GB",
        "Address": "18 Clerkenwell Green",
        "TownCity": "London",
        "PostalCode": "EC1R 0DP",
        "EmailContact": "london@acme.example",
        "Phone": "+44 20 7946 0000",
    },
}


def _seed_places(seeder: Seeder) -> None:
    for identifier, name, description, offset, summer in _ZONES:
        fields = {"Name": name, "Description": description, "TimeOffset": offset, "UsesSummerTime": summer}
        seeder.put("simpletimezones", seeder.record("simpletimezones", identifier, **fields))
    for identifier, fields in _PLACES.items():
        seeder.put("businesses", seeder.record("businesses", identifier, **fields))


_BOTH = (BARCELONA, LONDON)
# id, name before the at, full name, locations, fields that differ from an active admin's
_USERS: tuple[tuple[int, str, str, tuple[int, ...], dict[str, Any]], ...] = (
    # APIAccess reads false on a login that works: nothing may depend on it.
    (1418332000, "api", "Acme Integration", _BOTH, {"APIAccess": False, "_login": True}),
    (1418332090, "ana", "Ana Ferrer", (BARCELONA,), {}),
    (1418332091, "ben", "Ben Casals", (BARCELONA,), {}),
    (1418332092, "eva", "Eva Muñoz", (BARCELONA,), {}),
    (1418332093, "omar", "Omar Haddad", (LONDON,), {}),
    (1418332094, "priya", "Priya Raman", (LONDON,), {}),
    (1418332095, "tom", "Tom Whitfield", (LONDON,), {}),
    (1418332096, "fay", "Fay Donnelly", _BOTH, {}),
    (1418332097, "ivo", "Ivo Marković", _BOTH, {}),
    (1418332098, "old", "Olaf Dahl", (BARCELONA,), {"Active": False}),
    (1418332099, "guest", "Greta Est", (BARCELONA,), {"IsAdmin": False}),
    (
        1418332100,
        "member",
        "Mia Ember",
        (LONDON,),
        {"IsAdmin": False, "_login": True, "_portal_member": True},
    ),
    (1418332101, "twin", "Tina Winter", (BARCELONA,), {}),
    (1418332102, "twin", "Tina Winter", (LONDON,), {}),
    (
        1418332103,
        "list-only",
        "Lister Only",
        _BOTH,
        {"UserRoles": ["CoworkerTask-List", "Coworker-List"], "_login": True},
    ),
)


def _seed_users(seeder: Seeder) -> None:
    for identifier, name, full_name, businesses, differing in _USERS:
        fields = {
            "FullName": full_name,
            "Email": f"{name}@acme.example",
            "Active": True,
            "IsAdmin": True,
            "APIAccess": False,
            "Validated": True,
            "DefaultBusinessId": businesses[0],
            "Businesses": list(businesses),
            "UserRoles": [],
            "LastAccess": seeder.day(-1),
            "Language": "en",
            "ReceiveCommunityDigest": False,
            "ReceiveEveryMessage": False,
            "AccessToken": f"made-up-{seeder.random.getrandbits(64):016x}",
            "Password": f"made-up-{seeder.random.getrandbits(64):016x}",
            "PasswordSalt": f"made-up-{seeder.random.getrandbits(32):08x}",
            "TwoFactorSecret": f"made-up-{seeder.random.getrandbits(32):08x}",
        }
        seeder.put("users", seeder.record("users", identifier, **(fields | differing)))


def _seed_plans(seeder: Seeder) -> None:
    for identifier, (name, price) in PLANS.items():
        fields = {
            "Name": name,
            "Price": price,
            "BusinessId": BARCELONA,
            "BusinessName": "Acme Barcelona",
            "CurrencyCode": "EUR",
            "InvoiceEvery": 1,
            "InvoiceEveryWeeks": 0,
            "Visible": True,
        }
        seeder.put("tariffs", seeder.record("tariffs", identifier, **fields))
