"""`tasklists import` and `tasklists init` as their users type them; what they make, `check` accepts."""

from __future__ import annotations

import pytest
import spreadsheets
from given_account import BARCELONA, Account
from test_output_schemas import faults

from engine.cli.output_schemas import OUTPUTS

PEOPLE = ("--person", "community-manager=eva@acme.example", "--person", "barcelona:front-desk=ana@acme.example")
PLACE = ("--location", f"barcelona={BARCELONA},Europe/Madrid,ES-CT")


@pytest.fixture
def sheet(account: Account) -> Account:
    (account.folder / "new.xlsx").write_bytes(spreadsheets.with_headings())
    (account.folder / "bare.csv").write_text(spreadsheets.BARE)
    return account


def test_a_spreadsheet_becomes_a_list_that_check_accepts_and_run_makes(sheet: Account):
    made = sheet.cli("import", "new.xlsx", "--out", "tasklists/onboarding.yaml")
    assert (made.code, made.out) == (0, "")
    assert 'task = column B "Task"' in made.err
    assert "onboarding: 7 items" in made.err
    checked = sheet.cli("check", "onboarding")
    assert "invoice" not in checked.out
    sheet.edit("onboarding", "    responsible: finance\n", "")
    assert sheet.cli("check", "onboarding").code == 0
    done = sheet.run(name="onboarding")
    assert done.code == 0
    assert len(sheet.names()) == 7


def test_the_yaml_goes_to_standard_output_without_out(sheet: Account):
    made = sheet.cli("import", "bare.csv", "--list", "hello", "--anchor", "signup")
    assert made.out.startswith("# yaml-language-server")
    assert "tasklist: hello\n" in made.out
    assert "due: 2 days before signup" in made.out


def test_nothing_is_written_over(sheet: Account):
    before = (sheet.lists / "new-member.yaml").read_bytes()
    refused = sheet.cli("import", "bare.csv", "--out", "tasklists/new-member.yaml")
    assert (refused.code, "exists already" in refused.err) == (2, True)
    assert (sheet.lists / "new-member.yaml").read_bytes() == before


def test_the_json_of_an_import_is_what_its_schema_says(sheet: Account):
    made = sheet.cli("import", "new.xlsx", "--format", "json")
    assert not list(faults(made.json, OUTPUTS["import"]))
    (told,) = made.json["lists"]
    assert {(review["row"], review["column"]) for review in told["reviews"]} >= {(6, "C"), (15, "D")}
    assert told["left_out"][0]["row"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a file"),
        (("gone.csv",), "cannot be read"),
        (("bare.csv", "--anchor", "contract.strat"), "Did you mean contract.start"),
        (("bare.csv", "--list", "Bad Id"), "is no id"),
        (("bare.csv", "--columns", "who=A"), "tasks' column is not named"),
        (("--native", "barcelna"), "Did you mean barcelona"),
        (("--native", "99"), "no task lists"),
    ],
)
def test_a_wrong_import_is_refused_in_a_sentence(sheet: Account, arguments: tuple[str, ...], said: str):
    refused = sheet.cli("import", *arguments)
    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_native_lists_become_files_with_a_warning_of_double_work(account: Account):
    made = account.cli("import", "--native", "barcelona", "--out", "tasklists")
    assert made.code == 0, made.err
    assert {path.stem for path in account.lists.glob("*.yaml")} >= {"house-rules", "new-members"}
    rules = (account.lists / "house-rules.yaml").read_text()
    assert "due: {rule: 24 hours after event, fallback: 24 hours after contract.start, roll: none}" in rules
    assert "perhaps 1 business day after contract.start is meant" in rules
    members = (account.lists / "new-members.yaml").read_text()
    assert "  on: [contract.created]\n  locations: [barcelona]" in members
    checked = account.cli("check", "house-rules", "new-members")
    assert checked.code == 0, checked.out
    assert account.run(name="house-rules").code == 0
    assert account.names() == ["Ask for feedback", "Hand out rules"]


def test_an_active_native_list_is_to_be_switched_off_first(account: Account):
    account.far_side.put_record("tasklists", 1412000103, Active=True)
    try:
        made = account.cli("import", "--native", BARCELONA, "--format", "json")
    finally:
        account.far_side.put_record("tasklists", 1412000103, Active=False)
    told = {one["tasklist"]: [review["what"] for review in one["reviews"]] for one in made.json["lists"]}
    assert any("switch the native list off" in what for what in told["new-members"])
    assert not any("switch" in what for what in told["house-rules"])


def test_a_starter_folder_is_ready_for_check_and_preview(account: Account):
    made = account.cli("init", "fresh", "--yes", "--owner", "acme", "--since", "2026-11-01", *PLACE, *PEOPLE)
    assert made.code == 0, made.err
    checked = account.cli("check", "--dir", "fresh")
    assert (checked.code, checked.out) == (0, "")
    planned = account.preview("--dir", "fresh")
    assert planned.code == 0, planned.err
    assert len(planned.actions) == 7
    again = account.cli("init", "fresh", "--yes", "--owner", "acme", *PLACE, *PEOPLE)
    assert (again.code, "nothing was written" in again.err) == (2, True)


def test_a_starter_folder_from_the_account(account: Account):
    made = account.cli("init", "fresh", "--online", "--yes", "--owner", "acme", "--format", "json")
    assert made.code == 0, made.err
    assert not list(faults(made.json, OUTPUTS["init"]))
    text = (account.folder / "fresh" / "organisation.yaml").read_text()
    assert f"business_id: {BARCELONA}\n    time_zone: Europe/Madrid" in text
    assert "holidays: {country: ES}" in text
    checked = account.cli("check", "--dir", "fresh")
    assert checked.code == 0, checked.out
    assert "twin@" not in text, "an e-mail of two users names neither: both stand there by their ids"
    assert "{user: 1418332101}]" in text
    assert "{user: 1418332102}]" in text
    assert account.cli("check", "--online", "--dir", "fresh").code == 0
    assert account.preview("--dir", "fresh").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--owner", "Acme Inc", *PLACE, *PEOPLE), "is no name"),
        (("--owner", "acme", *PEOPLE), "no location"),
        (("--owner", "acme", *PLACE), "nobody holds a role"),
        (("--owner", "acme", "--location", "x", *PEOPLE), "is no location"),
        (("--owner", "acme", "--location", "x=1,Europe/Madird", *PEOPLE), "time zone"),
        (("--owner", "acme", "--location", "x=1,ES-XX", "--person", "host=a@b.example"), "no subdivision"),
        (("--owner", "acme", *PLACE, "--person", "hots=a@b.example"), "Did you mean host"),
        (("--owner", "acme", *PLACE, "--person", "paris:host=a@b.example"), "no location 'paris'"),
        (("--owner", "acme", *PLACE, "--person", "host"), "names nobody"),
        (("--owner", "acme", "--since", "2026-13-01", *PLACE, *PEOPLE), "no such day"),
    ],
)
def test_a_wrong_beginning_is_refused_and_leaves_nothing(account: Account, arguments: tuple[str, ...], said: str):
    refused = account.cli("init", "fresh", "--yes", *arguments)
    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert not (account.folder / "fresh").exists()
