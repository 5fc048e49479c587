"""Dates of the member's record as days of rules, from the file to the task; and what is said when there is none."""

from __future__ import annotations

from given_account import ASHLEY, Account

LIST = """\
tasklist: back
name: Back
anchors: {seen: [coworker.user_last_access, signup]}
items:
  - id: call
    name: Ask where they are
    responsible: front-desk
    due: 14 days after coworker.user_last_access at 10:00
  - id: after-orientation
    name: Orientation follow-up
    responsible: front-desk
    due: {count: 3, unit: business days, after: coworker.custom.orientation_on}
    optional: true
  - id: since
    name: Since they were seen
    responsible: front-desk
    due: 1 day after seen
"""


def _given(account: Account, **fields: object) -> None:
    account.write("back", LIST)
    account.edit("organisation", "custom_fields:\n", "custom_fields:\n  orientation_on: {field: Custom9, type: date}\n")
    account.far_side.put_record("coworkers", ASHLEY, **fields)


def test_rules_count_from_the_members_own_dates(account: Account):
    _given(account, UserLastAccess="2026-12-01T20:00:00Z", Custom9="2026-12-04")
    assert account.cli("check", "back").code == 0
    planned = account.preview(name="back")
    assert planned.code == 0, planned.err
    dues = {action["item"]: action["due_at"] for action in planned.json["actions"]}
    assert dues["call"] == "2026-12-15T09:00:00Z"
    assert dues["after-orientation"][:10] == "2026-12-10", "8 December is a holiday there"
    assert dues["since"][:10] == "2026-12-02"
    told = next(action for action in planned.json["actions"] if action["item"] == "call")["explain"]["due"]
    assert "coworker.user_last_access" in told[0]


def test_an_empty_date_is_an_error_or_leaves_an_optional_item_out(account: Account):
    _given(account, UserLastAccess=None, Custom9="")
    refused = account.preview(name="back")
    assert refused.code == 2
    assert "coworker.user_last_access" in refused.err
    assert "UserLastAccess of the coworker is empty" in refused.err
    account.edit("back", "14 days after coworker.user_last_access at 10:00", "14 days after seen")
    planned = account.preview(name="back")
    assert [left["item"] for left in planned.json["left_out"]] == ["after-orientation"]


def test_a_misspelt_date_is_told_with_the_nearest(account: Account):
    _given(account)
    account.edit("back", "after coworker.user_last_access", "after coworker.user_last_acess")
    found = account.cli("check", "back")
    assert found.code == 2
    assert "coworker.user_last_access" in found.out
