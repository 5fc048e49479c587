"""`check --online`: what the files say and the account does not bear out, each with its place; and no write."""

from __future__ import annotations

import pytest
from given_account import ANA, LONDON, Account


def _problems(account: Account, code: int = 2) -> dict[str, tuple[str, int]]:
    answer = account.cli("check", "--online", "--format", "json")
    assert answer.code == code, answer.err
    return {told["what"]: (told["file"], told["line"]) for told in answer.json["problems"]}


def _line(account: Account, name: str, text: str) -> tuple[str, int]:
    lines = (account.lists / f"{name}.yaml").read_text("utf-8").splitlines()
    return f"tasklists/{name}.yaml", next(number for number, line in enumerate(lines, start=1) if text in line)


def test_files_that_fit_have_no_problem_and_nothing_is_written(account: Account):
    account.edit("organisation", "owner:", "allow: [unused-role]\nowner:")
    assert _problems(account, 0) == {}
    assert {method for method, _ in account.calls()} == {"GET"}
    assert not account.ledger.exists()


def test_a_business_that_is_not_there_is_told_at_its_line(account: Account):
    account.edit("organisation", "1421021016", "99")
    found = _problems(account)
    place = next(at for what, at in found.items() if "there is no business 99" in what)
    assert place == _line(account, "organisation", "business_id: 99")


def test_a_zone_with_another_clock_is_told_with_the_right_one(account: Account):
    account.edit("organisation", "Europe/Madrid", "Europe/Lisbon")
    answer = account.cli("check", "--online")
    assert answer.code == 2
    assert "Nexudus says Europe/Paris" in answer.out
    assert "tasklists/organisation.yaml:" in answer.out


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Active": False}, "is not active"),
        ({"IsAdmin": False}, "is not an admin"),
        ({"DefaultBusinessId": LONDON, "Businesses": [LONDON]}, "does not have business"),
    ],
)
def test_whoever_cannot_be_given_tasks_is_told(account: Account, fields: dict[str, object], said: str):
    account.far_side.put_record("users", ANA, **fields)
    found = _problems(account)
    assert any(said in what and "ana@acme.example" in what for what in found), found


def test_an_unknown_person_in_a_list_is_told_in_that_list(account: Account):
    account.edit("new-member", "responsible: front-desk", "responsible: nobody@acme.example")
    found = _problems(account)
    place = next(at for what, at in found.items() if "nobody@acme.example" in what)
    assert place == _line(account, "new-member", "nobody@acme.example")


def test_a_plan_that_nobody_has_is_told_with_the_nearest(account: Account):
    item = "{id: a, name: A, responsible: host}"
    account.write("plans", f"tasklist: plans\nname: P\napplies:\n  tariffs: [Hot Dsk]\nitems:\n  - {item}\n")
    answer = account.cli("check", "--online")
    assert "no plan is named 'Hot Dsk', nearest: Hot Desk" in answer.out


def test_a_missing_right_is_said_and_is_no_good_answer(account: Account):
    item = "{id: a, name: A, responsible: host}"
    account.write("plans", f"tasklist: plans\nname: P\napplies:\n  tariffs: [Hot Desk]\nitems:\n  - {item}\n")
    login = next(user for user in account.far_side.records("users") if user["Email"] == account.far_side.username)
    account.far_side.put_record("users", login["Id"], UserRoles=["Business-Read", "User-List", "User-Read"])
    assert any("plans were not looked at: the login has no role Tariff-List" in what for what in _problems(account, 0))


def test_broken_files_are_mended_before_anybody_is_asked(account: Account):
    account.edit("new-member", "due: on contract.start", "due: on contract.strat")
    answer = account.cli("check", "--online")
    assert answer.code == 2
    assert "not asked while" in answer.err
    assert account.calls() == []


def test_an_account_that_cannot_be_reached_is_exit_6(account: Account):
    assert account.cli("check", "--online", NEXUDUS_BASE_URL="http://127.0.0.1:9").code == 6
