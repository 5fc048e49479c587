"""A service's account at a sandbox, as the sweep sees it: people sign up there, and some deliveries never come.

Real parts: the sandbox's records over HTTP, the ledger on disk. The clock is the only thing that is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from given_account import BARCELONA, Account
from whenever import Instant

from engine.authoring.folder import Folder
from engine.flows.account import Place, WritingAccount, open_to_run
from engine.flows.lists_in_use import ListsInUse
from engine.flows.stopping import Stop
from engine.flows.sweep import Sweep, SweepSettings, Swept
from engine.ledger.service_values import StoredJob

HOT_DESK, VIRTUAL = (1415418446, "Hot Desk"), (1415418449, "Virtual Office")
_FIRST = 1424000000
WELCOME = """
tasklist: welcome
name: Welcome
applies:
  on: [{on}]
defaults: {{responsible: front-desk}}
items:
  - {{id: hello, name: "Hello {{{{ coworker.full_name }}}}"}}
"""


def day(offset: int, now: Instant) -> str:
    """A contract date so many days from now, as Nexudus writes it."""
    return f"{now.add(hours=24 * offset).to_tz('UTC').date()}T00:00:00Z"


@dataclass
class Service:
    """What a process that serves holds of one account."""

    account: Account
    open: WritingAccount
    lists: ListsInUse
    now: Instant
    stop: Stop = field(default_factory=Stop)
    people: int = 0

    def write(self, on: str, *, name: str = "welcome", more: str = "") -> None:
        """A list of one item that starts on events."""
        text = WELCOME.format(on=on).replace("tasklist: welcome", f"tasklist: {name}")
        self.account.write(name, text.replace("defaults:", f"{more}\ndefaults:" if more else "defaults:"))

    def new_sweep(self, **settings: Any) -> Sweep:
        """A sweep of a process that has just started."""
        organisation = self.lists.organisation()
        told = SweepSettings(**settings)
        return Sweep(
            self.open.reader, self.open.ledger, self.lists, organisation, clock=lambda: self.now, settings=told
        )

    def sweep(self, **settings: Any) -> Swept:
        return self.new_sweep(**settings).run(self.stop)

    def start(self) -> None:
        """The first start of the service, now."""
        sweep = self.new_sweep()
        sweep.first_start(self.now)
        sweep.see_lists(self.now)

    def later(self, **units: float) -> None:
        self.now = self.now.add(**units)

    def coworker(self, **fields: Any) -> int:
        """Somebody signs up now."""
        self.people += 1
        number = _FIRST + self.people
        told = {
            "FullName": f"Member {self.people}",
            "Email": f"member-{self.people}@members.example",
            "Active": True,
            "CreatedOn": f"{self.now.format_iso(unit='millisecond')}",
            "InvoicingBusinessId": BARCELONA,
            "Businesses": [BARCELONA],
        }
        self.account.far_side.put_record("coworkers", number, **(told | fields))
        return number

    def contract(self, coworker_id: int, start: int = 0, **fields: Any) -> int:
        """A contract is entered now, for a start so many days from now."""
        self.people += 1
        number = _FIRST + self.people
        told = {
            "CoworkerId": coworker_id,
            "IssuedById": BARCELONA,
            "TariffId": HOT_DESK[0],
            "TariffName": HOT_DESK[1],
            "StartDate": day(start, self.now),
            "Active": start <= 0,
            "Cancelled": False,
            "MainContract": True,
            "CancellationDate": None,
            "CreatedOn": f"{self.now.format_iso(unit='millisecond')}",
        }
        self.account.far_side.put_record("coworkercontracts", number, **(told | fields))
        return number

    def change(self, contract_id: int, **fields: Any) -> None:
        self.account.far_side.put_record("coworkercontracts", contract_id, **fields)

    def jobs(self) -> tuple[StoredJob, ...]:
        return self.open.ledger.jobs.listed(limit=10_000)


@contextmanager
def serving(account: Account) -> Iterator[Service]:
    """A service on the account's folder, at 10:00 UTC of a Tuesday; nobody has a contract, and there is no list."""
    account.far_side.remove_records("coworkercontracts")
    (account.lists / "new-member.yaml").unlink()
    folder = Folder(account.lists, "tasklists")
    lists = ListsInUse(folder)
    place = Place(account.env, account.lists, lists.organisation())
    with open_to_run(place, Stop()) as opened:
        yield Service(account, opened, lists, Instant.from_utc(2026, 11, 24, 10))
