"""The log: one line an event, with the ids that it is about, and never a word that somebody else wrote."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.service import logs

ROOT = Path(__file__).parents[2]
CANARY = "Zoë Canary <zoe@acme.example>"


class Written(io.StringIO):
    @property
    def lines(self) -> list[str]:
        return self.getvalue().split("\n")[:-1]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """The log belongs to the whole process, which here is that of other tests too."""
    root = logging.getLogger()
    kept = (root.handlers, root.level, sys.excepthook, threading.excepthook)
    yield
    root.handlers, root.level, sys.excepthook, threading.excepthook = kept
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def written() -> Written:
    stream = Written()
    logs.configure("json", stream)
    return stream


def test_an_event_is_one_json_line_with_moment_and_level_first(written: Written) -> None:
    logs.log().info("job done", tasklist="new-member", seconds=0.25, due_at=Instant("2026-12-01T09:00:00Z"))
    (event,) = written.events
    assert list(event)[:3] == ["at", "level", "event"]
    assert Instant.parse_iso(event.pop("at")) <= Instant.now()
    assert event == {
        "level": "info",
        "event": "job done",
        "tasklist": "new-member",
        "seconds": 0.25,
        "due_at": "2026-12-01T09:00:00Z",
    }


def test_ids_stand_in_each_line_of_their_block_and_thread_alone(written: Written) -> None:
    with logs.about(delivery_id="d1"):
        with logs.about(job_id="j1", run_id="r1"):
            logs.log().info("inner")
            logging.getLogger("procrastinate").warning("a library")
            other = threading.Thread(target=lambda: logs.log().info("elsewhere"))
            other.start()
            other.join()
        logs.log().info("outer")
    logs.log().info("after")
    ids = [{name: event[name] for name in logs.IDS if name in event} for event in written.events]
    inner = {"delivery_id": "d1", "job_id": "j1", "run_id": "r1"}
    assert ids == [inner, inner, {}, {"delivery_id": "d1"}, {}]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(), st.sampled_from(["json", "text"]))
def test_whatever_stands_in_a_value_it_stays_one_line_of_ascii(text: str, form: logs.Form) -> None:
    stream = Written()
    logs.configure(form, stream)
    logs.log().info("x", what=f"a\n\u2028\x1b{text}", location=text)
    assert len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().isascii()
    assert stream.getvalue()[:-1].isprintable()
    if form == "json":
        assert stream.events[0]["location"] == (text if len(text) <= 500 else f"{text[:500]} ...")


def test_fields_that_are_not_known_to_be_harmless_are_left_out_and_named(written: Written) -> None:
    logs.log().warning("x", name=CANARY, body=CANARY.encode(), coworker_id=7, count=object())
    (event,) = written.events
    assert event["left_out"] == ["body", "name"]
    assert (event["coworker_id"], event["count"]) == (7, "object")
    assert "anary" not in written.getvalue()


def test_of_an_exception_only_its_type_and_its_way_are_told(written: Written) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as fault:
        logs.log().error("x", exc_info=True)
        logs.log().error("y", exc_info=fault)
        logging.getLogger("asyncio").exception("Task exception was never retrieved\nfuture: %r", CANARY)
    for event in written.events:
        assert event["error"] == "ValueError"
        assert event["where"].startswith("service/test_service_logs.py:")
    assert "anary" not in written.getvalue()


@pytest.mark.parametrize("name", ["uvicorn.error", "alembic.runtime.migration", "procrastinate.worker", "asyncio"])
def test_libraries_are_told_from_warning_on_without_what_they_were_given(written: Written, name: str) -> None:
    logger = logging.getLogger(name)
    logger.info("started %s", CANARY)
    logger.warning("odd request %s\nfrom %r", CANARY, CANARY)
    (event,) = written.events
    assert (event["level"], event["logger"], event["what"]) == ("warning", name, "odd request %s")


def test_loggers_of_ours_are_told_whole(written: Written) -> None:
    logging.getLogger("tasklists.service").error("a request was answered 500: %s", "KeyError")
    assert written.events[0]["what"] == "a request was answered 500: KeyError"


def test_a_line_of_a_library_that_cannot_be_made_ends_nothing(written: Written) -> None:
    told = logging.LogRecord("tasklists.service", logging.ERROR, "x.py", 1, "two %s %s", ("one",), None)
    logging.getLogger().handlers[0].handle(told)  # ours; the test's own behind it would raise
    assert written.events[0]["event"] == "a line could not be logged"


def test_a_log_that_nobody_takes_any_more_ends_nothing() -> None:
    stream = io.StringIO()
    logs.configure("json", stream)
    stream.close()
    logs.log().info("x")


def test_the_form_for_people_is_a_line_too() -> None:
    stream = Written()
    logs.configure("text", stream)
    with logs.about(job_id="j1"):
        logs.notice("sweep", "Nexudus cannot be reached")
    logs.say("alert: a = b")
    first, second = (line.split(" ", 1)[1] for line in stream.lines)
    assert first == "warning trouble duty=sweep what=Nexudus cannot be reached job_id=j1"
    assert second == 'info    note what="alert: a = b"'


def test_lines_of_many_threads_stay_whole(written: Written) -> None:
    def write(number: int) -> None:
        for count in range(50):
            logs.log().info("x" * 200, count=count, job_id=str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = {(event["job_id"], event["count"]) for event in written.events}
    assert len(seen) == len(written.lines) == 400


FALLING = """
import threading, sys
from engine.service import logs
logs.configure("json")
def fall():
    raise KeyError(sys.argv[1])
thread = threading.Thread(target=fall)
thread.start()
thread.join()
fall()
"""


def test_a_fault_that_ends_a_thread_or_the_process_tells_no_word_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FALLING, CANARY], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert [event["event"] for event in events] == ["a thread ended by a fault", "the process ends by a fault"]
    assert {event["error"] for event in events} == {"KeyError"}
    assert "anary" not in done.stderr
