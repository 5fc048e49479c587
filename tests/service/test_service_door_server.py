"""The server around the door: where it listens, how it ends, what it says of its own faults, and other ledgers."""

from __future__ import annotations

import logging
import socket
import time
from pathlib import Path

import pytest
from door_given import EVENT, body_of, door_on, open_at
from postgres_given import private_server
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.core.errors import UserError
from engine.service.server import open_socket


def test_an_address_that_cannot_be_had_is_told_with_its_reason() -> None:
    with open_socket("127.0.0.1", 0) as taken, pytest.raises(UserError, match=r"^127\.0\.0\.1:\d+ cannot be"):
        open_socket("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(UserError, match="no such address or port"):
        open_socket("127.0.0.1", 99_999)


def test_it_listens_on_an_ipv6_address_too() -> None:
    with open_socket("::1", 0) as listening:
        assert listening.family == socket.AF_INET6


def test_a_stop_does_not_wait_for_those_who_hold_on(tmp_path: Path) -> None:
    held = []
    with open_at(tmp_path / "ledger.db") as ledger:
        with door_on(ledger) as door:
            for start in (b"", b"POST /hooks", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"):
                connection = socket.create_connection(("127.0.0.1", door.port), timeout=5)
                connection.sendall(start)
                held.append(connection)
            assert door.deliver().status == 202  # so that the others have been seen
            stopped = time.monotonic()
        assert time.monotonic() - stopped < 3
        for connection in held:
            with connection:
                assert connection.recv(100) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", door.port), timeout=5)


def test_a_fault_of_a_page_is_a_500_that_says_nothing_here_or_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def faulty(_request: Request) -> Response:
        raise ValueError("canary@acme.example")

    with (
        open_at(tmp_path / "ledger.db") as ledger,
        caplog.at_level(logging.DEBUG),
        door_on(ledger, routes=(Route("/faulty", faulty),)) as door,
    ):
        answer = door.call("GET", "/faulty")
        assert (answer.status, answer.code) == (500, "fault")
        assert door.deliver().status == 202
    assert "ValueError" in caplog.text
    assert "canary" not in caplog.text + answer.body.decode()


def test_over_postgresql_an_outage_is_a_503_and_nothing_that_was_acknowledged_is_lost() -> None:
    with private_server() as server:
        place = server.url("postgres")
        with open_at(place) as ledger, door_on(ledger) as door:
            first = door.deliver(body_of(1))
            assert first.status == 202
            assert door.deliver(body_of(1)).id == first.id
            server.stop()
            started = time.monotonic()
            assert door.deliver(body_of(2)).status == 503
            assert time.monotonic() - started < 5
            server.start()
            statuses = [door.deliver(body_of(2)).status for _ in range(3)]
            assert statuses[-1] == 202
            assert ledger.inbox.counts()["new"] == 2
            assert {one.event for one in ledger.inbox.listed()} == {EVENT}
