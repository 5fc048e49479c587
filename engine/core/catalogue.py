"""The facts that texts, conditions and for_each may name, with type and Nexudus field.

Field names are those of the Nexudus API (coworkers, coworkercontracts, businesses, teams, floorplandesks).
Never listed here: what opens a door or an account (codes, cards, passwords, bank and payment tokens).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from engine.core.fact_types import Kind, ListOf, Record, Scope, Type, in_words
from engine.core.words import nearest

__all__ = [
    "Fact", "Kind", "ListOf", "Record", "Scope", "Type",
    "all_facts", "in_words", "nearest", "scope", "snake_case", "type_of",
]  # fmt: skip

_Table = Mapping[Kind, str]

_COWORKER: _Table = {
    Kind.INT: (
        "Id CoworkerType Gender CountryId SimpleTimeZoneId InvoicingBusinessId BillingDay TariffId "
        "NextTariffId TotalActiveContracts TotalNewContracts TeamId UserId TourBusinessId "
        "CheckinSinceLastRenewal"
    ),
    Kind.TEXT: (
        "FullName GuessedFirstName GuessedLastName Salutation NickName Email BillingEmail BillingName "
        "CompanyName Position BusinessArea MobilePhone LandLine Address CityName State PostCode "
        "BillingAddress BillingCityName BillingPostCode TaxIDNumber TariffName NextTariffName "
        "CoworkerContractIds CoworkerContractTariffNames TeamName TeamIds TeamNames BusinessNames "
        "InvoicingBusinessName UserFullName Notes Tag ReferenceNumber AlertNote PurchaseOrder "
        "ProfileTags ProfileWebsite"
    ),
    Kind.BOOL: (
        "Active Archived IsTeamAdministrator UserActive UserIsAdmin HasDueInvoices ShowAlert "
        "AllowNetworkCheckin CanAccessCommunity CanBookForTeam CanMakeBookings CanPurchaseEvents "
        "CanPurchaseProducts GeneralTermsAccepted NotifyOnDelivery ProfileIsPublic SignUpToNewsletter"
    ),
    Kind.DATE: "StartDate RenewalDate CancellationDate DateOfBirth NextAutoInvoice",
    Kind.MOMENT: "RegistrationDate CreatedOn UpdatedOn TourDate UserLastAccess",
}
_COWORKER_LISTS = "Teams Businesses"

_CONTRACT: _Table = {
    Kind.INT: ("Id CoworkerId IssuedById TariffId TariffInvoiceEvery TariffInvoiceEveryWeeks NextTariffId BillingDay"),
    Kind.TEXT: (
        "IssuedByName TariffName TariffCurrencyCode NextTariffName CancellationReason "
        "CancellationNotes Notes CoworkerCoworkerType FloorPlanDeskIds FloorPlanDeskNames PoBoxNumber "
        "PurchaseOrder DeliveryInstructions"
    ),
    Kind.NUMBER: "Price Value Quantity UnitPrice TotalPrice TariffPrice TotalDeposits",
    Kind.BOOL: "Active MainContract Cancelled InPausedPeriod",
    Kind.DATE: (
        "StartDate RenewalDate ContractTerm CancellationDate InvoicedPeriod InPausedPeriodFrom "
        "InPausedPeriodUntil IdentityChecksDueOn AddressChecksDueOn"
    ),
    Kind.MOMENT: "CreatedOn UpdatedOn",
}
_CONTRACT_ANCHORS = {
    "start": "StartDate",
    "renewal": "RenewalDate",
    "term_end": "ContractTerm",
    "cancellation": "CancellationDate",
    "identity_checks_due": "IdentityChecksDueOn",
}

_LOCATION: _Table = {
    Kind.INT: "Id RootLocationId CountryId CurrencyId",
    Kind.TEXT: (
        "Name WebAddress CountryName CurrencyCode Address TownCity PostalCode EmailContact Phone DefaultLanguage"
    ),
}
_TEAM: _Table = {
    Kind.INT: "Id BusinessId PayingMemberId MaxTeamMemberCount ActiveContracts",
    Kind.TEXT: "Name BusinessName",
    Kind.MOMENT: "CreatedOn",
}
_MEMBER: _Table = {Kind.INT: "Id", Kind.TEXT: "FullName Email"}
_DESK: _Table = {
    Kind.INT: "Id FloorPlanId FloorPlanBusinessId ItemType ResourceId CoworkerId",
    Kind.TEXT: "Name Area FloorPlanName FloorPlanBusinessName CoworkerFullName Notes",
    Kind.NUMBER: "Capacity Size Price",
    Kind.BOOL: "Available",
}

_ENTITIES = {
    "coworker": "Coworker",
    "contract": "CoworkerContract",
    "location": "Business",
    "team": "Team",
    "contract.desks[]": "FloorPlanDesk",
    "team.members[]": "Coworker",
}
_FIELDS = {
    "coworker.custom": "Coworker.Custom1..30, Coworker.CustomFields",
    "contract.desks": "FloorPlanDesk",
    "location.key": "organisation.yaml",
    "location.time_zone": "organisation.yaml, else Business.SimpleTimeZoneId",
    "location.language": "organisation.yaml",
    "location.vars": "organisation.yaml",
    "team.members": "Team.TeamMembers",
    "signup": "Coworker.RegistrationDate, else Coworker.CreatedOn",
    "membership.start": "CoworkerContract.StartDate",
    "membership.end": "CoworkerContract.CancellationDate",
    "coworker.visits": "Checkin.FromTime",
    "visit.first": "Checkin.FromTime",
    "visit.third": "Checkin.FromTime",
    "invoice.first_paid": "CoworkerInvoice.PaidOn",
    "event.moment": "the record's own moment",
    "event.name": "WebHook.Action",
    "inputs": "the task list",
}
_MEANINGS = {
    "coworker.active": "false when suspended",
    "coworker.coworker_type": "1 individual, 2 company",
    "coworker.invoicing_business_id": "the home location",
    "coworker.teams": "ids of the teams",
    "coworker.businesses": "ids of the linked locations",
    "coworker.total_active_contracts": "0 for a contact, more for a member",
    "coworker.user_id": "empty without a portal login",
    "contract.issued_by_id": "the location's id",
    "contract.contract_term": "end of the minimum term",
    "contract.term_end": "anchor: end of the minimum term",
    "contract.start": "anchor: first day",
    "contract.renewal": "anchor: the next invoice day, it moves each period",
    "contract.cancellation": "anchor: last day, empty while open-ended",
    "contract.identity_checks_due": "anchor: until when identities must be checked",
    "coworker.visits": "local days with a check-in; ask for >= 3, for a missed delivery passes == 3 by",
    "visit.first": "anchor: first local day with a check-in",
    "visit.third": "anchor: third local day with a check-in",
    "invoice.first_paid": "anchor: when the first invoice was paid",
    "contract.price": "empty: the plan's price holds",
    "contract.desks": "desks and offices of the contract, for loops and for_each",
    "contract.desks[].item_type": "1 office, 2 dedicated desk, 3 hot desk, 4 other, 5 room",
    "location.key": "the location's name in organisation.yaml",
    "location.time_zone": "IANA name, such as Europe/Madrid",
    "location.language": "tag such as es: the location's, else the organisation's; empty when neither says one",
    "team.members": "members of the team, for loops and for_each",
    "signup": "anchor: when the coworker was registered",
    "membership.start": "anchor: first day of the chain of contracts",
    "membership.end": "anchor: last day of the chain, empty while open-ended",
    "event.moment": "anchor `event`: when it happened",
    "event.name": "such as contract.created",
}


class Fact(NamedTuple):
    """One line of the catalogue. `[]` in a path stands for each thing of a list."""

    path: str
    type: Type
    field: str
    """Where the value is from, such as Coworker.FullName."""
    meaning: str


@cache  # a record has two hundred fields, and every one is asked for again with each record
def snake_case(field: str) -> str:
    """Return a Nexudus field name as texts write it: FullName -> full_name, TaxIDNumber -> tax_id_number."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", field).lower()


def _fields(table: _Table) -> dict[str, Type]:
    return {snake_case(field): kind for kind, names in table.items() for field in names.split()}


_NEXUDUS_FIELDS = {
    snake_case(field): field
    for table in (_COWORKER, _CONTRACT, _LOCATION, _TEAM, _MEMBER, _DESK)
    for names in (*table.values(), _COWORKER_LISTS)
    for field in names.split()
}


def type_of(value: object) -> Type:
    """Return the type of a value of a free map such as a location's `vars`.

    Texts, whole numbers, true and false, mappings and lists occur there. A list that is empty, or that mixes
    types, counts as a list of texts.
    """
    if isinstance(value, Mapping):
        return Record({str(name): type_of(part) for name, part in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str):
        types = [type_of(part) for part in value]
        alike = bool(types) and all(part == types[0] for part in types)
        return ListOf(types[0] if alike else Kind.TEXT)
    if isinstance(value, bool):
        return Kind.BOOL
    return Kind.INT if isinstance(value, int) else Kind.TEXT


def scope(
    custom: Mapping[str, Kind],
    location_vars: Mapping[str, Type],
    inputs: Mapping[str, Type],
    loop: tuple[str, Type] | None = None,
) -> Scope:
    """Return all that a text may name; `loop` is the name and type of a for_each thing.

    `custom` are the names of organisation.yaml's custom_fields, `location_vars` those of one location.
    """
    numbers = {snake_case(field): ListOf(Kind.INT) for field in _COWORKER_LISTS.split()}
    own: dict[str, Type] = dict.fromkeys(("key", "time_zone", "language"), Kind.TEXT)
    location = {**_fields(_LOCATION), **own, "vars": Record(location_vars)}
    roots: dict[str, Type] = {
        "coworker": Record({**_fields(_COWORKER), **numbers, "visits": Kind.INT, "custom": Record(custom)}),
        "contract": Record(
            {
                **_fields(_CONTRACT),
                **dict.fromkeys(_CONTRACT_ANCHORS, Kind.DATE),
                "desks": ListOf(Record(_fields(_DESK))),
            }
        ),
        "location": Record(location),
        "team": Record({**_fields(_TEAM), "members": ListOf(Record(_fields(_MEMBER)))}),
        "inputs": Record(inputs),
        "event": Record({"name": Kind.TEXT, "moment": Kind.MOMENT}, stands_for="moment"),
        "signup": Kind.MOMENT,
        "membership": Record({"start": Kind.DATE, "end": Kind.DATE}),
        "visit": Record({"first": Kind.DATE, "third": Kind.DATE}),
        "invoice": Record({"first_paid": Kind.MOMENT}),
    }
    if loop is not None:
        roots[loop[0]] = loop[1]
    return roots


def all_facts(
    custom: Mapping[str, Kind] | None = None,
    location_vars: Mapping[str, Type] | None = None,
    inputs: Mapping[str, Type] | None = None,
) -> Iterator[Fact]:
    """Yield every fact that a text may name, sorted by path within its first name."""
    roots = scope(custom or {}, location_vars or {}, inputs or {})
    for root, described in roots.items():
        yield from sorted(_leaves(root, described))


def _leaves(path: str, described: Type) -> Iterator[Fact]:
    if isinstance(described, Record):
        for name, part in described.fields.items():
            yield from _leaves(f"{path}.{name}", part)
        return
    yield Fact(path, described, _field(path), _MEANINGS.get(path, ""))
    if isinstance(described, ListOf) and isinstance(described.element, Record):
        yield from _leaves(f"{path}[]", described.element)


def _field(path: str) -> str:
    """Return where the fact at `path` is from: the nearest entry upwards, else the field of its entity."""
    parent, _, name = path.rpartition(".")
    if path in _FIELDS:
        return _FIELDS[path]
    if parent in _ENTITIES:
        own = _CONTRACT_ANCHORS.get(name) if parent == "contract" else None
        return f"{_ENTITIES[parent]}.{own or _NEXUDUS_FIELDS[name]}"
    return _field(parent)
