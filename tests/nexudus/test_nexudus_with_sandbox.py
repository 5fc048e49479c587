"""The client against the sandbox: a far side written by others, from the same page about the service."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sandbox_process import sandbox
from scripted_nexudus import Clock
from whenever import Instant

from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal
from engine.nexudus.calls import Entity, replacement
from engine.nexudus.client import NexudusClient, NoPace
from engine.nexudus.errors import (
    LoginRefused,
    NexudusUnreachable,
    NotTheApi,
    PasswordMustBeReset,
    RoleMissing,
    SecondFactorWanted,
    UnknownCoworker,
    UnknownUser,
    UnreadableRecord,
)
from engine.nexudus.rows import why_unfit
from engine.nexudus.settings import from_environment

ASHLEY, JOSE = 1423831744, 1423831745
BARCELONA, LONDON = 1421021016, 1421021017
ANA = 1418332090
LIMITS = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")
UNLIMITED = [part for name in LIMITS for part in ("--mode", f"S50.{name}=0")]
TASK = {
    "BusinessId": BARCELONA,
    "CoworkerId": ASHLEY,
    "Name": "Clé du casier pour José 🔑",
    "ResponsibleId": ANA,
    "Notes": "First line\n\nref: 0123456789abcdef",
    "DueDate": "2026-11-30T09:00:00Z",
    "NotifyByEmail": True,
    "DisplayToEveryone": True,
    "TaskListName": "Welcome",
    "TaskItemUniqueId": "9860950b-3112-52d6-9450-e71c65d66486",
}


@pytest.fixture(scope="module")
def process():
    with sandbox(*UNLIMITED) as running:
        yield running


@pytest.fixture
def far_side(process):
    process.clear_faults()
    yield process
    process.clear_faults()
    for name, value in (("S19", "404"), ("S04", "401"), ("S05", "400"), ("S11", "whole-record"), ("S33", "unstable")):
        process.set_mode(name, value)


@pytest.fixture
def clients(far_side):
    made = []

    def make(**environ):
        clock = Clock()
        settings = from_environment({**far_side.env, **environ})
        made.append(NexudusClient(settings, pace=NoPace(), sleep=clock.sleep, clock=clock, chance=lambda: 0.5))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(clients):
    return clients()


def body(**fields):
    return json.dumps({**TASK, **fields}, ensure_ascii=False, separators=(",", ":")).encode()


def creations(far_side):
    return [each for each in far_side.commits() if each["op"] == "create"]


def test_a_task_lives_from_creation_to_removal(client):
    done = client.create_task(body(CoworkerId=JOSE))
    assert isinstance(done, Done)
    listed = client.tasks_of(JOSE)
    assert listed.complete
    (row,) = [each for each in listed.rows if each.task_id == done.task_id]
    assert (row.name, row.due_at, row.completed) == (TASK["Name"], Instant.from_utc(2026, 11, 30, 9), False)
    record = client.task(done.task_id)
    assert record["Notes"] == TASK["Notes"]
    changed = replacement(record, {"Completed": True, "TaskItemUniqueId": TASK["TaskItemUniqueId"]})
    assert client.update_task(changed) == Done(done.task_id, client.task(done.task_id))
    assert client.task(done.task_id)["Completed"] is True
    assert client.task(done.task_id)["Notes"] == TASK["Notes"]
    assert isinstance(client.delete_task(done.task_id), Done)
    assert client.task(done.task_id) is None
    assert client.delete_task(done.task_id) == Done(done.task_id)
    assert done.task_id not in {each.task_id for each in client.tasks_of(JOSE).rows}


@pytest.mark.parametrize("shown", ["whole-record", "only-id"])
def test_both_forms_of_a_receipt_are_done(far_side, client, shown):
    far_side.set_mode("S11", shown)
    assert isinstance(client.create_task(body()), Done)


def test_a_name_that_is_cut_silently_is_still_done(far_side, client):
    far_side.set_mode("S23.Name", "cut-silently")
    try:
        assert isinstance(client.create_task(body(Name="x" * 300)), Done)
    finally:
        far_side.set_mode("S23.Name", "accepted")


def test_many_threads_make_each_task_once(far_side, client):
    before = len(creations(far_side))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: client.create_task(body(Name=f"Thread {n}")), range(30)))
    assert len({answer.task_id for answer in answers}) == 30
    assert len(creations(far_side)) == before + 30


SPOILED = ["error", "bad-gateway", "unavailable", "gateway-timeout", "reset", "html-200", "cut-body", "empty-body"]
SPOILED += ["value-null", "bare-id", "text-id", "was-successful-false", "oops", "redirect"]


@pytest.mark.parametrize("fault", SPOILED)
@pytest.mark.parametrize("when", ["before-commit", "after-commit"])
def test_a_spoiled_answer_is_ambiguous_and_makes_at_most_one_task(far_side, client, fault, when):
    before = len(creations(far_side))
    far_side.set_fault(f"{fault}-{when}", "1x")
    assert isinstance(client.create_task(body(Name=f"{fault} {when}")), Ambiguous)
    assert len(creations(far_side)) - before == (1 if when == "after-commit" else 0)


@pytest.mark.parametrize("fault", ["error", "bad-gateway", "reset", "html-200", "cut-body", "empty-body", "redirect"])
def test_a_read_gets_over_one_spoiled_answer(far_side, client, fault):
    client.me()
    far_side.set_fault(f"{fault}-on-read", "1x")
    assert client.coworker(ASHLEY)["Id"] == ASHLEY


def test_a_list_of_many_is_whole_and_each_row_comes_once(far_side, client):
    wanted = {client.create_task(body(CoworkerId=1423831750, Name=f"Same {n}")).task_id for n in range(105)}
    listed = client.tasks_of(1423831750)
    assert listed.complete
    assert wanted <= {each.task_id for each in listed.rows}


@pytest.mark.parametrize("fault", ["endless-pages", "contradicting-counts", "records-null"])
def test_a_lying_list_is_incomplete(far_side, client, fault):
    client.create_task(body())
    far_side.set_fault(fault, "1.0")
    listed = client.tasks_of(ASHLEY)
    assert not listed.complete
    assert listed.why_incomplete


def test_a_login_that_expires_is_renewed_once(far_side, client):
    client.me()
    far_side.set_fault("token-expired", "1x")
    assert isinstance(client.create_task(body()), Done)


def test_a_quota_puts_off_and_makes_nothing(far_side, client):
    before = len(creations(far_side))
    far_side.set_fault("access-denied", "1.0")
    assert isinstance(client.create_task(body()), Defer)
    assert len(creations(far_side)) == before


@pytest.mark.parametrize("style", ["409-with-retry-after", "429-with-wait-text", "429-with-retry-after"])
def test_each_form_of_throttle_is_waited_out(far_side, client, style):
    far_side.set_mode("S50", style)
    far_side.set_fault("throttle", "2x")
    before = len(creations(far_side))
    assert isinstance(client.create_task(body()), Done)
    assert len(creations(far_side)) == before + 1


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_missing_role_is_named_for_reads_and_writes(far_side, clients, status):
    far_side.set_mode("S04", status)
    client = clients(NEXUDUS_USERNAME="list-only@acme.example")
    assert client.tasks_of(ASHLEY).complete
    answer = client.create_task(body())
    assert isinstance(answer, Fatal)
    assert answer.role == "CoworkerTask-Create"
    with pytest.raises(RoleMissing) as raised:
        client.coworker(ASHLEY)
    assert raised.value.role == "Coworker-Read"


@pytest.mark.parametrize("auth", ["bearer", "basic"])
@pytest.mark.parametrize("status", ["400", "401"])
def test_a_wrong_password_is_a_refused_login(far_side, clients, auth, status):
    far_side.set_mode("S05", status)
    client = clients(NEXUDUS_PASSWORD="wrong", NEXUDUS_AUTH=auth)
    with pytest.raises(LoginRefused, match="NEXUDUS_PASSWORD"):
        client.coworker(ASHLEY)
    with pytest.raises(LoginRefused, match="NEXUDUS_PASSWORD"):
        client.create_task(body())


def test_basic_authentication_reads_and_writes(clients):
    client = clients(NEXUDUS_AUTH="basic")
    assert isinstance(client.create_task(body()), Done)
    assert client.coworker(JOSE)["Id"] == JOSE


def test_a_portal_members_login_is_told_what_it_lacks(clients):
    with pytest.raises(RoleMissing, match="portal member"):
        clients(NEXUDUS_USERNAME="member@acme.example").coworker(ASHLEY)


@pytest.mark.parametrize(
    ("fault", "kind"), [("two-factor", SecondFactorWanted), ("must-reset-password", PasswordMustBeReset)]
)
def test_the_two_final_login_errors_say_what_to_do(far_side, client, fault, kind):
    far_side.set_fault(fault, "1.0")
    with pytest.raises(kind, match="admin user for the API"):
        client.coworker(ASHLEY)


def test_a_page_in_place_of_who_am_i_is_not_the_api(far_side, client):
    far_side.set_fault("me-html", "1.0")
    with pytest.raises(NotTheApi):
        client.me()


@pytest.mark.parametrize("status", ["404", "500"])
def test_an_unknown_coworker_is_named_in_both_modes(far_side, client, status):
    far_side.set_mode("S19", status)
    with pytest.raises(UnknownCoworker, match="1423899999"):
        client.coworker(1423899999)


def test_an_unknown_task_is_none_or_unreadable(far_side, client):
    assert client.task(1416999999) is None
    far_side.set_mode("S19", "500")
    with pytest.raises(UnreadableRecord):
        client.task(1416999999)


def test_an_outage_is_not_an_unknown_coworker(far_side, client):
    client.me()
    far_side.set_fault("error-on-read", "1.0")
    with pytest.raises(NexudusUnreachable):
        client.coworker(ASHLEY)


def test_a_refused_task_names_its_fields(client):
    answer = client.create_task(body(CoworkerId=None, ResponsibleId=None))
    assert isinstance(answer, Fatal)
    assert {error.property_name for error in answer.errors} == {"CoworkerId", "ResponsibleId"}


def test_locations_zones_contracts_and_users_are_read(client):
    zones = {each["Id"]: client.time_zone(each["SimpleTimeZoneId"]) for each in client.businesses()}
    assert zones == {BARCELONA: "Europe/Paris", LONDON: "Europe/London"}
    (contract,) = client.contracts_of(ASHLEY)
    assert (contract["CoworkerId"], contract["IssuedById"]) == (ASHLEY, BARCELONA)
    assert why_unfit(client.user_by_email("ANA@acme.example"), BARCELONA) == ""
    assert why_unfit(client.user_by_email("old@acme.example"), BARCELONA)
    assert why_unfit(client.user_by_email("guest@acme.example"), BARCELONA)
    with pytest.raises(UnknownUser, match="1418332101, 1418332102"):
        client.user_by_email("twin@acme.example")


def test_batches_are_read_in_the_order_asked_for(client):
    ids = [row["Id"] for row in client.listing(Entity.DESK).rows]
    desks = client.desks([ids[2], 1, ids[0]])
    assert [each["Id"] for each in desks] == [ids[2], ids[0]]
    assert all(each["Name"] for each in desks)
    assert [each["Id"] for each in client.coworkers([JOSE, ASHLEY])] == [JOSE, ASHLEY]
    (team,) = client.teams([row["Id"] for row in client.listing(Entity.TEAM).rows])
    assert client.team(team["Id"])["TeamMembers"]
