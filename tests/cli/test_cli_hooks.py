"""`tasklists hooks` against a sandbox: each webhook once, those of others untouched, no address shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from given_account import BARCELONA, LONDON, Account
from test_output_schemas import faults

from engine.cli.output_schemas import OUTPUTS

URL = "https://tasks.acme.example"
OURS = {
    ("barcelona", "contract.created", BARCELONA, 62),
    ("barcelona", "contract.first_activated", BARCELONA, 14),
    ("london", "contract.created", LONDON, 62),
    ("london", "contract.first_activated", LONDON, 14),
}
TOKEN = "4f1c9a7e2b8d6035c1e94a7f"  # made up for these tests
TOKENS = json.dumps({"london": TOKEN})


@pytest.fixture(autouse=True)
def no_hooks(account: Account) -> Iterator[None]:
    account.far_side.remove_records("webhooks")
    account.env["TASKLISTS_PUBLIC_URL"] = URL
    yield
    account.far_side.remove_records("webhooks")


def hooks(account: Account) -> list[dict[str, Any]]:
    return sorted(account.far_side.records("webhooks"), key=lambda hook: (hook["BusinessId"], hook["Action"]))


def a_hook(account: Account, number: int, **fields: Any) -> None:
    usual = {"BusinessId": BARCELONA, "Name": "theirs", "Action": 62, "Active": True, "ErrorCount": 0}
    account.far_side.put_record("webhooks", number, **{**usual, **fields})


def writes(account: Account) -> list[tuple[str, str]]:
    return [call for call in account.calls() if call[0] != "GET"]


def register(account: Account, *arguments: str, **env: str) -> Any:
    done = account.cli("hooks", "register", "--yes", "--format", "json", *arguments, **env)
    assert done.code == 0, done.err
    told = done.json
    assert faults(told, OUTPUTS["hooks"]) == []
    return told["changes"]


def test_register_makes_one_webhook_for_each_location_and_event_that_a_list_uses(account: Account) -> None:
    done = account.cli("hooks", "register", "--yes")
    assert done.code == 0, done.err
    made = hooks(account)
    assert {(h["Name"].split()[1], h["Name"].split()[2], h["BusinessId"], h["Action"]) for h in made} == OURS
    assert {h["URL"] for h in made} == {f"{URL}/hooks/{place}/{event}" for place, event, _, _ in OURS}
    assert all(h["Active"] and h["Name"].startswith("tasklists ") for h in made)
    assert len(made) == 4
    assert "Settings > Integrations > Webhooks" in done.err
    assert "barcelona, london" in done.err


def test_registering_again_changes_nothing(account: Account) -> None:
    register(account)
    account.far_side.clear_requests()
    assert {change["outcome"] for change in register(account)} == {"kept"}
    assert writes(account) == []


def test_registering_mends_a_wrong_address_and_one_that_is_off_and_keeps_the_rest(account: Account) -> None:
    register(account)
    first, second, *_ = hooks(account)
    account.far_side.put_record("webhooks", first["Id"], URL=f"{URL}/hooks/elsewhere/x", Description="Ana's note")
    account.far_side.put_record("webhooks", second["Id"], Active=False, Description="Ben's note", Name="renamed")
    changes = register(account)
    outcomes = {change["hook_id"]: change["outcome"] for change in changes}
    assert [outcomes[first["Id"]], outcomes[second["Id"]]] == ["updated", "updated"]
    mended, on_again, *rest = hooks(account)
    assert (mended["URL"], mended["Description"]) == (first["URL"], "Ana's note")
    assert (on_again["Active"], on_again["Description"], on_again["Name"]) == (True, "Ben's note", "renamed")
    assert [outcomes[hook["Id"]] for hook in rest] == ["kept", "kept"]


def test_webhooks_of_others_are_never_changed_or_removed(account: Account) -> None:
    secret = "https://hooks.other.example/catch/s3cr3t-p4th"
    a_hook(account, 9001, URL=secret)
    a_hook(account, 9002, URL=f"{URL}.evil.example/hooks/barcelona/contract.created", Active=False)
    a_hook(account, 9003, URL=f"{URL}/hooksbarcelona/contract.created")
    before = hooks(account)
    register(account)
    listed = account.cli("hooks", "list")
    removed = account.cli("hooks", "remove", "--yes")
    assert removed.code == 0
    assert hooks(account) == before
    assert "others" in listed.out
    assert "other.example" not in listed.out + listed.err + removed.out


def test_a_token_stands_in_the_address_and_nowhere_else(account: Account) -> None:
    done = account.cli("hooks", "register", "--yes", "--format", "json", TASKLISTS_HOOK_TOKENS=TOKENS)
    assert done.code == 0, done.err
    assert {h["URL"] for h in hooks(account) if h["BusinessId"] == LONDON} == {
        f"{URL}/hooks/london/contract.created/{TOKEN}",
        f"{URL}/hooks/london/contract.first_activated/{TOKEN}",
    }
    assert "barcelona. It is the one" in done.err, "only signed locations need the shared secret"
    checked = account.cli("hooks", "check", TASKLISTS_HOOK_TOKENS=TOKENS)
    listed = account.cli("hooks", "list", "--format", "json", TASKLISTS_HOOK_TOKENS=TOKENS)
    assert checked.code == 0
    shown = "".join((done.out, done.err, checked.out, checked.err, listed.out, listed.err))
    assert TOKEN not in shown
    assert "/[token]" in done.out


def test_a_changed_token_is_a_wrong_address(account: Account) -> None:
    register(account, TASKLISTS_HOOK_TOKENS=TOKENS)
    other = json.dumps({"london": ["b71e44c0d9a2f5836e17c0ab", TOKEN]})
    assert account.cli("hooks", "check", TASKLISTS_HOOK_TOKENS=other).code == 3
    changes = register(account, TASKLISTS_HOOK_TOKENS=other)
    assert sorted(change["outcome"] for change in changes) == ["kept", "kept", "updated", "updated"]
    assert len(hooks(account)) == 4


@pytest.mark.parametrize("fault", ["error-after-commit", "reset-after-commit", "late-commit"])
def test_a_creation_whose_answer_is_lost_is_looked_for_and_not_doubled(account: Account, fault: str) -> None:
    account.far_side.set_mode("S51.late-seconds", 0.3)
    account.far_side.set_fault(fault, "2x:webhooks")
    done = account.cli("hooks", "register", "--yes", TASKLISTS_QUIET_SECONDS="0.8")
    assert done.code == 0, done.err
    assert len(hooks(account)) == 4


def test_a_creation_that_did_not_happen_is_sent_again(account: Account) -> None:
    account.far_side.set_fault("error-before-commit", "2x:webhooks")
    done = account.cli("hooks", "register", "--yes", TASKLISTS_QUIET_SECONDS="0.2")
    assert done.code == 0, done.err
    assert len(hooks(account)) == 4


def test_an_update_and_a_removal_survive_lost_answers(account: Account) -> None:
    register(account)
    first = hooks(account)[0]
    account.far_side.put_record("webhooks", first["Id"], Active=False)
    account.far_side.set_fault("error-after-commit", "1x:webhooks")
    assert account.cli("hooks", "check", "--enable", "--yes").code == 0
    account.far_side.set_fault("error-after-commit", "1x:webhooks")
    assert account.cli("hooks", "remove", "--yes").code == 0
    assert hooks(account) == []


def test_throttling_is_waited_out(account: Account) -> None:
    account.far_side.set_mode("S50.scale", 0.01)
    account.far_side.set_fault("throttle", "3x:webhooks")
    assert account.cli("hooks", "register", "--yes").code == 0
    assert len(hooks(account)) == 4


def test_check_finds_what_is_missing_off_and_failing_and_tells_no_address(account: Account) -> None:
    register(account)
    first, second, third, _ = hooks(account)
    account.far_side.remove_record("webhooks", first["Id"])
    error = f"404 from {URL}/hooks/barcelona/contract.created/{TOKEN}, token {TOKEN}"
    account.far_side.put_record("webhooks", second["Id"], Active=False, ErrorCount=11, LastError=error)
    account.far_side.put_record("webhooks", third["Id"], ErrorCount=2, LastError="The operation timed out")
    done = account.cli("hooks", "check", "--format", "json")
    assert done.code == 3
    assert faults(done.json, OUTPUTS["hooks"]) == []
    found = {finding["kind"]: finding for finding in done.json["findings"]}
    assert set(found) == {"missing", "off", "failing"}
    assert found["missing"]["hook_id"] is None
    assert found["off"]["error_count"] == 11
    assert found["failing"]["last_error"] == "The operation timed out"
    shown = account.cli("hooks", "check")
    assert shown.code == 3
    assert TOKEN not in done.out + shown.out
    assert "acme.example" not in done.out + shown.out


def test_check_switches_on_again_with_consent_and_counts_old_failures_no_more(account: Account) -> None:
    register(account)
    first = hooks(account)[0]
    account.far_side.put_record("webhooks", first["Id"], Active=False, ErrorCount=10, LastError="500")
    assert account.cli("hooks", "check").code == 3
    assert not account.far_side.record("webhooks", first["Id"])["Active"]
    done = account.cli("hooks", "check", "--enable", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["findings"] == []
    assert account.far_side.record("webhooks", first["Id"])["Active"]
    account.far_side.put_record("webhooks", first["Id"], ErrorCount=11)
    assert account.cli("hooks", "check").code == 3


def test_doubles_and_what_no_list_uses_any_more_are_told_and_removed_by_unused(account: Account) -> None:
    register(account)
    kept = hooks(account)
    a_hook(account, 1413999999, URL=kept[0]["URL"])
    a_hook(account, 1413999998, URL=f"{URL}/hooks/barcelona/team.created", Action=57)
    found = {f["kind"]: f for f in account.cli("hooks", "check", "--format", "json").json["findings"]}
    assert [found["doubled"]["needs_person"], found["unused"]["needs_person"]] == [True, False]
    done = account.cli("hooks", "remove", "--unused", "--yes", "--format", "json")
    assert done.code == 0
    assert faults(done.json, OUTPUTS["hooks"]) == []
    assert hooks(account) == kept


def test_an_earlier_address_of_ours_is_removed_by_naming_it(account: Account) -> None:
    register(account, TASKLISTS_PUBLIC_URL="https://old.acme.example")
    register(account)
    found = account.cli("hooks", "check", "--format", "json")
    assert found.code == 0
    assert {f["kind"] for f in found.json["findings"]} == {"other"}
    assert account.cli("hooks", "remove", "--url", "https://old.acme.example", "--yes").code == 0
    assert {h["URL"].split("/hooks/")[0] for h in hooks(account)} == {URL}


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("", "is not set"),
        ("http://tasks.acme.example", "is not https"),
        ("https://ana:s3cret@acme.example", "holds a login"),
        ("https://acme.example/?token=s3cret", "has a ? or # part"),
        ("ftp://acme.example", "is no web address"),
        ("https://acme.example:port", "is no web address"),
    ],
)
def test_a_wrong_address_is_refused_before_anything_is_sent(account: Account, url: str, what: str) -> None:
    done = account.cli("hooks", "register", "--yes", TASKLISTS_PUBLIC_URL=url)
    assert done.code == 2
    assert what in done.err
    assert "s3cret" not in done.err
    assert account.calls() == []


def test_plain_http_is_taken_on_this_machine_or_by_choice(account: Account) -> None:
    register(account, "--url", "http://127.0.0.1:8080/")
    register(account, "--url", "http://tasks.intra.example", "--insecure")
    assert len(hooks(account)) == 8
    assert {h["URL"].partition("/hooks")[0] for h in hooks(account)} == {
        "http://127.0.0.1:8080",
        "http://tasks.intra.example",
    }


def test_nothing_is_changed_where_nobody_can_be_asked(account: Account) -> None:
    for verb in (["register"], ["remove"], ["check", "--enable"]):
        done = account.cli("hooks", *verb)
        assert done.code == 2
        assert "--yes" in done.err
    assert account.calls() == []


ROLES = ("WebHook-List", "WebHook-Read", "WebHook-Create", "WebHook-Edit", "WebHook-Delete")


@pytest.mark.parametrize("missing", ["", *ROLES])
def test_each_command_needs_its_rights_only_and_names_the_one_that_is_missing(account: Account, missing: str) -> None:
    roles = [role for role in ROLES if role != missing] if missing else list(ROLES)
    account.far_side.put_record("users", 1418332103, UserRoles=roles)
    env = {"NEXUDUS_USERNAME": "list-only@acme.example"}
    needs = {
        ("list",): {"WebHook-List"},
        ("check",): {"WebHook-List"},
        ("register", "--yes"): {"WebHook-List", "WebHook-Create"},
        ("check", "--enable", "--yes"): {"WebHook-List", "WebHook-Read", "WebHook-Edit"},
        ("remove", "--yes"): {"WebHook-List", "WebHook-Delete"},
    }
    for command, needed in needs.items():
        account.far_side.remove_records("webhooks")
        if command[0] != "register":
            register(account)
            first = hooks(account)[0]["Id"]
            account.far_side.put_record("webhooks", first, Active="--enable" not in command)
        done = account.cli("hooks", *command, **env)
        assert (done.code, missing in needed) in {(0, False), (2, True)}, (command, done.err)
        assert missing not in needed or missing in done.err


def test_list_and_check_make_no_ledger(account: Account) -> None:
    assert account.cli("hooks", "list", TASKLISTS_PUBLIC_URL="").code == 0
    assert account.cli("hooks", "check").code == 3
    assert not account.ledger.exists()
