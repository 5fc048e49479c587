"""Alerts over a real ledger: told once when they begin and once when they end, whatever fails or restarts between."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from alert_given import client_context, mail_inbox, until, web_inbox
from whenever import Instant

from engine.core.errors import Unreachable
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.ledger.service_values import Alert
from engine.ledger.watch import Watch
from engine.service.alert_causes import Cause
from engine.service.alert_senders import MailSender, MailServer, Sender, UrlSender
from engine.service.alerts import Alerter

SINCE = Instant("2026-11-01T00:00:00Z")
OFF = Cause("hook off: barcelona x", "hooks", "The webhook barcelona x is off.")
HELD = Cause("held", "held", "1 task in doubt.")
OPENED, ENDED = (OFF.cause, "open"), (OFF.cause, "cleared")
QUIET = 0.4
"""Seconds in which something that must not come again has time to come."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(
        tmp_path / "ledger.db", owner="acme", account="https://spaces.nexudus.com", since=SINCE, now=Instant.now()
    ) as ledger:
        yield ledger


@contextmanager
def alerter(ledger: Ledger, *senders: Sender, said: list[str] | None = None, **how: object) -> Iterator[Alerter]:
    say = (lambda _: None) if said is None else said.append
    running = Alerter(ledger.watch, senders, say=say, first_pause=0.05, **how)  # type: ignore[arg-type]
    running.start()
    try:
        yield running
    finally:
        running.stop()


def test_a_cause_is_told_once_when_it_begins_and_once_when_it_ends(ledger: Ledger) -> None:
    with web_inbox() as inbox, alerter(ledger, UrlSender(inbox.url)) as alerts:
        for _ in range(5):
            alerts.settle([OFF], {"hooks"})
        until(lambda: inbox.told() == [OPENED])
        alerts.settle([OFF], {"hooks"})
        alerts.settle([], {"hooks"})
        until(lambda: inbox.told() == [OPENED, ENDED])
        alerts.settle([], {"hooks"})
        time.sleep(QUIET)
        assert inbox.told() == [OPENED, ENDED]
        alerts.settle([OFF], {"hooks"})
        until(lambda: inbox.told() == [OPENED, ENDED, OPENED])


def test_a_restart_tells_nothing_twice_and_what_was_left_untold(ledger: Ledger) -> None:
    with web_inbox() as inbox:
        with alerter(ledger, UrlSender(inbox.url)) as alerts:
            alerts.raise_(OFF)
            until(lambda: any(row.told_at for row in ledger.watch.alerts()))
        with alerter(ledger, UrlSender(inbox.url)) as alerts:
            assert not alerts.raise_(OFF)
            time.sleep(QUIET)
        assert inbox.told() == [OPENED]
        Alerter(ledger.watch, []).clear(OFF.cause)  # by a process that died before it could tell
        with alerter(ledger, UrlSender(inbox.url)):
            until(lambda: inbox.told() == [OPENED, ENDED])
            until(lambda: ledger.watch.moment(f"end told: {OFF.cause}"))
        with alerter(ledger, UrlSender(inbox.url)):
            time.sleep(QUIET)
        assert inbox.told() == [OPENED, ENDED]


def test_kinds_that_were_not_looked_at_stay_as_they_are(ledger: Ledger) -> None:
    alerts = Alerter(ledger.watch, [])
    alerts.settle([OFF, HELD], {"hooks", "held"})
    alerts.settle([], {"held"})
    assert [row.cause for row in ledger.watch.alerts()] == [OFF.cause]


def test_a_failing_receiver_is_tried_until_it_takes_it(ledger: Ledger) -> None:
    said: list[str] = []
    with web_inbox() as inbox:
        inbox.statuses = [500, 302, 503]
        with alerter(ledger, UrlSender(inbox.url), said=said) as alerts:
            alerts.raise_(OFF)
            until(lambda: inbox.told() == [OPENED])
        assert len(inbox.paths) == 4
    assert [line for line in said if "answered 500" in line]
    assert "s3cret" not in "".join(said)


def test_who_raises_never_waits_for_a_receiver(ledger: Ledger) -> None:
    with web_inbox() as inbox:
        inbox.hold.clear()
        with alerter(ledger, UrlSender(inbox.url)) as alerts:
            alerts.raise_(OFF)
            until(lambda: inbox.paths)
            began = time.monotonic()
            alerts.raise_(HELD)
            alerts.clear(HELD.cause)
            assert time.monotonic() - began < 2
            inbox.hold.set()


def test_one_way_that_is_broken_keeps_the_other_from_nothing_and_has_it_told_once(ledger: Ledger) -> None:
    with web_inbox() as broken, mail_inbox() as mail:
        broken.statuses = [500] * 3
        server = MailServer("127.0.0.1", mail.port, False, context=client_context())
        mailer = MailSender(server, sender="t@acme.example", to=("ana@acme.example",))
        with alerter(ledger, UrlSender(broken.url), mailer) as alerts:
            alerts.raise_(OFF)
            until(lambda: broken.told() == [OPENED])
            alerts.clear(OFF.cause)
            until(lambda: len(mail.mails) == 2)
            time.sleep(QUIET)
    assert [("[tasklists] alert" in one, "[tasklists] ended" in one) for one in mail.mails] == [
        (True, False),
        (False, True),
    ]
    assert broken.told() == [OPENED, ENDED]


def test_what_ended_before_anybody_was_told_is_not_told_at_all(ledger: Ledger) -> None:
    with web_inbox() as inbox:
        alerts = Alerter(ledger.watch, [UrlSender(inbox.url)])
        alerts.raise_(OFF)
        alerts.clear(OFF.cause)
        alerts.raise_(HELD)
        alerts.start()
        until(lambda: inbox.told() == [(HELD.cause, "open")])
        time.sleep(QUIET)
        alerts.stop()
        assert inbox.told() == [(HELD.cause, "open")]


def test_what_ends_while_its_beginning_is_told_is_told_as_ended(ledger: Ledger) -> None:
    with web_inbox() as inbox, alerter(ledger, UrlSender(inbox.url)) as alerts:
        inbox.hold.clear()
        alerts.raise_(OFF)
        until(lambda: inbox.paths)
        alerts.clear(OFF.cause)
        inbox.hold.set()
        until(lambda: inbox.told() == [OPENED, ENDED])


def test_of_several_processes_only_the_one_that_may_tells(ledger: Ledger) -> None:
    with web_inbox() as inbox:
        with alerter(ledger, UrlSender(inbox.url), may_tell=lambda: False) as alerts:
            alerts.raise_(OFF)
            time.sleep(QUIET)
        assert inbox.told() == []
        with alerter(ledger, UrlSender(inbox.url), may_tell=lambda: True):
            until(lambda: inbox.told() == [OPENED])


class Away:
    """A ledger's watch that cannot be reached for a while, then is the real one."""

    def __init__(self, watch: Watch, failures: int) -> None:
        self._watch, self._left, self._lock = watch, failures, threading.Lock()

    def __getattr__(self, name: str) -> object:
        return getattr(self._watch, name)

    def mark_told(self, cause: str, now: Instant) -> bool:
        with self._lock:
            self._left -= 1
            if self._left >= 0:
                raise Unreachable("The ledger is locked.")
        return self._watch.mark_told(cause, now)

    def alerts(self, *, open_only: bool = True) -> Sequence[Alert]:
        return self._watch.alerts(open_only=open_only)


def test_what_was_told_and_could_not_be_marked_is_not_told_again(ledger: Ledger) -> None:
    said: list[str] = []
    with web_inbox() as inbox:
        alerts = Alerter(Away(ledger.watch, 2), [UrlSender(inbox.url)], say=said.append)  # type: ignore[arg-type]
        alerts.raise_(OFF)
        alerts.start()
        until(lambda: inbox.told() == [OPENED])
        for _ in range(3):
            alerts.raise_(Cause(f"poke {time.monotonic()}", "held", "Another one."))
            time.sleep(0.2)
        until(lambda: any(row.told_at for row in ledger.watch.alerts() if row.cause == OFF.cause))
        alerts.stop()
        assert inbox.told().count(OPENED) == 1
    assert [line for line in said if "The ledger is locked." in line]


def test_a_sender_that_breaks_in_any_way_does_not_end_the_telling(ledger: Ledger) -> None:
    class Odd:
        name = "the odd one"

        def send(self, notice: object) -> str:
            raise KeyError("s3cret")

    said: list[str] = []
    with web_inbox() as inbox, alerter(ledger, Odd(), UrlSender(inbox.url), said=said) as alerts:
        alerts.raise_(OFF)
        until(lambda: inbox.told() == [OPENED])
        alerts.raise_(HELD)
        until(lambda: len(inbox.told()) == 2)
    assert [line for line in said if "met KeyError" in line]
    assert "s3cret" not in "".join(said)
