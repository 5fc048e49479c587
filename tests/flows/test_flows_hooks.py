"""Which webhooks are wanted, and how they compare with any that Nexudus may have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.authoring.check import check_folder
from engine.authoring.folder import Folder
from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.words import EVENTS
from engine.flows.hook_changes import to_register, to_remove
from engine.flows.hook_findings import findings_of
from engine.flows.hook_news import HookNews
from engine.flows.hooks import WantedHook, checked_public_url, compare, is_ours, wanted_hooks
from engine.ledger.values import Finding
from engine.nexudus.calls import webhook_replacement
from engine.nexudus.webhooks import Hook, error_told, read_hook

URL = "https://tasks.acme.example/in"
BUSINESSES = {"barcelona": 1421021016, "london": 1421021017}
LISTS = {
    "a": "{on: [contract.created, coworker.created], locations: [london]}",
    "b": "{on: [contract.created]}",
    "by-hand": "{locations: [london]}",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Prepared], Organisation]:
    folder = tmp_path_factory.mktemp("house")
    organisation = Path(__file__).with_name("lists") / "organisation.yaml"
    (folder / "organisation.yaml").write_text(organisation.read_text())
    for name, applies in LISTS.items():
        item = "[{id: one, name: One, responsible: front-desk, due: on signup}]"
        (folder / f"{name}.yaml").write_text(f"tasklist: {name}\nname: N\napplies: {applies}\nitems: {item}\n")
    checked = check_folder(Folder(folder, "lists"))
    assert checked.organisation is not None
    assert checked.errors == ()
    return checked.lists, checked.organisation.model


def test_one_webhook_is_wanted_for_each_location_and_event_whatever_lists_share_it(house: Any) -> None:
    wanted = wanted_hooks(*house, URL, {"london": "t0ken"})
    assert [(one.location, one.event, one.action, one.lists) for one in wanted] == [
        ("barcelona", "contract.created", 62, ("b",)),
        ("london", "contract.created", 62, ("a", "b")),
        ("london", "coworker.created", 3, ("a",)),
    ]
    assert [one.url for one in wanted] == [
        f"{URL}/hooks/barcelona/contract.created",
        f"{URL}/hooks/london/contract.created/t0ken",
        f"{URL}/hooks/london/coworker.created/t0ken",
    ]
    assert wanted[1].name == "tasklists london contract.created"
    assert "t0ken" not in repr(wanted) + wanted[1].shown_url


def wanted_of(location: str, event: str) -> WantedHook:
    url = f"{URL}/hooks/{location}/{event}"
    return WantedHook(location, BUSINESSES[location], event, url, url, ("a",))


SLOTS = [wanted_of(place, event) for place in BUSINESSES for event in ("contract.created", "coworker.created")]
ADDRESSES = [
    *(slot.url for slot in SLOTS),
    f"{URL}/hooks/london/coworker.created/",
    f"{URL}/hooks/elsewhere/contract.created/t0ken",
    "https://other.example/hooks/london/contract.created",
    f"{URL}x/hooks/london/contract.created",
    f"{URL}/hook",
    "no address at all",
]
HOOKS = st.lists(
    st.builds(
        Hook,
        id=st.integers(1, 10**9),
        business_id=st.sampled_from([*BUSINESSES.values(), 77]),
        name=st.just("x"),
        action=st.sampled_from([*EVENTS.values(), 61]),
        url=st.sampled_from(ADDRESSES),
        active=st.booleans(),
        error_count=st.integers(0, 12),
    ),
    max_size=12,
    unique_by=lambda hook: hook.id,
)
WANTED = st.sets(st.sampled_from(SLOTS), max_size=4).map(lambda some: tuple(sorted(some, key=lambda one: one.name)))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(WANTED, HOOKS)
def test_every_webhook_is_in_one_place_and_none_of_others_is_ever_taken(wanted: Any, hooks: list[Hook]) -> None:
    found = compare(wanted, hooks, URL)
    matched = [match.hook for match in found.matches if match.hook is not None]
    placed = [*matched, *(hook for _, hook in found.doubled), *found.unused, *found.others]
    assert sorted(hook.id for hook in placed) == sorted(hook.id for hook in hooks)
    assert [match.wanted for match in found.matches] == list(wanted)
    assert {hook.id for hook in found.others} == {hook.id for hook in hooks if not is_ours(hook, URL)}
    touched = [change.hook for change in to_register(found) if change.verb != "keep" and change.hook is not None]
    touched += [change.hook for change in to_remove(found, lambda _: None, unused_only=False) if change.hook]
    assert all(is_ours(hook, URL) for hook in touched)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(WANTED, HOOKS)
def test_after_registering_nothing_is_left_to_register(wanted: Any, hooks: list[Hook]) -> None:
    after = {hook.id: hook for hook in hooks}
    for number, change in enumerate(to_register(compare(wanted, hooks, URL))):
        fields = {"BusinessId": "business_id", "Action": "action", "URL": "url", "Active": "active"}
        if change.verb == "create":
            assert change.wanted is not None
            made = {ours: change.wanted.to_fields()[theirs] for theirs, ours in fields.items()}
            after[-number - 1] = Hook(id=10**10 + number, name="made", **made)  # type: ignore[arg-type]
        elif change.verb == "update":
            assert change.hook is not None
            changed: Any = {fields[name]: value for name, value in change.fields.items()}
            after[change.hook.id] = replace(change.hook, **changed)
    again = compare(wanted, list(after.values()), URL)
    assert {change.verb for change in to_register(again)} <= {"keep"}
    assert all(match.hook is not None for match in again.matches)


def test_one_that_sends_another_action_to_an_address_in_use_is_wrong(house: Any) -> None:
    right = Hook(1, BUSINESSES["london"], "a", 62, SLOTS[2].url, True)
    crossed = Hook(2, BUSINESSES["london"], "b", 57, SLOTS[2].url, True)
    compared = compare([SLOTS[2]], [right, crossed], URL)
    (finding,) = findings_of(compared, house[1])
    assert (finding.kind, finding.hook, finding.needs_person) == ("wrong", crossed, True)
    assert to_remove(compared, house[1].location_of, unused_only=True)[0].hook == crossed


def test_one_at_the_right_address_with_the_wrong_action_is_mended_rather_than_doubled() -> None:
    hook = Hook(1, BUSINESSES["barcelona"], "a", 57, SLOTS[0].url, True)
    (change,) = to_register(compare([SLOTS[0]], [hook], URL))
    assert (change.verb, change.hook, dict(change.fields)) == ("update", hook, {"Action": 62})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" https://Tasks.ACME.example/ ", "https://tasks.acme.example"),
        ("http://localhost:8080/a/b/", "http://localhost:8080/a/b"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_kept_in_one_form(given: str, kept: str) -> None:
    assert checked_public_url(given) == kept


def test_an_address_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(UserError) as refused:
        checked_public_url("https://ana:geheim@acme.example")
    assert "geheim" not in str(refused.value)


TOKENS = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJK0123456789_-", min_size=24, max_size=64).filter(
    lambda text: any(sign.isdigit() for sign in text)
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    TOKENS,
    st.sampled_from(
        [
            "404 from https://a.example/hooks/london/contract.created/{}",
            "path /hooks/london/x/{} not found",
            "'{}' refused",
            '{{"url": "https://a.example/{}?x=1"}}',
            "token={}",
        ]
    ),
)
def test_no_token_comes_through_in_an_error(token: str, text: str) -> None:
    assert token not in error_told(text.format(token))


@pytest.mark.parametrize("text", ["The operation has timed out", "500 Internal Server Error", "NameResolutionFailure"])
def test_an_ordinary_error_is_told_as_it_is(text: str) -> None:
    assert error_told(text) == text


@pytest.mark.parametrize("lacking", ["Id", "BusinessId", "Action", "URL", "Active"])
def test_a_row_without_what_we_decide_on_is_no_webhook(lacking: str) -> None:
    row: dict[str, object] = {"Id": 1, "BusinessId": 2, "Action": 62, "URL": "https://a.example", "Active": True}
    assert read_hook(row) is not None
    assert read_hook({**row, lacking: None}) is None


def test_an_update_keeps_what_may_be_written_and_leaves_health_out() -> None:
    record = {"Id": 1, "Description": "note", "URL": "https://old", "ErrorCount": 3, "LastError": "x", "UpdatedBy": "y"}
    body = webhook_replacement(record, {"URL": "https://new"})
    assert body == {"Id": 1, "Description": "note", "URL": "https://new"}


class Memory:
    """A ledger's findings, and nothing else of it."""

    def __init__(self) -> None:
        self.found: dict[str, Finding] = {}

    def findings(self) -> dict[str, Finding]:
        return self.found

    def record_finding(self, question: str, value: object, now: Instant) -> None:
        self.found[question] = Finding(question, value, now)


def test_a_failure_counts_until_it_was_got_over_and_a_new_one_counts_again() -> None:
    news, hook = HookNews(Memory()), Hook(1, 2, "a", 62, "https://a.example", True, error_count=10)
    assert news.news_of([hook])[0].error_count == 10
    news.got_over([hook], Instant.from_utc(2026, 11, 24))
    assert news.news_of([hook])[0].error_count == 0
    for count in (9, 11):
        assert news.news_of([replace(hook, error_count=count)])[0].error_count == count, "fell and rose, or rose"
    off = replace(hook, active=False)
    assert news.news_of([off]) == (off,)
    assert HookNews(None).news_of([hook]) == (hook,)
