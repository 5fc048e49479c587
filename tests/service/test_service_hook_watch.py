"""The watch over webhooks against a real sandbox: it sees what went off, and switches on only with consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import SandboxProcess, sandbox
from whenever import Instant

from engine.authoring.folder import Folder
from engine.core.organisation import Organisation
from engine.flows.hook_news import HookNews
from engine.flows.hooks import WantedHook
from engine.flows.stopping import Stopped
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.nexudus.client import NexudusClient, NoPace
from engine.nexudus.settings import from_environment
from engine.service.alert_causes import Situation, evaluate
from engine.service.hook_watch import HookWatch, Looked, Watched

LISTS = Path(__file__).parent.parent / "flows" / "lists"
URL, SECRET_PATH = "https://tasks.acme.example", "t0ken-that-nobody-may-see-4711"
BARCELONA, NUMBER, FOREIGN = 1421021016, 1413000001, 1413000777
EVENTS = ("contract.created", "contract.cancelled")
NOW = Instant("2026-11-24T10:00:00Z")
WANTED = tuple(
    WantedHook("barcelona", BARCELONA, event, f"{URL}/hooks/barcelona/{event}/{SECRET_PATH}", "", ("a",))
    for event in EVENTS
)


@pytest.fixture(scope="module")
def process() -> Iterator[SandboxProcess]:
    limits = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute")
    with sandbox(*(part for name in limits for part in ("--mode", f"S50.{name}=0"))) as running:
        yield running


@pytest.fixture
def far_side(process: SandboxProcess) -> Iterator[SandboxProcess]:
    """A sandbox with both webhooks of ours in order, and one of somebody else that is off."""
    for number, wanted in enumerate(WANTED, NUMBER):
        process.put_record("webhooks", number, **wanted.to_fields(), ErrorCount=0, LastError=None, LastTrigger=None)
    theirs = {"BusinessId": BARCELONA, "Name": "theirs", "Action": 62, "URL": "https://x.example", "Active": False}
    process.put_record("webhooks", FOREIGN, **theirs, ErrorCount=11)
    process.clear_requests()
    yield process
    process.clear_faults()
    process.remove_records("webhooks")
    process.put_record("users", 1418332103, UserRoles=["Coworker-List"])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    since = Instant("2026-11-01T00:00:00Z")
    account = "https://spaces.nexudus.com"
    with open_ledger(tmp_path / "ledger.db", owner="acme", account=account, since=since, now=NOW) as ledger:
        yield ledger


Begin = Callable[..., HookWatch]


@pytest.fixture
def begin(far_side: SandboxProcess, ledger: Ledger) -> Iterator[Begin]:
    """Makes a watch as a new process would: its memory is the ledger only."""
    organisation: Organisation = Folder(LISTS, "lists").organisation().model
    clients = []

    def new(*, public_url: str = URL, wanted: Sequence[WantedHook] = WANTED, login: str = "", **how: Any) -> HookWatch:
        env = far_side.env | ({"NEXUDUS_USERNAME": login} if login else {})
        clients.append(NexudusClient(from_environment(env), pace=NoPace()))
        watched = Watched(lambda: organisation, lambda: wanted, public_url)
        return HookWatch(clients[-1].webhooks, watched, HookNews(ledger), clock=lambda: NOW, **how)

    yield new
    for client in clients:
        client.close()


def kinds(looked: Looked) -> list[str]:
    assert looked.findings is not None
    return [one.kind for one in looked.findings if one.needs_person]


def writes(far_side: SandboxProcess) -> list[str]:
    return [one["method"] for one in far_side.requests() if one["method"] != "GET" and "webhooks" in one["path"]]


def fails(far_side: SandboxProcess, count: int, at: str) -> None:
    far_side.put_record("webhooks", NUMBER, ErrorCount=count, LastError="503", LastTrigger=f"2026-11-24T0{at}:00Z")


def test_all_in_order_is_no_finding_for_a_person(begin: Begin) -> None:
    looked = begin().look()
    assert kinds(looked) == []
    assert looked.unwatched == ""


def test_one_that_went_off_is_an_alert_by_its_place_and_without_its_address(
    begin: Begin, far_side: SandboxProcess
) -> None:
    error = f"502 from {URL}/hooks/barcelona/contract.created/{SECRET_PATH}"
    far_side.put_record("webhooks", NUMBER, Active=False, ErrorCount=10, LastError=error)
    said: list[str] = []
    looked = begin(say=said.append).look()
    assert kinds(looked) == ["off"]
    (cause,) = evaluate(Situation(hooks=looked.findings), NOW, backlog_minutes=15)
    assert "barcelona contract.created" in cause.text
    assert "failed 10 times" in cause.text
    assert SECRET_PATH not in cause.text + "".join(said)
    assert writes(far_side) == []


def test_without_consent_nothing_is_ever_written(begin: Begin, far_side: SandboxProcess) -> None:
    far_side.put_record("webhooks", NUMBER, Active=False)
    far_side.remove_record("webhooks", NUMBER + 1)
    assert sorted(kinds(begin().look())) == ["missing", "off"]
    assert writes(far_side) == []


def test_with_consent_ours_is_switched_on_and_that_of_somebody_else_stays_off(
    begin: Begin, far_side: SandboxProcess
) -> None:
    far_side.put_record("webhooks", NUMBER, Active=False, ErrorCount=10, Description="Ana's note")
    watch = begin(reenable=True)
    looked = watch.look()
    assert looked.enabled == (NUMBER,)
    assert kinds(looked) == []
    after = far_side.record("webhooks", NUMBER)
    assert (after["Active"], after["Description"]) == (True, "Ana's note")
    assert not far_side.record("webhooks", FOREIGN)["Active"]
    assert kinds(watch.look()) == [], "failures from before it was switched on are no news"
    assert len(writes(far_side)) == 1


def test_one_that_goes_off_again_and_again_is_left_to_a_person(begin: Begin, far_side: SandboxProcess) -> None:
    watch = begin(reenable=True)
    for number in range(1, 6):
        far_side.put_record("webhooks", NUMBER, Active=False, ErrorCount=10 * number)
        looked = watch.look()
        assert bool(looked.enabled) == (number <= 3)
    assert kinds(looked) == ["off"]
    assert len(writes(far_side)) == 3


def test_one_that_is_wrong_as_well_is_not_switched_on(begin: Begin, far_side: SandboxProcess) -> None:
    far_side.put_record("webhooks", NUMBER, Active=False, URL=f"{URL}/hooks/barcelona/elsewhere")
    assert sorted(kinds(begin(reenable=True).look())) == ["off", "wrong"]
    assert writes(far_side) == []


def test_failures_are_news_until_it_delivers_again_and_a_restart_does_not_make_them_news_again(
    begin: Begin, far_side: SandboxProcess
) -> None:
    watch = begin()
    fails(far_side, 3, "1:00")
    assert kinds(watch.look()) == ["failing"]
    assert kinds(watch.look()) == ["failing"], "it has not fired since"
    fails(far_side, 3, "2:00")
    assert kinds(watch.look()) == [], "it fired without a further failure"
    assert kinds(begin().look()) == [], "another process knows it too"
    fails(far_side, 4, "3:00")
    assert kinds(watch.look()) == ["failing"]


def test_nexudus_away_is_not_taken_for_anything_about_the_webhooks(begin: Begin, far_side: SandboxProcess) -> None:
    far_side.set_fault("error-on-read", "1.0:webhooks")
    said: list[str] = []
    assert begin(say=said.append).look() == Looked(None)
    assert "not looked at" in said[0]


@pytest.mark.parametrize(
    ("roles", "missing"), [([], "WebHook-List"), (["WebHook-List"], "WebHook-Read"), (["WebHook-Read"], "WebHook-List")]
)
def test_a_missing_right_is_named_and_ends_nothing(
    begin: Begin, far_side: SandboxProcess, roles: list[str], missing: str
) -> None:
    far_side.put_record("users", 1418332103, UserRoles=[*roles, "Coworker-List"])
    far_side.put_record("webhooks", NUMBER, Active=False)
    said: list[str] = []
    looked = begin(login="list-only@acme.example", reenable=True, say=said.append).look()
    assert missing in looked.unwatched + "".join(said)
    assert looked.enabled == ()
    if "WebHook-List" in roles:
        assert kinds(looked) == ["off"], "what could be seen is told all the same"


def test_without_a_public_address_every_webhook_of_a_wanted_event_is_looked_at(
    begin: Begin, far_side: SandboxProcess
) -> None:
    far_side.put_record("webhooks", NUMBER + 1, Active=False)
    looked = begin(public_url="", reenable=True).look()
    assert looked.findings is not None
    assert {one.hook.id for one in looked.findings if one.hook} == {NUMBER + 1, FOREIGN}
    assert writes(far_side) == []


def test_five_looks_in_a_row_without_an_answer_are_an_alert_and_one_answer_ends_it(
    begin: Begin, far_side: SandboxProcess
) -> None:
    watch = begin()
    far_side.set_fault("error-on-read", "1.0:webhooks")
    silent = "Nexudus has not answered when asked for its webhooks"
    assert [watch.look().unwatched for _ in range(6)] == ["", "", "", "", silent, silent]
    assert watch.look().findings is None, "what was told of single webhooks stays as it is"
    far_side.clear_faults()
    assert watch.look().unwatched == ""
    far_side.set_fault("error-on-read", "1.0:webhooks")
    assert watch.look() == Looked(None), "counted anew"


def test_being_asked_to_stop_while_it_looks_is_no_finding(far_side: SandboxProcess, ledger: Ledger) -> None:
    def wanted() -> Sequence[WantedHook]:
        raise Stopped

    organisation: Organisation = Folder(LISTS, "lists").organisation().model
    with NexudusClient(from_environment(far_side.env), pace=NoPace()) as client:
        watch = HookWatch(client.webhooks, Watched(lambda: organisation, wanted, URL), HookNews(ledger))
        assert watch.look() == Looked(None)
