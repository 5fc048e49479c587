"""What a receiver gets of a sign-up: which hooks, what text, which signature; and how failures are met."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import httpx
import pytest
from hook_receiver import Receiver, receiver
from hooks_given import BURST, HOOKS, at_once, hook, read_hook, register, told
from sandbox_given import BARCELONA, JOSE, LONDON
from sandbox_process import SandboxProcess, sandbox

pytestmark = pytest.mark.usefixtures("newcomers")

_JOSE = "José 🚀"


@pytest.fixture
def ours() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def _signature(secret: str, body: bytes) -> str:
    """Written here anew: each UTF-16 unit above ASCII counts as one question mark."""
    units = body.decode().encode("utf-16-le")
    folded = bytes(low if high == 0 and low < 128 else 63 for low, high in zip(units[::2], units[1::2], strict=True))
    return hmac.new(secret.encode(), folded, hashlib.sha256).hexdigest().upper()


def test_a_signup_is_told_once_to_each_hook_of_its_event_and_location(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    at_once(far_side)
    register(api, ours, *BURST)
    register(api, ours, "coworker.created", BusinessId=LONDON, Name="Elsewhere")
    register(api, ours, "coworker.created", Active=False, Name="Off")
    made = far_side.signup(_JOSE, tariff="hot desk", location="barcelona", user=True)
    lines = far_side.deliveries(wait=10)
    assert ours.paths() == [f"/{event}" for event in BURST]
    assert [(line["event"], line["location"], line["attempt"], line["outcome"], line["status"]) for line in lines] == [
        (event, "barcelona", 1, "delivered", 202) for event in BURST
    ]
    about = [told(one)["Id"] for one in ours.received]
    assert about == [made["coworker_id"]] * 2 + [made["contract_id"]] * 3
    assert [line["record"] for line in lines] == about
    assert len({one.connection for one in ours.received}) == 1, "connections stay open"


def test_a_delivery_is_signed_over_its_text_folded_to_ascii(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    register(api, ours, "coworker.created")
    far_side.signup(_JOSE)
    (one,) = ours.wait_for(1)
    assert one.headers["x-nexudus-hook-signature"] == _signature(far_side.hook_secrets["barcelona"], one.body)
    assert _JOSE.encode() in one.body
    assert one.body.startswith(b'[{"Id":')
    assert b": " not in one.body.replace(_JOSE.encode(), b"")
    assert b'"SystemId":null' in one.body
    assert one.headers["content-type"].startswith("application/json")


def test_a_contract_is_told_by_its_documented_fields(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    register(api, ours, "contract.created", "coworker.created", BusinessId=LONDON)
    at_once(far_side)
    made = far_side.signup(_JOSE, tariff="Hot Desk", location="london", start="2027-07-01", email="jose@people.example")
    coworker, contract = (told(one) for one in ours.wait_for(2))
    assert contract["CoworkerId"] == made["coworker_id"]
    known = {"IssuedById": LONDON, "TariffName": "Hot Desk", "CoworkerEmail": "jose@people.example", "Active": False}
    dates = {"StartDate": "2027-07-01T00:00:00Z", "StartDateLocal": "2027-07-01T01:00:00", "CancellationDate": None}
    assert {key: contract[key] for key in known | dates} == known | dates
    assert not {"BusinessId", "_waits"} & set(contract)
    assert (coworker["InvoicingBusinessId"], coworker["CoworkerType"], coworker["Custom30"]) == (LONDON, 1, None)
    assert not {"BusinessId", "Businesses", "Teams", "AccessPincode"} & set(coworker)


@pytest.mark.parametrize(
    ("mode", "value", "start", "written"),
    [
        ("body", "object", b'{"Id":', _JOSE.encode()),
        ("text", "escaped", b'[{"Id":', b"Jos\\u00e9 \\ud83d\\ude80"),
    ],
)
def test_other_shapes_are_modes_and_signed_as_sent(
    *, far_side: SandboxProcess, api: httpx.Client, ours: Receiver, mode: str, value: str, start: bytes, written: bytes
) -> None:
    far_side.set_mode(f"S45.{mode}", value)
    register(api, ours, "coworker.created")
    far_side.signup(_JOSE)
    (one,) = ours.wait_for(1)
    assert one.body.startswith(start)
    assert written in one.body
    assert one.headers["x-nexudus-hook-signature"] == _signature(far_side.hook_secrets["barcelona"], one.body)


def test_without_a_secret_or_by_mode_there_is_no_signature(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    register(api, ours, "coworker.created")
    far_side.set_hook_secrets(barcelona=None)
    far_side.signup("Nia Vance")
    far_side.set_hook_secrets(barcelona="another secret of thirty-two signs")
    far_side.deliveries(wait=10)
    far_side.signup("Nia Vance")
    far_side.deliveries(wait=10)
    far_side.set_mode("S45.header", "unsigned")
    far_side.signup("Nia Vance")
    first, second, third = ours.wait_for(3)
    assert second.headers["x-nexudus-hook-signature"] == _signature("another secret of thirty-two signs", second.body)
    assert not {"x-nexudus-hook-signature"} & (set(first.headers) | set(third.headers))


@pytest.mark.parametrize("status", [500, 302, 401, 410])
def test_any_other_answer_than_2xx_is_retried_with_the_same_body_at_growing_intervals(
    *, far_side: SandboxProcess, api: httpx.Client, ours: Receiver, status: int
) -> None:
    at_once(far_side)
    far_side.set_mode("S45.retry-seconds", "0.05")
    (identifier,) = register(api, ours, "coworker.created")
    ours.answer = lambda _: status if len(ours.received) < 4 else 200
    start = time.monotonic()
    far_side.signup(_JOSE)
    lines = far_side.deliveries(wait=10)
    assert [(line["attempt"], line["outcome"], line["status"]) for line in lines] == [
        (1, "failed", status),
        (2, "failed", status),
        (3, "failed", status),
        (4, "delivered", 200),
    ]
    assert time.monotonic() - start >= 0.05 + 0.1 + 0.2
    assert len({line["delivery"] for line in lines}) == 1
    assert len({one.body for one in ours.received}) == 1
    assert {one.path for one in ours.received} == {"/coworker.created"}, "a redirect is not followed"
    health = read_hook(api, identifier)
    assert (health["ErrorCount"], health["LastError"], health["Active"]) == (3, f"HTTP {status}", True)
    assert health["LastTrigger"].endswith("Z")


def test_a_receiver_that_is_silent_or_gone_has_not_answered(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    at_once(far_side, timeout_seconds="0.2", retries=0)
    (silent,) = register(api, ours, "coworker.created")
    gone = api.post(HOOKS, json=hook("http://127.0.0.1:1", "coworker.created", URL="http://127.0.0.1:1/x")).json()
    odd = api.post(HOOKS, json=hook("", "coworker.created", URL="http://localhost:99999/")).json()
    ours.answer = lambda _: None
    far_side.signup(_JOSE)
    assert [line["status"] for line in far_side.deliveries(wait=10)] == [None] * 3
    errors = [read_hook(api, one)["LastError"] for one in (silent, gone["Value"]["Id"], odd["Value"]["Id"])]
    assert errors == ["no answer in 0.2 s", "no answer: ConnectError", errors[2]]
    assert errors[2].startswith("no answer")


def test_ten_failures_in_a_row_switch_a_hook_off_and_what_waits_is_given_up(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    at_once(far_side, retry_seconds="0.001")
    (identifier,) = register(api, ours, "coworker.created")
    ours.answer = lambda _: 503
    far_side.signup(_JOSE)
    lines = far_side.deliveries(wait=10)
    assert [line["outcome"] for line in lines] == ["failed"] * 10 + ["given-up"]
    off = read_hook(api, identifier)
    assert (off["Active"], off["ErrorCount"], off["LastError"]) == (False, 10, "HTTP 503")
    far_side.signup("Nobody hears of this")
    assert len(far_side.deliveries(wait=1)) == 11
    ours.answer = lambda _: 200
    assert api.put(HOOKS, json={**off, "Active": True}).status_code == 200
    far_side.signup(_JOSE)
    assert far_side.deliveries(wait=10)[-1]["outcome"] == "delivered"
    assert read_hook(api, identifier)["ErrorCount"] == 10


@pytest.mark.parametrize(("mode", "count", "error"), [("kept", 9, "HTTP 500"), ("reset", 0, None)])
def test_a_success_ends_the_row_of_failures(
    *, far_side: SandboxProcess, api: httpx.Client, ours: Receiver, mode: str, count: int, error: str | None
) -> None:
    at_once(far_side, retry_seconds="0.001", error_count=mode)
    (identifier,) = register(api, ours, "coworker.created")
    ours.answer = lambda _: 200 if len(ours.received) % 10 == 0 else 500
    far_side.signup(_JOSE)
    far_side.deliveries(wait=10)
    health = read_hook(api, identifier)
    assert (health["ErrorCount"], health["LastError"], health["Active"]) == (count, error, True)
    ours.answer = lambda _: 500 if len(ours.received) < 19 else 200
    far_side.signup(_JOSE)
    far_side.deliveries(wait=10)
    assert read_hook(api, identifier)["Active"], "8 failures after a success are no row of ten"


def test_a_removed_hook_gets_nothing_more(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    at_once(far_side, wait_seconds="0.2")
    (identifier,) = register(api, ours, "coworker.created")
    far_side.signup(_JOSE)
    assert far_side.deliveries_waiting() == 1
    api.delete(f"{HOOKS}/{identifier}")
    assert [line["outcome"] for line in far_side.deliveries(wait=10)] == ["given-up"]
    assert ours.received == []


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/hook",
        "http://hooks.example/x",
        "http://127.0.0.1.example/",
        "not an address",
        "http://[::2]/",
        "http://127.0.0.1\\@hooks.example/",
    ],
)
def test_only_this_machine_is_sent_to(far_side: SandboxProcess, api: httpx.Client, url: str) -> None:
    (identifier,) = register(api, Receiver(), "coworker.created", URL=url)
    far_side.signup(_JOSE)
    assert [(line["outcome"], line["status"]) for line in far_side.deliveries(wait=5)] == [("failed", None)]
    health = read_hook(api, identifier)
    assert "--allow-remote-hooks" in health["LastError"]
    assert health["ErrorCount"] == 1


def test_other_receivers_are_sent_to_when_that_was_asked_for(ours: Receiver) -> None:
    # The unspecified address is none of the loopback ones, and yet leads nowhere else.
    url = ours.base_url.replace("127.0.0.1", "0.0.0.0")
    for arguments, count in (((), 0), (("--allow-remote-hooks",), 1)):
        with sandbox(*arguments) as far_side:
            far_side.put_record("webhooks", 1413000001, **hook(url, "coworker.created"))
            far_side.signup(_JOSE)
            far_side.deliveries(wait=10)
        assert len(ours.received) == count


def test_a_slow_receiver_holds_up_neither_the_api_nor_the_others(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    far_side.set_mode("S45.timeout-seconds", "1")
    far_side.set_mode("S45.retries", 0)
    register(api, ours, "coworker.created", "contract.created")
    ours.answer = lambda one: None if one.path == "/coworker.created" else 200
    start = time.monotonic()
    far_side.signup(_JOSE, tariff="Hot Desk")
    assert api.get("/api/spaces/coworkers").status_code == 200
    assert time.monotonic() - start < 0.9
    ours.wait_for(2, seconds=0.9)


def test_a_made_up_body_is_delivered_as_it_is(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    at_once(far_side)
    register(api, ours, "checkin.created")
    far_side.happen("checkin.created", location="Acme Barcelona", body={"Id": 7, "CoworkerId": JOSE})
    far_side.happen("checkin.created", location=str(BARCELONA), body='[{"Id":true}, {}]')
    first, second = ours.wait_for(2)
    assert json.loads(first.body) == [{"Id": 7, "CoworkerId": JOSE}]
    assert second.body == b'[{"Id":true}, {}]'
    assert second.headers["x-nexudus-hook-signature"] == _signature(far_side.hook_secrets["barcelona"], second.body)


def test_the_log_is_cleared_on_demand(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    register(api, ours, "coworker.created")
    far_side.signup(_JOSE)
    (line,) = far_side.deliveries(wait=10)
    keys = "delivery event location hook record copy attempt outcome status at"
    assert sorted(line) == sorted(keys.split())
    far_side.clear_deliveries()
    assert far_side.deliveries() == []


def test_a_hooks_health_outlives_the_process(tmp_path: object) -> None:
    arguments = ("--db", f"{tmp_path}/sandbox.db", "--mode", "S45.retries=0")
    with sandbox(*arguments) as far_side:
        far_side.put_record("webhooks", 1413000001, **hook("http://127.0.0.1:1", "coworker.created"))
        far_side.signup(_JOSE)
        far_side.deliveries(wait=10)
    with sandbox(*arguments) as far_side:
        kept = far_side.record("webhooks", 1413000001)
        assert (kept["ErrorCount"], kept["Active"]) == (1, True)
