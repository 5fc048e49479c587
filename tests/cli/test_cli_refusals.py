"""What is given wrong: one clear sentence, its place, what to do next; never a traceback, never a partial batch."""

import socket
import sqlite3
from collections.abc import Callable

import pytest
from given_account import (
    ANA,
    ASHLEY,
    BARCELONA,
    BEN,
    DANNY,
    ESCAPES,
    GLEN,
    JOSE,
    LESLIE,
    PAULA,
    RACHAEL,
    Account,
    Answer,
)


def _refused(answer: Answer, *words: str, code: int = 2) -> None:
    told = answer.err
    assert (answer.code, answer.out) == (code, ""), told
    assert "Traceback" not in told
    assert [word for word in words if word not in told] == [], told


def _both(account: Account, *arguments: object, coworker: int = ASHLEY, **env: str) -> list[Answer]:
    """The same refusal from preview and run; nothing was posted."""
    answers = [
        account.preview(*arguments, coworker=coworker, **env),
        account.run(*arguments, coworker=coworker, **env),
    ]
    assert account.posts() == []
    return answers


def test_a_refused_login_says_so_and_shows_no_password(account: Account):
    for answer in _both(account, NEXUDUS_PASSWORD="wrong-horse"):
        _refused(answer, "NEXUDUS_PASSWORD")
        assert "wrong-horse" not in answer.err


def test_settings_that_are_missing_are_named(account: Account):
    for answer in _both(account, NEXUDUS_USERNAME=""):
        _refused(answer, "NEXUDUS_USERNAME is not set", "sandbox")


def test_a_missing_role_is_named(account: Account):
    for answer in _both(account, NEXUDUS_USERNAME="list-only@acme.example"):
        _refused(answer, "Coworker-Read", "Settings, Users, Roles")


def test_a_login_that_may_not_create_stops_before_the_second_task(account: Account):
    roles = ("Coworker", "CoworkerContract", "FloorPlanDesk", "User", "CoworkerTask")
    given = [f"{name}-{right}" for name in roles for right in ("List", "Read")]
    listing = account.far_side.record("users", 1418332103)
    account.far_side.put_record("users", 1418332103, UserRoles=given)
    answer = account.run(NEXUDUS_USERNAME="list-only@acme.example")
    account.far_side.put_record("users", 1418332103, UserRoles=listing["UserRoles"])
    assert answer.code == 2, answer.err
    assert "CoworkerTask-Create" in answer.err
    assert account.commits() == []
    assert set(answer.outcomes.values()) == {"failed"}
    assert set(account.run().outcomes.values()) == {"created"}


def test_an_unreachable_host_is_exit_6(account: Account):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"  # bound, not listening: the connect is refused
        _refused(account.preview(NEXUDUS_BASE_URL=url), "127.0.0.1", code=6)


def test_a_service_that_goes_away_before_a_run_is_exit_6_and_nothing_is_sent(account: Account):
    account.far_side.set_fault("unavailable-on-read", "1.0:coworkertasks")
    answer = account.preview()
    _refused(answer, "again", code=6)
    assert account.posts() == []


@pytest.mark.parametrize("status", ["404", "500"])
def test_an_unknown_coworker_is_named(account: Account, status: str):
    account.far_side.set_mode("S19", status)
    for answer in _both(account, coworker=424242):
        _refused(answer, "No coworker 424242", "Look the id up")


def test_an_unknown_role_holder_is_named(account: Account):
    account.edit("organisation", "front-desk: ana@acme.example", "front-desk: anna@acme.example")
    for answer in _both(account):
        _refused(answer, "anna@acme.example", "organisation.yaml")


def test_an_e_mail_of_two_users_is_refused_with_their_ids(account: Account):
    account.edit("organisation", "front-desk: ana@acme.example", "front-desk: twin@acme.example")
    for answer in _both(account):
        _refused(answer, "twin@acme.example", "1418332101", "1418332102", "{user: 1418332101}")


@pytest.mark.parametrize(("who", "why"), [("old", "is not active"), ("guest", "is not an admin"), ("omar", "business")])
def test_a_user_who_cannot_have_the_task_is_named_with_the_reason(account: Account, who: str, why: str):
    account.edit("organisation", "front-desk: ana@acme.example", f"front-desk: {who}@acme.example")
    for answer in _both(account):
        _refused(answer, f"{who}@acme.example", why, "organisation.yaml", "new-member.yaml:")


def test_a_holder_who_left_is_passed_over_where_another_one_holds_the_role(account: Account):
    account.edit("organisation", "front-desk: ana@acme.example", "front-desk: [old@acme.example, ana@acme.example]")
    answer = account.preview()
    assert answer.code == 0
    assert answer.json["actions"][0]["payload"]["ResponsibleId"] == ANA
    assert any("old@acme.example" in warning for warning in answer.json["warnings"])


def test_a_location_without_a_calendar_is_refused_with_its_place(account: Account):
    account.edit("organisation", "calendar: spain", "calendar: spian")
    for answer in _both(account):
        _refused(answer, "organisation.yaml:9:15", "'spian'", "nearest: spain")


def test_two_possible_contracts_are_listed_and_one_can_be_named(account: Account):
    for answer in _both(account, coworker=DANNY):
        _refused(answer, "2 contracts could be meant", "1418975233", "1418975234", "--contract")
    chosen = account.preview("--contract", 1418975233, coworker=DANNY)
    assert chosen.code == 0
    _refused(account.preview("--contract", 1, coworker=DANNY), "Contract 1 is not one of", "1418975233")


def test_once_per_membership_needs_a_contract_and_says_what_to_write(account: Account):
    for answer in _both(account, "--anyway", coworker=PAULA):
        _refused(answer, "once_per: coworker")


def test_a_plan_that_the_list_is_not_for_stops_unless_anyway(account: Account):
    for answer in _both(account, "--location", "barcelona", coworker=LESLIE):
        _refused(answer, "Hot Desk, Dedicated Desk", "Virtual Office", "--anyway")
    assert account.preview("--anyway", coworker=LESLIE).code == 0


def test_a_location_that_organisation_yaml_does_not_know_is_named(account: Account):
    text = (account.lists / "organisation.yaml").read_text(encoding="utf-8")
    account.write("organisation", text.replace("business_id: 1421021016", "business_id: 77"))
    for answer in _both(account):
        _refused(answer, str(BARCELONA), "organisation.yaml", "--location")
    _refused(account.preview("--location", "paris"), "'paris'", "barcelona, london")


def test_location_moves_the_tasks_there(account: Account):
    answer = account.preview("--location", "london")
    assert {action["payload"]["BusinessId"] for action in answer.json["actions"]} == {1421021017}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new-membre",), ("no task list 'new-membre'", "Did you mean new-member?")),
        (("../organisation",), ("is no task list's id",)),
        (("new-member", "--set", "x"), ("--set 'x' has no =",)),
        (("new-member", "--set", "x=1"), ("no input 'x'",)),
        (("new-member", "--event", "soon"), ("'soon' is no moment", "2026-12-01T09:30")),
        (("new-member", "--now", "2026-13-01"), ("'2026-13-01' is no moment",)),
        (("new-member", "--team", "5"), ("Team 5 is not a team of this coworker",)),
        (("new-member", "--contract", "x"), ("--contract", "not a valid integer")),
        (("new-member", "--dir", "nowhere"), ("nowhere holds no organisation.yaml",)),
    ],
    ids=" ".join,
)
def test_each_wrong_argument_has_its_own_sentence(account: Account, arguments: tuple[str, ...], words: tuple[str, ...]):
    for command in (("preview",), ("run", "--yes")):
        _refused(account.cli(*command, *arguments, "--coworker", ASHLEY), *words)
    assert account.posts() == []


def test_an_input_without_a_value_is_asked_for_by_name(account: Account):
    account.edit("new-member", "anchor:", "inputs: {out: {type: date}, n: {type: int, default: 3}}\nanchor:")
    for answer in _both(account):
        _refused(answer, "'out' (date) has no value", "--set out=VALUE")
    _refused(account.preview("--set", "out=tomorrow", "--set", "n=x"), "'out'", "'tomorrow'", "'n'")
    assert account.preview("--set", "out=2026-12-01").code == 0


def test_a_command_that_does_not_exist_names_the_nearest(account: Account):
    _refused(account.cli("previw", "new-member"), "did you mean preview?")


def test_run_without_yes_and_without_a_terminal_is_refused_before_anything_is_read(account: Account):
    _refused(account.cli("run", "new-member", "--coworker", ASHLEY), "--yes")
    assert account.calls() == []


def test_a_ledger_of_another_owner_or_account_and_a_later_since_are_refused(account: Account):
    account.run()
    posted = len(account.posts())
    account.edit("organisation", "owner: acme-coworking", "owner: other")
    _refused(account.run(), "acme-coworking", "TASKLISTS_LEDGER")
    account.edit("organisation", "owner: other", "owner: acme-coworking")
    port = account.far_side.base_url.rpartition(":")[2]
    _refused(account.preview(NEXUDUS_BASE_URL=f"http://localhost:{port}"), "is for the account at")
    account.edit("organisation", "since: 2026-11-01", "since: 2026-11-20")
    _refused(account.run(), "since", "2026-11-01")
    account.edit("organisation", "since: 2026-11-20", "since: 2999-01-01")
    for answer in (account.run(), account.preview()):
        _refused(answer, "future day")
    assert len(account.posts()) == posted


def test_a_file_that_is_no_ledger_is_refused_and_left_alone(account: Account):
    path = account.folder / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    before = path.read_bytes()
    for answer in _both(account, TASKLISTS_LEDGER=str(path)):
        _refused(answer, "no ledger")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TASKLISTS_NOTES_REF", "maybe"),
        ("TASKLISTS_QUIET_SECONDS", "-1"),
        ("TASKLISTS_WRITES_PER_DAY", "many"),
        ("NEXUDUS_BASE_URL", "http://spaces.nexudus.com"),
        ("NEXUDUS_AUTH", "digest"),
        ("TASKLISTS_LEDGER", "mysql://x/y"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(account: Account, setting: str, value: str):
    for answer in _both(account, **{setting: value}):
        _refused(answer, setting if setting != "TASKLISTS_LEDGER" else "mysql")


@pytest.mark.parametrize("now", ["0001-01-02", "1900-01-01", "9999-12-30", "2026-12-03T00:00:00+14:00"])
def test_a_strange_now_is_planned_or_refused_without_a_traceback(account: Account, now: str):
    assert account.preview("--now", now).code in {0, 2}


def test_the_last_of_thirty_items_broken_means_no_post_at_all(account: Account):
    items = "".join(f"  - {{id: item-{n:02d}, name: Task {n:02d}, due: on contract.start}}\n" for n in range(29))
    last = "  - {id: last, name: '{{ contract.cancellation_reason }}', due: on contract.start}\n"
    head = "tasklist: many\nname: Many\nanchor: contract.start\ndefaults: {responsible: front-desk}\nitems:\n"
    account.write("many", head + items + last)
    _refused(account.run(name="many"), "tasklists/many.yaml:35:", "last", "empty")
    assert account.posts() == []


def test_what_the_service_refuses_is_shown_by_field_with_the_item_and_the_rest_is_made(account: Account):
    account.far_side.set_mode("S23.Name", "400")
    account.far_side.set_mode("S23.Name-limit", 26)  # two of the three names are longer
    answer = account.run()
    assert answer.code == 3
    assert answer.outcomes == {"access-card": "created", "locker": "failed", "welcome-tour": "failed"}
    error = next(r["error"] for r in answer.json["results"] if r["item"] == "welcome-tour")
    assert error.startswith("item welcome-tour: Name: ")
    assert "Ashley" not in error
    account.far_side.set_mode("S23.Name-limit", 200)
    assert account.run().outcomes == {"access-card": "kept", "locker": "created", "welcome-tour": "created"}


@pytest.mark.parametrize("given", ["missing", "folder", "garbage", "another-format", "wrong-types"])
def test_a_facts_file_that_cannot_be_used_is_refused(account: Account, given: str):
    path = account.folder / "facts.json"
    texts = {"garbage": "{", "another-format": '{"facts": 99}', "wrong-types": '{"facts": 1, "coworker": 5}'}
    if given == "folder":
        path.mkdir()
    elif given in texts:
        path.write_text(texts[given], encoding="utf-8")
    _refused(account.cli("preview", "new-member", "--facts", path), "facts.json")


def test_facts_that_cannot_be_saved_are_said_so(account: Account):
    _refused(account.preview("--save-facts", account.folder / "no" / "facts.json"), "cannot be written")


CASES: dict[str, Callable[[Account], Answer]] = {
    "rachael": lambda account: account.preview(coworker=RACHAEL),
    "glen": lambda account: account.preview(coworker=GLEN),
    "unknown": lambda account: account.preview(coworker=5),
    "escapes": lambda account: account.preview("--contract", 1, coworker=ESCAPES),
    "jose": lambda account: account.preview("--location", "paris", coworker=JOSE),
    "ben": lambda account: account.preview("--contract", BEN),
}


@pytest.mark.parametrize("case", CASES)
def test_no_error_holds_a_members_name(account: Account, case: str):
    answer = CASES[case](account)
    assert answer.code == 2
    for name in ("Rachael", "Glen", "Adler", "José", "Ashley", "Smith"):
        assert name not in answer.err
