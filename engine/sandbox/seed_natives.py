"""The native task lists of a new sandbox, their items, and the stages of one customer board.

- 1412000101 House rules (Barcelona): active, without a trigger; items 1412000201, 1412000202.
- 1412000102 Old welcome (London): inactive, for the plan Hot Desk only, no items.
- 1412000103 New members (Barcelona): inactive, AssignToNewMembers; items 1412000203, 1412000204.
  Made active, it makes its own tasks when somebody becomes a member.
- stages 1412000401 Tour asked for and 1412000402 Signed up (Barcelona); the second gives House rules.

Must never hold an active list with a trigger: a newcomer's tasks would come twice unasked.
"""

from __future__ import annotations

from typing import Any, Protocol

from engine.sandbox.store import Record

_ANA, _EVA = (1418332090, "Ana Ferrer"), (1418332092, "Eva Muñoz")
_HOUSE_RULES, _OLD_WELCOME, _NEW_MEMBERS = 1412000101, 1412000102, 1412000103
_HOT_DESK = 1415418446
_BOARD = 1412000400


class Maker(Protocol):
    """What this module needs of the seeder."""

    def record(self, entity: str, identifier: int, **fields: Any) -> Record: ...

    def put(self, entity: str, *records: Record) -> None: ...


def seed_native_lists(maker: Maker, barcelona: int, london: int) -> None:
    """Store them; the arguments are the ids of the two locations."""
    here = {"BusinessId": barcelona, "BusinessName": "Acme Barcelona"}
    there = {"BusinessId": london, "BusinessName": "Acme London"}
    maker.put(
        "tasklists",
        maker.record("tasklists", _HOUSE_RULES, Name="House rules", Active=True, Tariffs=[], **here),
        maker.record("tasklists", _OLD_WELCOME, Name="Old welcome", Tariffs=[_HOT_DESK], **there),
        maker.record("tasklists", _NEW_MEMBERS, Name="New members", AssignToNewMembers=True, Tariffs=[], **here),
    )
    items = (
        (1412000201, _HOUSE_RULES, "House rules", "Hand out rules", 24, _ANA),
        (1412000202, _HOUSE_RULES, "House rules", "Ask for feedback", 168, _ANA),
        (1412000203, _NEW_MEMBERS, "New members", "Send the welcome pack", 2, _EVA),
        (1412000204, _NEW_MEMBERS, "New members", "Ask how the first week was", 168, _ANA),
    )
    for identifier, list_id, list_name, name, delay, (responsible, responsible_name) in items:
        item = maker.record(
            "taskitems",
            identifier,
            TaskListId=list_id,
            TaskListName=list_name,
            ResponsibleId=responsible,
            ResponsibleFullName=responsible_name,
            Name=name,
            Active=True,
            DelayInHours=delay,
        )
        maker.put("taskitems", item)
    _seed_board(maker, barcelona)


def _seed_board(maker: Maker, barcelona: int) -> None:
    board = {
        "CrmBoardId": _BOARD,
        "CrmBoardName": "Newcomers",
        "CrmBoardBusinessId": barcelona,
        "CrmBoardBusinessName": "Acme Barcelona",
        "Products": [],
        "Resources": [],
    }
    tours = maker.record("crmboardcolumns", _BOARD + 1, Name="Tour asked for", Position=1, TourRequests=True, **board)
    signed = maker.record(
        "crmboardcolumns", _BOARD + 2, Name="Signed up", Position=2, SignUps=True, TaskListId=_HOUSE_RULES, **board
    )
    maker.put("crmboardcolumns", tours, signed)
