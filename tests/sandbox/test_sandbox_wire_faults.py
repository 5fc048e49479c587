"""Faults of the wire, seen by a raw client: shut ports, drips, bombs, lengths and heads that lie."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import time
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sandbox_given import NO_LIMITS, TASKS, client_of, create, ids, task
from sandbox_process import SandboxProcess, sandbox

_PLACES = ["before-commit", "after-commit", "on-read"]
_MEGABYTE = 1 << 20


def _address(far_side: SandboxProcess) -> tuple[str, int]:
    host, _, port = far_side.base_url.removeprefix("http://").partition(":")
    return host, int(port)


def _ask(far_side: SandboxProcess, place: str) -> bytes:
    """A creation, or a list for a fault on a read, as the bytes of one request."""
    body = b"" if place == "on-read" else json.dumps(task()).encode()
    login = base64.b64encode(f"{far_side.username}:{far_side.password}".encode()).decode()
    head = (
        f"{'GET' if place == 'on-read' else 'POST'} {TASKS} HTTP/1.1\r\nHost: sandbox\r\n"
        f"Authorization: Basic {login}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextlib.contextmanager
def _connected(far_side: SandboxProcess) -> Iterator[socket.socket]:
    with socket.create_connection(_address(far_side), timeout=10) as line:
        yield line


def _read_to_the_end(far_side: SandboxProcess, place: str) -> bytes:
    """All bytes of an answer after which the sandbox closes."""
    with _connected(far_side) as line:
        line.sendall(_ask(far_side, place))
        return b"".join(iter(lambda: line.recv(65536), b""))


@contextlib.contextmanager
def _answered(far_side: SandboxProcess, place: str) -> Iterator[http.client.HTTPResponse]:
    with _connected(far_side) as line:
        line.sendall(_ask(far_side, place))
        answer = http.client.HTTPResponse(line)
        answer.begin()
        yield answer


def _check_the_commit(api: httpx.Client, place: str) -> None:
    assert len(ids(api)) == (1 if place == "after-commit" else 0)


@pytest.mark.parametrize("place", _PLACES)
def test_headers_may_end_in_the_middle(far_side: SandboxProcess, api: httpx.Client, place: str) -> None:
    far_side.set_fault(f"cut-headers-{place}", "1x")
    told = _read_to_the_end(far_side, place)
    assert told.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in told
    _check_the_commit(api, place)


@pytest.mark.parametrize("place", _PLACES)
def test_a_length_may_promise_more_than_the_body_holds(far_side: SandboxProcess, api: httpx.Client, place: str) -> None:
    far_side.set_fault(f"wrong-length-{place}", "1x")
    head, _, body = _read_to_the_end(far_side, place).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert length > len(body)
    assert isinstance(json.loads(body), dict), "the body itself is whole"
    _check_the_commit(api, place)


@pytest.mark.parametrize("place", _PLACES)
def test_a_body_may_end_in_the_middle(far_side: SandboxProcess, api: httpx.Client, place: str) -> None:
    far_side.set_fault(f"cut-body-{place}", "1x")
    _, _, body = _read_to_the_end(far_side, place).partition(b"\r\n\r\n")
    assert body.startswith(b"{")
    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        json.loads(body)
    _check_the_commit(api, place)


@pytest.mark.parametrize("place", _PLACES)
def test_an_answer_may_drip(far_side: SandboxProcess, api: httpx.Client, place: str) -> None:
    far_side.set_mode("S51.drip-seconds", 0.05)
    far_side.set_fault(f"drip-{place}", "1x")
    start, dripped = time.monotonic(), b""
    with _answered(far_side, place) as answer:
        promised = int(answer.headers["Content-Length"])
        while len(dripped) < 8:
            dripped += answer.read1(1)
        assert time.monotonic() - start >= 8 * 0.05
        assert promised > 100
    _check_the_commit(api, place)


def test_a_drip_comes_to_its_end(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S51.drip-seconds", 0)
    far_side.set_fault("drip", "1x")
    made = create(api)
    assert ids(api) == [made["Id"]]


@pytest.mark.parametrize("place", _PLACES)
def test_a_small_answer_may_unpack_to_more_than_200_megabytes(
    far_side: SandboxProcess, api: httpx.Client, place: str
) -> None:
    far_side.set_fault(f"gzip-bomb-{place}", "1x")
    with _answered(far_side, place) as answer:
        packed = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(packed) == int(answer.headers["Content-Length"]) < _MEGABYTE
    unpacked, tail = _unpacked(packed)
    assert unpacked >= 200 * _MEGABYTE
    assert isinstance(json.loads(tail), dict)
    _check_the_commit(api, place)


def _unpacked(packed: bytes) -> tuple[int, bytes]:
    """How many bytes there are, and what follows the blanks, without holding them all."""
    unpacker, length, tail = zlib.decompressobj(16 + zlib.MAX_WBITS), 0, b""
    while not unpacker.eof:
        part = unpacker.decompress(packed, _MEGABYTE)
        packed = unpacker.unconsumed_tail
        length += len(part)
        tail += part.lstrip(b" ") if not tail else part
    assert unpacker.unused_data == b""
    return length, tail


@pytest.mark.parametrize("place", _PLACES)
def test_an_answer_may_be_20_megabytes_large(far_side: SandboxProcess, api: httpx.Client, place: str) -> None:
    far_side.set_fault(f"large-body-{place}", "1x")
    with _answered(far_side, place) as answer:
        assert answer.headers["Content-Encoding"] is None
        body = answer.read()
    assert len(body) >= 20 * _MEGABYTE
    assert isinstance(json.loads(body), dict)
    _check_the_commit(api, place)


@pytest.mark.parametrize("place", _PLACES)
def test_a_hang_ends_after_its_seconds(far_side: SandboxProcess, api: httpx.Client, place: str) -> None:
    far_side.set_mode("S51.hang-seconds", 0.3)
    far_side.set_fault(f"hang-{place}", "1x")
    start = time.monotonic()
    assert _read_to_the_end(far_side, place) == b""
    assert 0.25 <= time.monotonic() - start < 5
    _check_the_commit(api, place)


@pytest.mark.parametrize("place", _PLACES)
def test_half_an_answer_comes_and_then_the_rest(far_side: SandboxProcess, api: httpx.Client, place: str) -> None:
    far_side.set_mode("S51.hold-seconds", 0.8)
    far_side.set_fault(f"half-answer-{place}", "1x")
    with _answered(far_side, place) as answer:
        promised, start = int(answer.headers["Content-Length"]), time.monotonic()
        body = b""
        while len(body) < promised // 2:
            body += answer.read1(promised // 2 - len(body))
        assert time.monotonic() - start < 0.6, "the first half comes at once"
        body += answer.read()
        assert time.monotonic() - start >= 0.7
    assert isinstance(json.loads(body), dict)
    _check_the_commit(api, place)


def test_half_an_answer_leaves_the_connection_usable(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S51.hold-seconds", 0.05)
    far_side.set_fault("half-answer", "1x")
    first, second = create(api), create(api)
    assert sorted(ids(api)) == sorted([first["Id"], second["Id"]])


def _is_refused(far_side: SandboxProcess) -> bool:
    try:
        socket.create_connection(_address(far_side), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def _wait_until_open(far_side: SandboxProcess, seconds: float) -> float:
    start = time.monotonic()
    while _is_refused(far_side):
        assert time.monotonic() - start < seconds + 5
        time.sleep(0.02)
    return time.monotonic() - start


def test_a_port_shut_by_an_admin_call_is_shut_at_once_and_opens_again(far_side: SandboxProcess) -> None:
    far_side.set_mode("S51.refuse-seconds", 0.8)
    with client_of(far_side) as api:
        assert ids(api) == []
        far_side.set_fault("refuse", "1x")
        assert _is_refused(far_side)
        with pytest.raises(httpx.ConnectError):
            api.post(TASKS, json=task())
        assert _wait_until_open(far_side, 0.8) > 0
        assert ids(api) == [], "a refused call did nothing"
        assert create(api)["Id"]
    assert far_side.admin("GET", "faults") == {"refuse": "0x"}
    assert far_side.counts()["faults"]["refuse"] >= 1


def test_another_fault_set_by_an_admin_call_does_not_shut_the_port(far_side: SandboxProcess) -> None:
    far_side.set_mode("S51.refuse-seconds", 0.1)
    far_side.set_fault("refuse", "2x:users")
    far_side.set_fault("oops", "1x")
    assert far_side.admin("GET", "faults") == {"oops": "1x", "refuse": "1x:users"}


def test_a_share_shuts_the_port_behind_a_call_that_is_answered(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S51.refuse-seconds", 0.8)
    far_side.set_fault("refuse", "1.0:coworkertasks")
    answer = api.post(TASKS, json=task())
    assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
    assert _is_refused(far_side)
    _wait_until_open(far_side, 0.8)
    far_side.clear_faults()
    assert ids(api) == [answer.json()["Value"]["Id"]]


def test_a_call_under_way_is_answered_while_the_port_is_shut(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S51.refuse-seconds", 0.8)
    far_side.set_mode("S51.slow-seconds", 0.3)
    far_side.set_fault("slow", "1x")
    with _connected(far_side) as line:
        line.sendall(_ask(far_side, "after-commit"))
        time.sleep(0.1)
        far_side.set_fault("refuse", "1x")
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == 200
        assert json.load(answer)["WasSuccessful"] is True
    _wait_until_open(far_side, 0.8)


def test_a_shut_port_does_not_hold_up_the_end() -> None:
    with sandbox("--mode", "S51.refuse-seconds=60") as far_side:
        far_side.set_fault("refuse", "1x")
        assert _is_refused(far_side)
        start = time.monotonic()
    assert time.monotonic() - start < 4


def test_a_fault_of_the_wire_is_set_on_the_command_line_too() -> None:
    limits = [part for name, value in NO_LIMITS.items() for part in ("--mode", f"{name}={value}")]
    arguments = ("--fault", "wrong-length=1x", "--fault", "refuse=1x:users", "--mode", "S51.refuse-seconds=0.8")
    with sandbox(*arguments, *limits) as far_side, client_of(far_side) as api:
        _, _, body = _read_to_the_end(far_side, "after-commit").partition(b"\r\n\r\n")
        assert json.loads(body)["WasSuccessful"] is True
        assert api.get("/api/sys/users").status_code == 200
        assert _is_refused(far_side)
        _wait_until_open(far_side, 0.8)
        assert far_side.counts()["faults"] == {"refuse": 1, "wrong-length": 1}


_ODD: list[tuple[str, Any]] = [
    ("zero", lambda found: found == 0 and found is not False),
    ("negative", lambda found: isinstance(found, int) and found < 0),
    ("boolean", lambda found: found is True),
    ("text", lambda found: isinstance(found, str) and not found.isdigit()),
    ("fraction", lambda found: isinstance(found, float) and found % 1 == 0.5),
]


@pytest.mark.parametrize("when", ["before-commit", "after-commit"])
@pytest.mark.parametrize(("form", "is_odd"), _ODD, ids=[form for form, _ in _ODD])
def test_an_id_may_be_none_at_all(
    *, far_side: SandboxProcess, api: httpx.Client, when: str, form: str, is_odd: Any
) -> None:
    far_side.set_mode("S51.odd-id", form)
    far_side.set_fault(f"odd-id-{when}", "1x")
    told = api.post(TASKS, json=task()).json()
    assert told["WasSuccessful"] is True
    assert is_odd(told["Value"]["Id"])
    _check_the_commit(api, when)


def test_odd_ids_come_in_every_form_from_one_seed(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("odd-id", "1.0")
    found = [api.post(TASKS, json=task()).json()["Value"]["Id"] for _ in range(40)]
    assert all(sum(bool(is_odd(one)) for _, is_odd in _ODD) == 1 for one in found)
    assert all(any(is_odd(one) for one in found) for _, is_odd in _ODD)


def test_a_read_may_bring_an_odd_id_too(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = create(api)["Id"]
    far_side.set_mode("S51.odd-id", "zero")
    far_side.set_fault("odd-id-on-read", "2x")
    assert api.get(f"{TASKS}/{made}").json()["Id"] == 0
    assert [row["Id"] for row in api.get(TASKS).json()["Records"]] == [0]
    assert ids(api) == [made]


@pytest.mark.parametrize("when", ["before-commit", "after-commit"])
def test_the_answer_may_be_that_of_an_earlier_creation(far_side: SandboxProcess, api: httpx.Client, when: str) -> None:
    earlier = create(api, Name="The first")
    far_side.set_fault(f"stale-answer-{when}", "1x")
    told = api.post(TASKS, json=task(Name="The second")).json()
    assert (told["WasSuccessful"], told["Value"]) == (True, earlier)
    assert len(ids(api)) == (2 if when == "after-commit" else 1)


def test_without_an_earlier_creation_there_is_no_stale_answer() -> None:
    with sandbox("--fault", "stale-answer=1x") as far_side, client_of(far_side) as api:
        first = create(api)
        assert far_side.admin("GET", "faults") == {"stale-answer": "1x"}
        assert api.post(TASKS, json=task()).json()["Value"]["Id"] == first["Id"]
        assert far_side.counts()["faults"] == {"stale-answer": 1}
