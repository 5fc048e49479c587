"""The seeded mix of faults, and the counts that tell what struck."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_given import NO_LIMITS, TASKS, ask_token, client_of, create, ids, task
from sandbox_process import SandboxProcess, sandbox

from engine.sandbox.faults import FAULTS, Faults
from engine.sandbox.striking import AFTER, BEFORE, DOOR, READ, Target

steady = settings(derandomize=True, max_examples=60, deadline=None)
_SHORT = {
    "S51.hang-seconds": "0.02",
    "S51.slow-seconds": "0.01",
    "S51.drip-seconds": "0",
    "S51.late-seconds": "0.01",
    "S51.refuse-seconds": "0.01",
}
_PLACES = (DOOR, BEFORE, AFTER, READ)
_TARGETS = [
    Target("coworkertasks", "create"),
    Target("coworkertasks", "create", has_earlier=True),
    Target("coworkertasks", "update"),
    Target("coworkertasks", "delete"),
    Target("coworkertasks", "list"),
    Target("coworkertasks", "list", is_struck_page=True),
    Target("users", "one"),
    Target("users", "batch"),
    Target("token", "token"),
    Target("me", "me"),
]


def _drawn(faults: Faults, target: Target) -> tuple[str, str]:
    """Kind and place of what strikes a call, asked for in the order in which a call passes the places."""
    fate = faults.meet(target)
    for place in _PLACES:
        kind = fate.draw(place)
        if kind:
            return kind, place
    return "", ""


def _with(seed: int, **settings_: str) -> Faults:
    faults = Faults(seed)
    faults.change({name.replace("_", "-"): value for name, value in settings_.items()})
    return faults


@steady
@given(st.integers(0, 2**32), st.lists(st.sampled_from(_TARGETS), min_size=5, max_size=40))
def test_one_seed_and_one_order_of_calls_draw_the_same_faults(seed: int, calls: list[Target]) -> None:
    first = [_drawn(_with(seed, mix="0.5"), target) for target in calls[:1]]
    again, faults = _with(seed, mix="0.5"), _with(seed, mix="0.5")
    assert [_drawn(again, target) for target in calls] == [_drawn(faults, target) for target in calls]
    faults.clear()
    faults.change({"mix": "0.5"})
    assert [_drawn(faults, target) for target in calls[:1]] == first, "clearing begins the seed anew"


def test_a_share_beside_the_mix_does_not_change_what_the_mix_draws() -> None:
    alone, beside = _with(3, mix="0.3"), _with(3, mix="0.3", oops_after_commit="0.5")
    drawn = [(_drawn(alone, _TARGETS[0]), _drawn(beside, _TARGETS[0])) for _ in range(300)]
    assert all(one == two for one, two in drawn if one != ("", ""))


@pytest.mark.parametrize("target", _TARGETS, ids=lambda one: f"{one.entity}-{one.verb}")
def test_the_mix_strikes_its_share_with_all_kinds_alike(target: Target) -> None:
    faults = _with(1, mix="0.3")
    kinds = Counter(_drawn(faults, target)[0] for _ in range(5_000))
    untouched = kinds.pop("")
    assert abs(untouched / 5_000 - 0.7) < 0.03
    even = kinds.total() / len(kinds)
    assert all(0.4 * even < count < 1.7 * even for count in kinds.values()), kinds
    assert faults.struck.total() == kinds.total()
    assert set(faults.struck) <= set(FAULTS)


def test_the_mix_draws_only_what_makes_sense_for_a_call() -> None:
    def kinds(target: Target) -> set[str]:
        faults = _with(1, mix="1")
        return {_drawn(faults, target)[0] for _ in range(3000)}

    creation, listing = kinds(_TARGETS[1]), kinds(_TARGETS[5])
    everywhere = {
        *("error", "bad-gateway", "unavailable", "gateway-timeout", "oops", "redirect", "reset", "hang", "slow"),
        *("drip", "cut-headers", "cut-body", "wrong-length", "html-200", "empty-body", "large-body", "gzip-bomb"),
        *("throttle", "refuse"),
    }
    lists = {"page-500", "endless-pages", "contradicting-counts", "records-null"}
    of_creations = {"late-commit", "access-denied", "stale-answer", "odd-id", "text-id", "bare-id", "value-null"}
    assert creation == everywhere | of_creations | {"was-successful-false", "token-expired"}
    assert listing == everywhere | lists | {"token-expired"}
    assert kinds(_TARGETS[0]) == creation - {"stale-answer"}
    assert kinds(_TARGETS[2]) == creation - {"stale-answer", "access-denied"}
    assert kinds(_TARGETS[3]) == everywhere | {"was-successful-false", "late-commit", "token-expired"}
    assert kinds(_TARGETS[4]) == listing - {"page-500"}
    assert kinds(_TARGETS[6]) == kinds(_TARGETS[9]) == everywhere | {"token-expired"}
    assert kinds(_TARGETS[8]) == everywhere


def test_the_mix_of_writes_strikes_before_and_after_the_commit() -> None:
    faults = _with(1, mix_writes="1")
    places = Counter(_drawn(faults, _TARGETS[0])[1] for _ in range(2000))
    assert set(places) == {DOOR, BEFORE, AFTER}
    assert min(places[BEFORE], places[AFTER]) > 600


@pytest.mark.parametrize(
    ("mix", "struck"),
    [
        ("mix", {"create", "update", "delete", "list", "one", "batch", "token", "me"}),
        ("mix-writes", {"create", "update", "delete"}),
        ("mix-reads", {"list", "one", "batch", "me"}),
    ],
)
def test_a_mix_strikes_the_calls_that_it_is_about(mix: str, struck: set[str]) -> None:
    assert {target.verb for target in _TARGETS if _drawn(_with(1, **{mix: "1"}), target)[0]} == struck
    narrowed = {target.entity for target in _TARGETS if _drawn(_with(1, **{mix: "1:users"}), target)[0]}
    assert narrowed == (set() if mix == "mix-writes" else {"users"})


def test_a_counted_mix_strikes_the_next_calls_and_no_more() -> None:
    faults = _with(1, mix="3x:coworkertasks")
    drawn = [_drawn(faults, target)[0] for target in [_TARGETS[6], *[_TARGETS[0]] * 5]]
    assert [bool(kind) for kind in drawn] == [False, True, True, True, False, False]


def _seen(far_side: SandboxProcess) -> list[str]:
    """What a client sees of 40 creations and lists, in turn."""
    with client_of(far_side) as api:
        return [_one_call(far_side, api, number) for number in range(40)]


def _one_call(far_side: SandboxProcess, api: httpx.Client, number: int) -> str:
    try:
        # Read as it comes: unpacking a bomb would take a second.
        asked = ("GET", f"{TASKS}?orderBy=Id", None) if number % 2 else ("POST", TASKS, task())
        with api.stream(asked[0], asked[1], json=asked[2]) as answer:
            length = sum(len(part) for part in answer.iter_raw())
    except httpx.ConnectError:
        far_side.counts()  # it waits until the port is open again
        return _one_call(far_side, api, number)
    except httpx.HTTPError as error:
        return type(error).__name__
    size = "large" if length > 100_000 else "small"
    return f"{answer.status_code} {answer.headers.get('content-type')} {size}"


def test_one_seed_gives_the_same_mix_over_the_wire() -> None:
    modes = [part for name, value in (NO_LIMITS | _SHORT).items() for part in ("--mode", f"{name}={value}")]

    def run(seed: str) -> tuple[list[str], dict[str, Any], int]:
        with sandbox("--seed", seed, "--fault", "mix=0.5:coworkertasks", *modes) as far_side:
            told = _seen(far_side)
            # A late commit may come after the last call.
            time.sleep(0.1)
            return told, far_side.counts()["faults"], far_side.counts()["commits"]

    first, other = run("11"), run("12")
    assert first == run("11")
    assert first != other
    assert len(set(first[0])) > 3
    assert sum(first[1].values()) >= 10


def test_the_mix_is_set_by_an_admin_call_and_ends_with_it(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.admin("POST", "modes", _SHORT)
    far_side.clear_counts()
    far_side.set_fault("mix-writes", "1.0:coworkertasks")
    with client_of(far_side) as other:
        for _ in range(12):
            try:
                other.post(TASKS, json=task())
            except httpx.ConnectError:
                far_side.counts()
            except httpx.HTTPError:
                pass
    assert far_side.counts()["faults"]
    far_side.clear_faults()
    before = far_side.counts()["faults"]
    assert create(api)["Id"] in ids(api)
    assert far_side.counts()["faults"] == before


def test_counts_tell_calls_writes_throttle_answers_commits_and_faults(
    far_side: SandboxProcess, api: httpx.Client
) -> None:
    far_side.clear_counts()
    far_side.set_mode("S50.writes-per-minute", 3)
    far_side.set_fault("throttle", "1x")
    far_side.set_fault("error", "1x")
    far_side.set_fault("error-on-read", "1x")
    statuses = [api.post(TASKS, json=task()).status_code for _ in range(5)]
    assert statuses == [409, 500, 200, 200, 409]
    assert api.get(TASKS).status_code == 500
    assert api.get("/en/user/me").status_code == 200
    assert far_side.counts() == {
        "calls": 7,
        "writes": 5,
        "throttled": 2,
        "commits": 3,
        "faults": {"error": 1, "error-on-read": 1, "throttle": 1},
    }
    far_side.clear_counts()
    assert far_side.counts() == {"calls": 0, "writes": 0, "throttled": 0, "commits": 0, "faults": {}}


def test_the_token_call_may_be_struck_when_it_is_named(far_side: SandboxProcess) -> None:
    login = {"grant_type": "password", "username": far_side.username, "password": far_side.password}
    far_side.set_fault("error-on-read", "1x")
    assert ask_token(far_side.base_url, **login).status_code == 200
    far_side.clear_faults()
    far_side.set_fault("error-on-read", "1x:token")
    far_side.set_fault("throttle", "1x:token")
    assert [ask_token(far_side.base_url, **login).status_code for _ in range(3)] == [409, 500, 200]


def test_an_unknown_entity_is_refused_with_the_nearest(far_side: SandboxProcess) -> None:
    answer = httpx.post(f"{far_side.base_url}/_sandbox/faults", json={"oops": "1x:coworkertask"}, trust_env=False)
    assert answer.status_code == 400
    assert "The nearest is 'coworkertasks'" in answer.json()["error"]


def test_a_share_of_nothing_strikes_nothing(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("mix", "0:coworkertasks")
    made = [create(api)["Id"] for _ in range(3)]
    assert sorted(made) == sorted(ids(api))
