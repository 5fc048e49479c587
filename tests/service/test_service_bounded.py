"""What is refused before it is read, byte by byte over a socket (promises B10 and B16)."""

from __future__ import annotations

import gzip
import re
import socket
import time
from collections.abc import Iterator

import pytest
from door_given import BODY, EVENT, SECRET, RunningDoor, body_of, door_on, open_at
from service_process import sign

from engine.service.room import Limits

MIB = 1024 * 1024
LIMITS = Limits(seconds=0.5, idle_seconds=1, connections=20)
"""As in earnest, but for what would take long."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDoor]:
    path = tmp_path_factory.mktemp("bounded")
    with open_at(path / "ledger.db") as ledger, door_on(ledger, limits=LIMITS) as door:
        assert door.deliver().status == 202
        yield door


HOST, PATH = "Host: tasks.acme.example", f"/hooks/barcelona/{EVENT}"


def head(*lines: str, body: bytes = BODY, host: str = HOST, path: str = PATH) -> bytes:
    """Request line and headers of a signed delivery, with these lines besides."""
    signature = f"X-Nexudus-Hook-Signature: {sign(SECRET, body)}"
    return "\r\n".join([f"POST {path} HTTP/1.1", *filter(None, [host]), signature, *lines, "", ""]).encode("latin-1")


def good(body: bytes = BODY, *lines: str) -> bytes:
    return head(f"Content-Length: {len(body)}", *lines, body=body) + body


def say(door: RunningDoor, *parts: bytes, pause: float = 0.0, half_close: bool = False) -> bytes:
    """All that the server answers until it closes; a hundred parts at most are said."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it said enough
        heard = b""
        while part := connection.recv(65536):
            heard += part
        return heard


def statuses(heard: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"(?:^|(?<=}))HTTP/1\.1 (\d{3}) ", heard)]


def status_of(heard: bytes) -> int:
    found = statuses(heard)
    assert len(found) == 1, heard
    return found[0]


def test_a_good_delivery_on_a_bare_socket_is_taken(door: RunningDoor) -> None:
    assert status_of(say(door, good(BODY, "Connection: close"))) == 202


LENGTH = f"Content-Length: {len(BODY)}"
REFUSED: dict[str, tuple[bytes, int]] = {
    "a length over 1 MiB": (head(f"Content-Length: {MIB + 1}"), 413),
    "a length of many digits": (head("Content-Length: " + "9" * 15), 413),
    "a length of too many digits": (head("Content-Length: " + "9" * 40), 400),
    "a negative length": (head("Content-Length: -1") + BODY, 400),
    "a length that is no number": (head("Content-Length: seven") + BODY, 400),
    "a length with a sign": (head(f"Content-Length: +{len(BODY)}") + BODY, 400),
    "two lengths": (head(LENGTH, LENGTH) + BODY, 400),
    "two lengths in one": (head(f"{LENGTH}, {len(BODY)}") + BODY, 400),
    "no length": (head(), 411),
    "both ways to tell the length": (head(LENGTH, "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    "both, the other way round": (head("Transfer-Encoding: chunked", LENGTH) + b"0\r\n\r\n", 400),
    "another transfer encoding": (head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n", 400),
    "chunked twice": (head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    "an obscured transfer encoding": (head("Transfer-Encoding: xchunked") + b"0\r\n\r\n", 400),
    "a chunk without a size": (head("Transfer-Encoding: chunked") + b"x\r\n", 400),
    "a trailer": (head("Transfer-Encoding: chunked") + b"1\r\n[\r\n0\r\nX-A: b\r\n\r\n", 400),
    "gzip": (head(LENGTH, "Content-Encoding: gzip") + BODY, 415),
    "br": (head(LENGTH, "Content-Encoding: br") + BODY, 415),
    "a large header": (head(LENGTH, "X-A: " + "a" * 17_000) + BODY, 431),
    "many headers": (head(LENGTH, *["X-A: b"] * 3_000) + BODY, 431),
    "a large path": (head(LENGTH, path="/hooks/" + "a" * 17_000), 431),
    "a header without end": (b"POST / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 50_000, 431),
    "empty lines without end": (b"\r\n" * 20_000, 431),
    "no host": (head(LENGTH, host="") + BODY, 400),
    "two hosts": (head(LENGTH, "Host: other.example") + BODY, 400),
    "a host with a path": (head(LENGTH, host="Host: a/../b") + BODY, 400),
    "a host with a login": (head(LENGTH, host="Host: root@a") + BODY, 400),
    "a host that is not ASCII": (head(LENGTH, host="Host: \xe9\xff") + BODY, 400),
    "an upgrade": (head(LENGTH, "Connection: Upgrade", "Upgrade: websocket") + BODY, 400),
    "a tunnel": (b"CONNECT nexudus.example:443 HTTP/1.1\r\nHost: nexudus.example:443\r\n\r\n", 400),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), 400),
    "the next version": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a line end in a header": (head(LENGTH, "X-A: b\rX-C: d") + BODY, 400),
    "a folded header": (head(LENGTH, "X-A: b", " c") + BODY, 400),
    "a space before the colon": (head(LENGTH, "X-A : b") + BODY, 400),
    "a NUL in a header": (head(LENGTH, "X-A: \x00") + BODY, 400),
    "an unknown method": (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
}


@pytest.mark.parametrize(("request_bytes", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_allowed_is_refused_and_the_connection_ends(
    door: RunningDoor, request_bytes: bytes, status: int
) -> None:
    before = door.counts.outcomes["other", "other", f"status_{status}"]
    heard = say(door, request_bytes)
    assert status_of(heard) == status
    assert b"connection: close" in heard
    assert door.counts.outcomes["other", "other", f"status_{status}"] == before + 1


def test_a_length_over_the_limit_is_refused_before_a_byte_of_the_body(door: RunningDoor) -> None:
    started = time.monotonic()
    assert status_of(say(door, head(f"Content-Length: {10**11}", "Expect: 100-continue"))) == 413
    assert time.monotonic() - started < LIMITS.seconds


def test_a_body_of_one_byte_too_many_is_refused_though_it_was_sent(door: RunningDoor) -> None:
    body = b'["' + b"a" * (MIB - 3) + b'"]'
    assert len(body) == MIB + 1
    assert status_of(say(door, good(body))) == 413


def test_chunks_are_put_together_and_counted(door: RunningDoor) -> None:
    chunked = head("Transfer-Encoding: chunked", "Connection: close")
    chunks = b"".join(b"%x\r\n%c\r\n" % (1, letter) for letter in BODY) + b"0\r\n\r\n"
    assert status_of(say(door, chunked, chunks)) == 202
    endless = [b"10000\r\n" + b"a" * 65536 + b"\r\n"] * 40
    assert status_of(say(door, chunked, *endless)) == 413


@pytest.mark.parametrize("noise", [b"1;", b"0\r\nX-A: "], ids=["an extension", "a trailer"])
def test_what_stands_between_chunks_is_bounded_too(door: RunningDoor, noise: bytes) -> None:
    heard = say(door, head("Transfer-Encoding: chunked") + noise, *[b"x" * 70_000] * 60)
    assert status_of(heard) == 413


def test_a_gzip_bomb_is_not_opened(door: RunningDoor) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    lines = (f"Content-Length: {len(bomb)}", "Content-Encoding: gzip")
    assert status_of(say(door, head(*lines) + bomb)) == 415
    assert status_of(say(door, head(lines[0], "Connection: close") + bomb)) == 400  # nor is it text


@pytest.mark.parametrize("start", [b"P", head(LENGTH)[:60], head(LENGTH), head(LENGTH) + BODY[:5]])
def test_a_request_that_does_not_come_to_its_end_is_told_so(door: RunningDoor, start: bytes) -> None:
    assert status_of(say(door, start)) == 408


def test_a_sender_that_drips_is_told_so_as_well(door: RunningDoor) -> None:
    parts = [good()[at : at + 1] for at in range(100)]
    assert status_of(say(door, *parts, pause=0.02)) == 408


@pytest.mark.parametrize("parts", [(), (b"\r\n",)], ids=["nothing", "an empty line"])
def test_whoever_says_nothing_is_not_answered(door: RunningDoor, parts: tuple[bytes, ...]) -> None:
    assert say(door, *parts) == b""


def test_an_empty_line_between_requests_takes_no_time_from_the_next(door: RunningDoor) -> None:
    later = good(body_of(9), "Connection: close")
    heard = say(door, good() + b"\r\n", later[:40], later[40:], pause=0.7 * LIMITS.seconds)
    assert statuses(heard) == [202, 202]


def test_an_idle_connection_serves_again_and_is_closed_in_the_end(door: RunningDoor) -> None:
    heard = say(door, good(), good(body_of(5)), pause=LIMITS.seconds + 0.1)
    assert statuses(heard) == [202, 202]


def test_a_sender_that_shuts_its_side_still_hears_the_answer(door: RunningDoor) -> None:
    assert status_of(say(door, good(), half_close=True)) == 202


def test_one_who_waits_for_leave_to_send_gets_it(door: RunningDoor) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(head(LENGTH, "Expect: 100-continue", "Connection: close"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(1000).startswith(b"HTTP/1.1 202 ")


def test_of_pipelined_requests_each_gets_its_own_answer_in_order(door: RunningDoor) -> None:
    forged = good().replace(b"Signature: ", b"Signature: 0")
    unknown = good().replace(b"/barcelona/", b"/lisbon/")
    heard = say(door, good() + forged + good(body_of(6)) + unknown + good(body_of(7), "Connection: close"))
    assert statuses(heard) == [202, 401, 202, 404, 202]


def test_after_good_pipelined_requests_a_bad_one_is_refused_and_nothing_after_it_is_read(door: RunningDoor) -> None:
    never = body_of(123_456)
    heard = say(door, good() + good(body_of(6)) + b"\x00garbage\r\n\r\n" + good(never))
    assert statuses(heard) == [202, 202, 400]
    heard = say(door, good() + head(LENGTH, "Transfer-Encoding: chunked") + b"0\r\n\r\n" + good(never))
    assert statuses(heard) == [202, 400]


def test_a_hidden_second_request_is_body_and_nothing_else(door: RunningDoor) -> None:
    hidden = good(body_of(8))
    before = door.counts.of("secret_1")
    outer = head(f"Content-Length: {len(hidden)}", "Connection: close") + hidden
    assert status_of(say(door, outer)) == 401
    assert door.counts.of("secret_1") == before


def test_too_many_requests_ahead_are_refused(door: RunningDoor) -> None:
    found = statuses(say(door, good() * 100))
    assert found[-1] == 429
    assert found[:-1] == [202] * len(found[:-1])
    assert len(found) <= LIMITS.pipelined + 3


def test_whoever_holds_on_without_use_makes_room_for_another(door: RunningDoor) -> None:
    held = [socket.create_connection(("127.0.0.1", door.port), timeout=5) for _ in range(3 * LIMITS.connections)]
    try:
        assert door.deliver().status == 202
    finally:
        for connection in held:
            connection.close()


def test_a_path_in_the_form_for_proxies_is_only_a_path(door: RunningDoor) -> None:
    absolute = head(LENGTH, "Connection: close", path=f"http://evil.example/hooks/barcelona/{EVENT}") + BODY
    assert status_of(say(door, absolute)) == 202
    elsewhere = head(LENGTH, "Connection: close", path="http://evil.example/openapi.json") + BODY
    assert status_of(say(door, elsewhere)) == 405


def test_the_host_is_never_part_of_an_answer(door: RunningDoor) -> None:
    request = head(LENGTH, "Connection: close", host="Host: evil.example:99", path="/openapi.json/") + BODY
    heard = say(door, request)
    assert status_of(heard) == 404
    assert b"evil" not in heard
