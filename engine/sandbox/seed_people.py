"""The people of a new sandbox: those with fixed ids and a story each, and the rest from the seed.

Fixed, by id: 1423831744 Ashley Smith starts in 10 days (contract 1418975228, Desk 11); ...745
José Núñez runs since 40 days (...229); ...746 Zoë Ångström starts in 5 days (...230, Office Unit
01) and pays for the team Acme Corp; ...747 Glen Hawkins, of that team, no contract; ...748 Leslie
Warner, Virtual Office in 14 days (...231), identity checks due in 7; ...749 Rachael Byrne,
cancelled 20 days ago (...232); ...750 Danny Hale, two running contracts (...233, ...234), none the
main one; ...751 Paula Harvey, a contact; ...752 Tracy Harrison, running (...235), ends in 25 days;
...753 and ...754 bear hostile names and start in 3 days (...236, ...237).

Must never hold a real person: all names and addresses are made up.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Protocol

from engine.sandbox.seed_names import COMPANIES, FIRST_NAMES, LAST_NAMES
from engine.sandbox.store import Record

_BUSINESSES = {
    1421021016: ("Acme Barcelona", "EUR", 1186, 2031),
    1421021017: ("Acme London", "GBP", 1220, 2023),
}
_BARCELONA, _LONDON = _BUSINESSES
_HOT, _DEDICATED, _OFFICE, _VIRTUAL = 1415418446, 1415418447, 1415418448, 1415418449
#: name and price of a plan
PLANS = {
    _HOT: ("Hot Desk", 180.0),
    _DEDICATED: ("Dedicated Desk", 320.0),
    _OFFICE: ("Private Office Small", 1200.0),
    _VIRTUAL: ("Virtual Office", 49.0),
}
_TEAM, _TEAM_NAME = 1416049197, "Acme Corp"
_PAYER, _FELLOW = 1423831746, 1423831747
_FIRST_PERSON, _FIRST_CONTRACT, _FIRST_DESK = 1423831760, 1418975260, 1415590200
_MAIN = " (Main Contract)"
_GENERATED = 29  # with the eleven fixed ones that makes 40


class Maker(Protocol):
    """What this module needs of the seeder."""

    random: random.Random

    def record(self, entity: str, identifier: int, **fields: Any) -> Record: ...

    def day(self, offset: int) -> str: ...


@dataclass(frozen=True)
class Term:
    """A contract in days from the day of seeding; `end` is the CancellationDate."""

    identifier: int
    plan: int
    start: int
    end: int | None = None
    cancelled: bool = False
    is_main: bool = True
    desk: tuple[int, str, int] | None = None
    identity_checks: int | None = None


@dataclass(frozen=True)
class Person:
    identifier: int
    name: str
    business: int
    terms: tuple[Term, ...] = ()
    in_team: bool = False
    company: str = ""
    custom7: str | None = None


_FIXED = (
    Person(
        1423831744,
        "Ashley Smith",
        _BARCELONA,
        (Term(1418975228, _DEDICATED, 10, desk=(1415590047, "Desk 11", 2)),),
        custom7="yes",
    ),
    Person(1423831745, "José Núñez 🚀", _BARCELONA, (Term(1418975229, _HOT, -40),)),
    Person(
        _PAYER,
        "Zoë Ångström",
        _LONDON,
        (Term(1418975230, _OFFICE, 5, desk=(1415590144, "Office Unit 01", 1)),),
        in_team=True,
        company=_TEAM_NAME,
    ),
    Person(_FELLOW, "Glen Hawkins", _LONDON, in_team=True, company=_TEAM_NAME),
    Person(1423831748, "Leslie Warner", _LONDON, (Term(1418975231, _VIRTUAL, 14, identity_checks=7),)),
    Person(1423831749, "Rachael Byrne", _BARCELONA, (Term(1418975232, _HOT, -200, -20, cancelled=True),)),
    Person(
        1423831750,
        "Danny Hale",
        _BARCELONA,
        (Term(1418975233, _HOT, -90, is_main=False), Term(1418975234, _VIRTUAL, -30, is_main=False)),
    ),
    Person(1423831751, "Paula Harvey", _BARCELONA),
    Person(1423831752, "Tracy Harrison", _BARCELONA, (Term(1418975235, _DEDICATED, -300, 25),)),
    Person(1423831753, "{{ 7*7 }}", _BARCELONA, (Term(1418975236, _HOT, 3),)),
    Person(1423831754, "\x1b[31mRed\x1b[0m Adler\x07", _BARCELONA, (Term(1418975237, _HOT, 3),)),
)


class People:
    """Coworkers, contracts, desks and the team, as records."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        persons = (*_FIXED, *(self._invent(number) for number in range(_GENERATED)))
        self.coworkers = [self._coworker(person) for person in persons]
        self.contracts = [self._contract(person, term) for person in persons for term in person.terms]
        self.desks = [self._desk(person, term, term.desk) for person in persons for term in person.terms if term.desk]
        self.team = self._team(person.identifier for person in persons if person.in_team)

    def _invent(self, number: int) -> Person:
        """One of the generated: the first three are of the team, every seventh is a contact."""
        chance = self._maker.random
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        in_team = number < 3
        business = _LONDON if in_team else chance.choice(list(_BUSINESSES))
        terms: tuple[Term, ...] = ()
        if not in_team and number % 7 != 6:
            terms = (self._invent_term(number),)
        company = _TEAM_NAME if in_team else chance.choice(COMPANIES)
        return Person(_FIRST_PERSON + number, name, business, terms, in_team=in_team, company=company)

    def _invent_term(self, number: int) -> Term:
        """Past, running or future in turn."""
        chance = self._maker.random
        identifier, plan = _FIRST_CONTRACT + number, chance.choice(list(PLANS))
        desk = (_FIRST_DESK + number, f"Desk {20 + number}", 2) if plan == _DEDICATED else None
        if number % 5 == 4:
            return Term(identifier, plan, -chance.randint(300, 700), -chance.randint(30, 250), cancelled=True)
        if number % 5 == 3:
            return Term(identifier, plan, chance.randint(1, 45), desk=desk)
        return Term(identifier, plan, -chance.randint(1, 500), desk=desk)

    def _coworker(self, person: Person) -> Record:
        chance = self._maker.random
        business_name, _, country, zone = _BUSINESSES[person.business]
        return self._maker.record(
            "coworkers",
            person.identifier,
            **_team_fields(person),
            **_name_fields(person),
            CompanyName=person.company or None,
            CoworkerType=2 if person.company else 1,
            Gender=chance.choice((1, 2, 3)),
            Active=True,
            AccessPincode=f"{chance.randint(10000, 99999)}",
            Businesses=[person.business],
            BusinessNames=business_name,
            InvoicingBusinessId=person.business,
            InvoicingBusinessName=business_name,
            CountryId=country,
            SimpleTimeZoneId=zone,
            RegistrationDate=self._registered(),
            Desks=[term.desk[0] for term in person.terms if term.desk],
            Custom7=person.custom7,
            MobilePhone=f"+44 7700 900{person.identifier % 1000:03d}",
            RegularPaymentProvider=1,
            TaxRateType=1,
            Variants=[],
        )

    def _registered(self) -> str:
        """A moment with fractional seconds, some days or weeks before."""
        chance = self._maker.random
        day = self._maker.day(-chance.randint(3, 60))[:11]
        hour, minute, second = chance.randint(7, 19), chance.randint(0, 59), chance.randint(0, 59)
        return f"{day}{hour:02d}:{minute:02d}:{second:02d}.{chance.randint(10, 9_999_999)}Z"

    def _contract(self, person: Person, term: Term) -> Record:
        return self._maker.record(
            "coworkercontracts",
            term.identifier,
            **_plan_fields(person, term),
            **self._date_fields(term),
            **_desk_fields(term),
            CoworkerId=person.identifier,
            CoworkerFullName=person.name,
            CoworkerEmail=_email(person),
            CoworkerCompanyName=person.company or None,
            CoworkerActive=True,
            CoworkerCoworkerType="Company" if person.company else "Individual",
            Active=term.start <= 0 and not term.cancelled,
            MainContract=term.is_main,
            Cancelled=term.cancelled,
            InPausedPeriod=False,
            Quantity=1,
            Schedules=[],
            Variants=[],
            ToStringText=f"{person.name} - {PLANS[term.plan][0]} {_MAIN if term.is_main else ''}",
        )

    def _date_fields(self, term: Term) -> dict[str, Any]:
        day = self._maker.day
        # The day of the next invoice: monthly from the start, so never in the past of a running one.
        renewal = term.start if term.start > 0 else term.start + 30 * (-term.start // 30 + 1)
        return {
            "StartDate": day(term.start),
            "RenewalDate": day(renewal),
            "InvoicedPeriod": day(term.start),
            "ContractTerm": day(term.start + 365),
            "BillingDay": int(day(term.start)[8:10]),
            "CancellationDate": None if term.end is None else day(term.end),
            "IdentityChecksDueOn": None if term.identity_checks is None else day(term.identity_checks),
        }

    def _desk(self, person: Person, term: Term, desk: tuple[int, str, int]) -> Record:
        identifier, name, item_type = desk
        business_name, currency, _, _ = _BUSINESSES[person.business]
        return self._maker.record(
            "floorplandesks",
            identifier,
            Name=name,
            ItemType=item_type,
            Area="Ground Floor",
            Available=False,
            Capacity=2.0 if item_type == 1 else 1.0,
            CoworkerId=person.identifier,
            CoworkerFullName=person.name,
            CoworkerContractIds=str(term.identifier),
            FloorPlanId=1415035452 if person.business == _LONDON else 1415035451,
            FloorPlanName="Ground Floor",
            FloorPlanBusinessId=person.business,
            FloorPlanBusinessName=business_name,
            FloorPlanBusinessCurrencyCode=currency,
            FloorPlanCapacity=100,
            Price=PLANS[term.plan][1],
            Size=30.0,
        )

    def _team(self, members: Any) -> Record:
        return self._maker.record(
            "teams",
            _TEAM,
            Name=_TEAM_NAME,
            BusinessId=_LONDON,
            BusinessName="Acme London",
            TeamMembers=list(members),
            TeamAdministrators=[_PAYER],
            PayingMemberId=_PAYER,
            PayingMemberFullName="Zoë Ångström",
            MaxTeamMemberCount=10,
            ActiveContracts=0,
        )


def _email(person: Person) -> str:
    return f"member-{person.identifier % 1000:03d}@people.example"


def _name_fields(person: Person) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    return {
        "FullName": person.name,
        "GuessedFirstName": first,
        "GuessedLastName": last,
        "Salutation": first,
        "Email": _email(person),
        "ToStringText": f"{person.name} - {_email(person)}",
        "ShortDescription": f"{person.name} ({person.identifier})",
    }


def _team_fields(person: Person) -> dict[str, Any]:
    if not person.in_team:
        return {"Teams": []}
    names = {"TeamName": _TEAM_NAME, "TeamNames": _TEAM_NAME}
    return {"Teams": [_TEAM], "TeamId": _TEAM, "TeamIds": str(_TEAM)} | names


def _plan_fields(person: Person, term: Term) -> dict[str, Any]:
    business_name, currency, _, _ = _BUSINESSES[person.business]
    plan_name, price = PLANS[term.plan]
    plan = {"TariffId": term.plan, "TariffName": plan_name, "TariffPrice": price}
    following = {"NextTariffId": term.plan, "NextTariffName": plan_name}
    pace = {"TariffInvoiceEvery": 1, "TariffInvoiceEveryWeeks": 0, "TariffCurrencyCode": currency}
    prices = {"Price": price, "Value": price, "UnitPrice": price, "TotalPrice": price}
    issuer = {"IssuedById": person.business, "IssuedByName": business_name}
    return plan | following | pace | prices | issuer


def _desk_fields(term: Term) -> dict[str, Any]:
    if term.desk is None:
        return {"Desks": []}
    identifier, name, _ = term.desk
    return {"Desks": [identifier], "FloorPlanDeskIds": str(identifier), "FloorPlanDeskNames": name}
