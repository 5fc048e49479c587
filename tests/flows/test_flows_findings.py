"""What a probe found out about the account is used by later runs."""

import pytest
from given_account import ASHLEY, BARCELONA, DANNY, PAULA, Account

SOON = {"TASKLISTS_QUIET_SECONDS": "0.5"}


def _probe(account: Account) -> None:
    told = account.cli("probe", "--coworker", PAULA, "--yes", "--format", "json", **SOON)
    assert told.code == 0, told.err + told.out


def test_a_text_that_the_account_would_cut_is_refused_before_anything_is_sent(account: Account):
    account.far_side.set_mode("S23.Notes", "cut-silently")
    account.far_side.set_mode("S23.Notes-limit", "60")
    _probe(account)
    account.far_side.clear_requests()
    answer = account.run()
    assert answer.code == 2
    assert "access-card: Notes has" in answer.err
    assert "this account keeps 60 (probe Q10)" in answer.err
    assert account.posts() == []


def test_lists_are_read_in_the_largest_pages_that_were_proved(account: Account):
    assert account.run().code == 0
    assert _page_sizes(account) == {"100"}
    for number in range(1400, 1520):
        account.far_side.put_record("coworkertasks", number, CoworkerId=DANNY, BusinessId=BARCELONA, Name="Old")
    _probe(account)
    account.far_side.clear_requests()
    for command in (account.preview, account.run):
        command()
        assert _page_sizes(account) == {"123"}, "so many tasks there were"


def _page_sizes(account: Account) -> set[str]:
    asked = [request["query"] for request in account.far_side.requests()]
    return {part.partition("=")[2] for query in asked for part in query.split("&") if part.startswith("size=")}


def test_a_deleted_task_is_gone_where_an_unknown_id_answers_500(account: Account):
    account.far_side.set_mode("S19", "500")
    made = account.run().json["results"][0]["task_id"]
    account.far_side.remove_record("coworkertasks", made)
    assert set(account.run().outcomes.values()) == {"kept"}, "a 500 alone says nothing"
    _probe(account)
    assert sorted(account.run().outcomes.values()) == ["kept", "kept", "skipped"]


@pytest.mark.parametrize("twin", [False, True])
def test_an_exact_filter_decides_where_the_mark_is_lost(account: Account, twin: bool):
    _probe(account)
    fault = "error-before-commit" if twin else "error-after-commit"
    account.far_side.set_fault(fault, "3x:coworkertasks")
    held = account.run()
    assert set(held.outcomes.values()) == {"held"}
    if twin:
        action = next(one for one in held.json["actions"] if one["item"] == "locker")
        made = {name: action["payload"][name] for name in ("Name", "BusinessId", "ResponsibleId", "DueDate")}
        account.far_side.put_record("coworkertasks", 1400, CoworkerId=ASHLEY, **made)
    else:
        for row in account.far_side.records("coworkertasks"):
            account.far_side.put_record("coworkertasks", row["Id"], Notes="replaced by staff")
    decided = account.run(**SOON | {"TASKLISTS_QUIET_SECONDS": "0"})
    assert set(decided.outcomes.values()) == ({"created"} if twin else {"adopted"})
    assert len(account.names()) == len(set(account.names())) or twin
