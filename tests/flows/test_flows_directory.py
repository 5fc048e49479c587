"""Admins are found by one list where its rows prove enough, and looked up one by one where they do not."""

from given_account import ANA, BARCELONA, LONDON, Account


def _user_calls(account: Account) -> list[str]:
    return [path for _, path in account.calls() if path.startswith("/api/sys/users")]


def test_all_admins_of_a_location_cost_one_call(account: Account):
    assert account.preview().code == 0
    assert _user_calls(account) == ["/api/sys/users"]


def test_an_admin_whose_default_location_is_another_one_is_read_to_see_the_others(account: Account):
    account.far_side.put_record("users", ANA, DefaultBusinessId=LONDON, Businesses=[LONDON, BARCELONA])
    answer = account.preview()
    assert answer.code == 0
    assert {action["payload"]["ResponsibleId"] for action in answer.json["actions"]} >= {ANA}
    assert f"/api/sys/users/{ANA}" in _user_calls(account)


def test_an_admin_without_the_location_is_passed_over_by_the_whole_record(account: Account):
    account.far_side.put_record("users", ANA, DefaultBusinessId=LONDON, Businesses=[LONDON])
    answer = account.preview()
    assert answer.code == 2
    assert f"ana@acme.example cannot be given tasks: user {ANA} does not have business {BARCELONA}" in answer.err


def test_more_admins_than_one_call_shows_are_looked_up_one_by_one(account: Account):
    for number in range(101):
        account.far_side.put_record(
            "users", 1500000000 + number, Email=f"u{number}@acme.example", IsAdmin=True, Active=True, UserRoles=[]
        )
    answer = account.preview()
    assert answer.code == 0
    assert f"/api/sys/users/{ANA}" in _user_calls(account)
    for number in range(101):
        account.far_side.remove_record("users", 1500000000 + number)


def test_without_a_ledger_the_list_of_admins_is_read_once_a_command(account: Account):
    assert not account.ledger.exists()
    assert account.preview().code == 0
    assert len(_user_calls(account)) == 1
