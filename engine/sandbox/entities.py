"""The entities: where each lives, its keys, its documented filters, and what a list row leaves unset.

Field names, filters and partial rows are those of the vendor's documentation and of recorded
answers. Must never hold a rule that only a client would like to be true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.sandbox import keys


@dataclass(frozen=True)
class Entity:
    """`kind` is the prefix of filters and roles. `unset` are the keys that a partial row leaves empty.

    `role` is empty where no role is asked for. `order` is the field of the default order.
    """

    name: str
    room: str
    kind: str
    keys: tuple[str, ...]
    filters: tuple[str, ...]
    unset: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    order: str = "Name"
    role: bool = True
    writable: bool = False
    #: keys a task keeps and filters by, without showing them
    hidden: tuple[str, ...] = ()

    @property
    def is_task(self) -> bool:
        """True for the tasks of coworkers: the only records with marks, a commit log and late rows."""
        return self.name == "coworkertasks"

    def find_key(self, filter_name: str, *, id_ending_works: bool) -> str:
        """The key that a filter without its prefix is about, or an empty text.

        Filters on foreign keys drop "Id"; names of the far side are joined by an underscore.
        """
        joined = filter_name.replace("_", "").lower()
        for name in self.filters:
            key = name.replace("_", "")
            foreign = f"{key}Id" in self.keys
            if joined == key.lower():
                return f"{key}Id" if foreign else key
            if foreign and id_ending_works and joined == f"{key}Id".lower():
                return f"{key}Id"
        return ""


def _except(all_keys: tuple[str, ...], kept: str) -> tuple[str, ...]:
    return tuple(key for key in all_keys if key not in kept.split())


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_STAMPS = ("CreatedOn", "UpdatedOn")
_CUSTOM = tuple(f"Custom{number}" for number in range(1, 31))

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity(
            name="coworkertasks",
            room="crm",
            kind="CoworkerTask",
            keys=keys.TASK,
            filters=_words(
                "Id Business Business_Name Coworker Coworker_FullName Coworker_CompanyName"
                " Coworker_TeamNames Name Notes TaskListName TaskItemUniqueId FormPageRequestUniqueId"
                " Completed DueDate Reminded Responsible Responsible_FullName NotifyByEmail"
                " DisplayToEveryone DueDateLocal SystemId UniqueId"
            ),
            # CustomFields are documented to come in list rows as well.
            unset=_except(
                keys.TASK,
                "Id BusinessId CoworkerId Name Completed DueDate ResponsibleId CreatedOn UpdatedOn UniqueId"
                " UpdatedBy CustomFields",
            ),
            ranges=("DueDate", "DueDateLocal", *_STAMPS),
            order="DueDate",
            writable=True,
            hidden=("TaskItemUniqueId", "Reminded", "DueDateLocal"),
        ),
        Entity(
            name="coworkers",
            room="spaces",
            kind="Coworker",
            keys=keys.COWORKER,
            filters=(
                *_words(
                    "Id Email FullName CompanyName Active Archived InvoicingBusiness CoworkerType"
                    " AccessCardId ReferenceNumber User Tag UniqueId"
                ),
                *_CUSTOM,
            ),
            unset=(
                *_words(
                    "CompanyName CoworkerType Gender MobilePhone LandLine Address CityName PostCode State"
                    " Position Notes AccessPincode KeyFobNumber BillingEmail BillingName AccessCardId Teams"
                    " Businesses Desks Variants AddedBusinesses RemovedBusinesses AddedTeams RemovedTeams"
                ),
                *_CUSTOM,
            ),
            ranges=("RegistrationDate", *_STAMPS),
            order="FullName",
        ),
        Entity(
            name="coworkercontracts",
            room="billing",
            kind="CoworkerContract",
            keys=keys.CONTRACT,
            filters=_words("Id Coworker Tariff Active UniqueId"),
            unset=_words("Desks Schedules Variants Notes"),
            ranges=("StartDate", "RenewalDate", "CancellationDate", *_STAMPS),
            order="StartDate",
        ),
        Entity(
            name="businesses",
            room="sys",
            kind="Business",
            keys=keys.BUSINESS,
            filters=_words("Id Name Country Currency UniqueId"),
            unset=_except(
                keys.BUSINESS,
                "Id UniqueId CreatedOn UpdatedOn UpdatedBy Name CurrencyId CountryId SimpleTimeZoneId",
            ),
            ranges=_STAMPS,
        ),
        Entity(
            name="simpletimezones",
            room="sys",
            kind="SimpleTimeZone",
            keys=keys.TIME_ZONE,
            filters=_words("Id Name"),
            role=False,
        ),
        Entity(
            name="users",
            room="sys",
            kind="User",
            keys=keys.USER,
            filters=_words("Id Email FullName Active IsAdmin APIAccess UniqueId"),
            unset=_words("Businesses UserRoles AccessToken Password PasswordSalt TwoFactorSecret"),
            ranges=("LastAccess", *_STAMPS),
            order="FullName",
        ),
        Entity(
            name="teams",
            room="spaces",
            kind="Team",
            keys=keys.TEAM,
            filters=_words("Id Name Business PayingMember UniqueId"),
            unset=_words("TeamMembers TeamAdministrators"),
            ranges=_STAMPS,
        ),
        Entity(
            name="floorplandesks",
            room="sys",
            kind="FloorPlanDesk",
            keys=keys.DESK,
            filters=_words("Id Name FloorPlan Coworker ItemType Resource Available UniqueId"),
            ranges=_STAMPS,
        ),
        Entity(
            name="tariffs",
            room="billing",
            kind="Tariff",
            keys=keys.TARIFF,
            filters=_words("Id Name Business Archived UniqueId"),
            ranges=_STAMPS,
        ),
        Entity(
            name="tasklists",
            room="crm",
            kind="TaskList",
            keys=keys.TASK_LIST,
            filters=_words(
                "Id Name Business Active AssignToNewContacts AssignToNewMembers AssignToCancellations UniqueId"
            ),
            unset=("Tariffs",),
            ranges=_STAMPS,
            writable=True,
        ),
        Entity(
            name="taskitems",
            room="crm",
            kind="TaskItem",
            keys=keys.TASK_ITEM,
            filters=_words("Id Name TaskList Responsible Active UniqueId"),
            ranges=_STAMPS,
            writable=True,
        ),
        Entity(
            name="crmboardcolumns",
            room="crm",
            kind="CrmBoardColumn",
            keys=keys.BOARD_COLUMN,
            filters=(
                *_words("Id Name Position CrmBoard CrmBoard_Name CrmBoard_Business TaskList UniqueId"),
                *keys.BOARD_SWITCHES,
            ),
            unset=_words("Products Resources"),
            ranges=_STAMPS,
            order="Position",
        ),
        Entity(
            name="coworkerproducts",
            room="billing",
            kind="CoworkerProduct",
            keys=keys.PRODUCT,
            filters=_words("Id Business Coworker Product UniqueId"),
            unset=("Notes",),
            ranges=("SaleDate", *_STAMPS),
            order="CreatedOn",
        ),
        Entity(
            name="coworkerinvoices",
            room="billing",
            kind="CoworkerInvoice",
            keys=keys.INVOICE,
            filters=_words("Id Business Coworker InvoiceNumber Paid UniqueId"),
            ranges=("PaidOn", "DueDate", *_STAMPS),
            order="CreatedOn",
        ),
        Entity(
            name="checkins",
            room="spaces",
            kind="Checkin",
            keys=keys.CHECKIN,
            filters=_words("Id Business Coworker UniqueId"),
            ranges=("FromTime", "ToTime", *_STAMPS),
            order="FromTime",
        ),
        Entity(
            name="webhooks",
            room="sys",
            kind="WebHook",
            keys=keys.WEBHOOK,
            filters=_words("Id Business Name Action URL Active ErrorCount UniqueId"),
            unset=("Description",),
            ranges=("LastTrigger", *_STAMPS),
            writable=True,
        ),
    )
}


def empty_record(entity: Entity) -> dict[str, Any]:
    """A record with every key and hidden field, nothing set; what is never null on the service is false."""
    return {key: unset_value(key, None) for key in (*entity.keys, *entity.hidden)}


_FLAGS = frozenset(
    (
        *_words("Completed DisplayToEveryone NotifyByEmail Reminded IsNew Active Archived Cancelled MainContract"),
        *_words("AssignToNewContacts AssignToNewMembers AssignToCancellations UseTaskListAsResponsible"),
        *_words("Paid Draft CreditNote RegularCharge Invoiced"),
        *keys.BOARD_SWITCHES,
    )
)
_NUMBERS = frozenset({"DelayInHours", "ErrorCount", "Position"})


def unset_value(key: str, value: object) -> object:
    """What a key holds when it is not filled: flags are false, counts are 0, all else is null."""
    if key in _FLAGS or isinstance(value, bool):
        return False
    return 0 if key in _NUMBERS else None


def as_row(entity: Entity, shown: Mapping[str, Any]) -> dict[str, Any]:
    """A partial row: all keys, the values of `unset` left out."""
    return {key: unset_value(key, value) if key in entity.unset else value for key, value in shown.items()}
