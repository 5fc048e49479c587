"""What is printed: it fits, it says what matters, and no data can steer the terminal or leave it unmasked."""

import json
import unicodedata

import pytest
from given_account import ASHLEY, BRACES, ESCAPES, JOSE, PASSWORD, Account
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli.showing import print_json
from engine.cli.tables import fitted
from engine.core.report import steers

LATE = 'items:\n  - {id: past, name: "Past of {{ coworker.full_name }}", due: on 2026-11-02 at 10:00}\n'


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def _widest(text: str) -> int:
    return max(_columns(line) for line in text.splitlines())


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_no_line_of_a_table_is_longer_than_the_terminal(account: Account, columns: int):
    account.edit("new-member", "items:\n", LATE)
    account.far_side.put_record("coworkers", ASHLEY, FullName="Maximiliane von Hohenlohe-Langenburg 山田太郎 🚀🚀")
    told = {"COLUMNS": str(columns)}
    who = ("new-member", "--coworker", ASHLEY)
    shown = [account.cli("preview", *who, "--explain", **told), account.cli("run", *who, "--yes", **told)]
    shown += [account.cli("run", *who, "--yes", **told), account.cli("status", **told)]
    shown += [account.cli("status", "--coworker", ASHLEY, **told)]
    for answer in shown:
        assert answer.code == 0
        assert _widest(answer.out) <= columns, answer.out


@pytest.mark.parametrize("columns", ["abc", "0", "-5", "9" * 30, "7"])
def test_an_odd_number_of_columns_is_no_reason_to_fail(account: Account, columns: str):
    answer = account.cli("preview", "new-member", "--coworker", ASHLEY, COLUMNS=columns)
    assert (answer.code, answer.err) == (0, "")
    assert "would" in answer.out


def test_dates_actions_and_ids_are_never_broken_over_lines_at_80_columns(account: Account):
    lines = account.cli("preview", "new-member", "--coworker", ASHLEY, COLUMNS="80").out.splitlines()
    for whole in ("locker [1415590047]", "access-card", "welcome-tour"):
        assert any(whole in line for line in lines)
    due = account.preview().json["actions"][0]["due_at"][:10]
    assert any(f"{due} 10:00" in line and "would create" in line for line in lines)
    assert sum("would create" in line for line in lines) == 3
    lines = account.cli("run", "new-member", "--coworker", ASHLEY, "--yes", COLUMNS="80").out.splitlines()
    assert sum("created" in line for line in lines) == 4
    for commit in account.commits():
        assert any(str(commit["id"]) in line for line in lines)


@given(
    natural=st.lists(st.integers(1, 300), min_size=1, max_size=8),
    least=st.lists(st.integers(0, 40), min_size=8, max_size=8),
    room=st.integers(8, 300),
)
@settings(derandomize=True, database=None, deadline=None)
def test_columns_always_fit_and_shrink_only_when_they_have_to(natural: list[int], least: list[int], room: int):
    found = fitted(natural, least[: len(natural)], room)
    assert sum(found) <= room
    assert all(1 <= width <= wish for width, wish in zip(found, natural, strict=True))
    assert found == natural or sum(natural) > room
    floors = [min(pair) for pair in zip(natural, least, strict=False)]
    if sum(max(floor, 1) for floor in floors) <= room:
        assert all(width >= floor for width, floor in zip(found, floors, strict=True))


def test_a_late_date_says_what_it_was_and_why(account: Account):
    account.edit("new-member", "items:\n", LATE)
    for columns in ("80", "140"):
        told = " ".join(account.cli("preview", "new-member", "--coworker", ASHLEY, COLUMNS=columns).out.split())
        assert "late" in told
        assert "2026-11-02" in told or "2 Nov 2026" in told


def test_a_second_run_says_since_when_and_from_which_run(account: Account):
    first = account.run().json["run_id"]
    for columns in ("80", "140"):
        told = account.cli("run", "new-member", "--coworker", ASHLEY, "--yes", COLUMNS=columns)
        assert f"by run {first}" in " ".join(told.out.split())
        assert "3 kept" in told.out


@pytest.mark.parametrize("coworker", [BRACES, JOSE])
def test_a_members_text_goes_through_as_it_is(account: Account, coworker: int):
    name = account.far_side.record("coworkers", coworker)["FullName"]
    account.edit("new-member", "applies:\n  on: [contract.created, contract.first_activated]\n", "applies:\n")
    done = account.run(coworker=coworker)
    assert done.json["task_list_name"] == f"Welcome {name}"
    tour = next(line["record"] for line in account.commits() if line["record"]["Name"].startswith("Welcome tour"))
    assert tour["Name"] == f"Welcome tour with {name}"
    assert name in account.cli("preview", "new-member", "--coworker", coworker).out


def test_control_signs_of_a_member_are_sent_as_they_are_and_shown_as_text(account: Account):
    account.far_side.put_record("coworkers", ESCAPES, FullName="\x1b[31mRed\x07 \x9b2J Adler\u202e")
    who = ("new-member", "--coworker", ESCAPES)
    answers = [account.cli("preview", *who), account.cli("preview", *who, "--format", "markdown", "--explain")]
    answers += [account.cli("run", *who, "--yes"), account.cli("run", *who, "--yes")]
    answers += [account.cli("status"), account.cli("status", "--coworker", ESCAPES)]
    for answer in answers:
        assert answer.code == 0
        assert not {sign for sign in answer.out + answer.err if unicodedata.category(sign) in {"Cc", "Cf"}} - {"\n"}
    assert "\x1b[31mRed" in json.loads(account.posts()[0])["TaskListName"]
    assert "<1B>" in answers[0].out


PERSONAL = {
    "FullName": "Aurelia  Quixote-Smith",
    "GuessedFirstName": "Aurelia",
    "Salutation": "Aurelia",
    "Email": "aurelia@quixote.example",
    "MobilePhone": "0770 0900 744",
    "Notes": "Prefers the window seat\nAllergic to nuts",
    "CompanyName": "Quixote & Co. (Wines)",
}
ALL = (
    "items:\n  - id: all\n    due: on contract.start\n    name: 'For {{ coworker.full_name | upper }}'\n    notes: |\n"
    "      {{ coworker.email }} {{ coworker.mobile_phone }} {{ coworker.company_name }} {{ coworker.notes }}\n"
    "      {{ contract.notes }} {{ inputs.guest }}\n    when: coworker.full_name != 'x'\n"
)


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_redact_leaves_no_personal_text_in_any_format(account: Account, form: str):
    account.far_side.put_record("coworkers", ASHLEY, **PERSONAL)
    account.far_side.put_record("coworkercontracts", 1418975228, Notes="Paid by her mother")
    account.edit("new-member", "items:\n", ALL)
    account.edit("new-member", "anchor: contract.start", "anchor: contract.start\ninputs: {guest: {type: text}}")
    who = ("new-member", "--coworker", ASHLEY, "--set", "guest=Ignatius Reilly", "--redact")
    told = account.cli("preview", *who, "--explain", "--format", form)
    assert told.code == 0, told.err
    answers = [told]
    if form != "markdown":
        answers += [account.cli("run", *who, "--yes", "--format", form) for _ in range(2)]
    secrets = ["aurelia", "quixote", "0900 744", "window seat", "nuts", "wines", "her mother", "ignatius", "reilly"]
    for answer in answers:
        assert answer.code == 0
        assert [secret for secret in secrets if secret in (answer.out + answer.err).lower()] == []
        assert "locker" in answer.out
    assert any(b"Ignatius Reilly" in body for body in account.posts()) == (form != "markdown")


def test_redact_changes_neither_checksum_nor_ids(account: Account):
    plain, masked = account.preview().json, account.preview("--redact").json
    assert plain["checksum"] == masked["checksum"]
    for one, other in zip(plain["actions"], masked["actions"], strict=True):
        assert [one[n] for n in ("action", "item", "task_item_unique_id", "due_at")] == [
            other[n] for n in ("action", "item", "task_item_unique_id", "due_at")
        ]
    assert (
        plain["checksum"][:12]
        in account.cli("preview", "new-member", "--coworker", ASHLEY, "--redact", "--format", "markdown").out
    )


def test_no_secret_and_no_member_is_in_the_ledger_or_in_progress_lines(account: Account):
    answers = [account.cli("run", "new-member", "--coworker", ASHLEY, "--yes"), account.cli("status")]
    assert "Smith" not in answers[0].err
    assert "access-card: created" in answers[0].err
    held = b"".join(path.read_bytes() for path in account.ledger.parent.iterdir())
    for word in ("Ashley", "Smith", PASSWORD, "member-744", "Bearer", "access_token", "Locker key"):
        assert word.encode() not in held
        assert word in {"Ashley", "Smith", "Locker key"} or word not in answers[0].out
    for answer in answers:
        assert PASSWORD not in answer.out + answer.err


def test_status_tells_runs_one_run_and_the_tasks_of_a_coworker(account: Account):
    assert account.cli("status").out == f"no ledger at {account.ledger}: nothing was run here\n"
    assert account.cli("status", "--format", "json").json == {"runs": [], "waits": []}
    run_id = account.run().json["run_id"]
    account.run(coworker=JOSE, name="new-member")
    runs = account.cli("status", "--format", "json").json["runs"]
    assert runs[-1]["run_id"] == run_id
    assert runs[-1]["outcomes"] == {"created": 3}
    own = account.cli("status", "--coworker", ASHLEY, "--format", "json").json
    assert [run["run_id"] for run in own["runs"]] == [run_id]
    assert {task["state"] for task in own["tasks"]} == {"created"}
    assert {task["run_id"] for task in own["tasks"]} == {run_id}
    table = account.cli("status", "--coworker", ASHLEY, COLUMNS="80").out
    assert all(part in table for part in (run_id, "3 created", "access-card", "locker [1415590047]"))
    one = account.cli("status", "--run", run_id)
    assert (one.code, "3 created" in one.out) == (0, True)
    assert account.cli("status", "--run", run_id, "--format", "json").json["run"]["run_id"] == run_id


def test_status_exits_3_while_a_task_is_open_and_names_it(account: Account):
    account.far_side.set_fault("error-after-commit", "1x:coworkertasks")
    run_id = account.run().json["run_id"]
    told = account.cli("status", "--coworker", ASHLEY)
    assert (told.code, "open" in told.out) == (3, True)
    assert "it may have been made" in " ".join(account.cli("status", "--run", run_id, COLUMNS="200").out.split())


def test_status_refuses_an_unknown_run_and_two_questions_at_once(account: Account):
    account.run()
    unknown = account.cli("status", "--run", "nope")
    assert (unknown.code, "no run 'nope'" in unknown.err) == (2, True)
    both = account.cli("status", "--run", "nope", "--coworker", ASHLEY)
    assert (both.code, "not both" in both.err) == (2, True)
    nobody = account.cli("status", "--coworker", 5)
    assert (nobody.code, nobody.out) == (0, "no runs yet\n")


def test_exit_code_4_tells_that_a_run_would_change_something(account: Account):
    assert account.preview("--exit-code").code == 4
    account.run()
    assert account.preview("--exit-code").code == 0
    account.lose_ledger()
    assert account.preview("--exit-code").code == 4


def test_json_holds_no_sign_that_could_steer_a_terminal_and_reads_back_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = {"name": "\x1b[31mRed\x9b0m \u202eabc\u2066 José 🚀 \u2028 \ud800 \x7f"}
    print_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert not [sign for sign in printed if sign != "\n" and steers(sign)]
    assert "José 🚀" in printed
