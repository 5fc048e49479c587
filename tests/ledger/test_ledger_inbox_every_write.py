"""A fault at every statement of every method of inbox, jobs and watch: each did all or nothing, and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import test_ledger_every_write as every
from inbox_given import accept, came, decide, job
from ledger_given import NOW, opened
from test_ledger_every_write import _planted  # noqa: F401  a fixture, found by name

from engine.ledger.ledger import Ledger
from engine.ledger.service_values import DeliveryId, JobId

LATER = NOW.add(minutes=5)


def fill(path: Path) -> None:
    """One delivery of each state, one in doubt, and three jobs, one of them in trouble."""
    with opened(path) as ledger:
        accept(ledger, "new")
        done, stuck = accept(ledger, "done"), accept(ledger, "stuck")
        decide(ledger, done, job("first"))
        decide(ledger, stuck, job("first", contract_id=9), job("second"))
        ledger.jobs.finish(ledger.jobs.listed()[0].id, "failed", "too often", NOW)
        accept(ledger, "doubted", verified="unverified")
        ledger.watch.note_refused("barcelona", "contract.created", "m1", NOW)
        ledger.watch.raise_alert("hook 5", "hook off", "it is off", NOW)


def _new(ledger: Ledger) -> DeliveryId:
    return ledger.inbox.due(NOW, limit=1)[0]


def _stuck(ledger: Ledger) -> DeliveryId:
    return ledger.inbox.listed("failed")[0].id


def _job(ledger: Ledger, state: str = "open") -> JobId:
    return next(one.id for one in ledger.jobs.listed() if one.state == state)


HERE = ("barcelona", "contract.created", "m1", LATER)
COPIES = [came("new"), came("fresh"), came("doubted"), came("odd", verified="unverified")]
METHODS: dict[str, Callable[[Ledger], object]] = {
    "accept": lambda one: one.inbox.accept(COPIES),
    "decide": lambda one: decide(one, _new(one), job("first"), job("third", record_id=8)),
    "set_aside": lambda one: one.inbox.set_aside(_new(one), "odd", LATER),
    "retry": lambda one: one.inbox.retry(_new(one), "no answer", LATER, NOW),
    "replay": lambda one: one.inbox.replay(_stuck(one), LATER),
    "discard": lambda one: one.inbox.discard(_stuck(one), LATER),
    "forget_settled": lambda one: one.inbox.forget_settled(LATER),
    "ask": lambda one: one.jobs.ask([job("first", record_id=1), job("third")], NOW),
    "postpone": lambda one: one.jobs.postpone(_job(one), LATER, "waits", NOW, is_try=True),
    "finish": lambda one: one.jobs.finish(_job(one), "aside", "no holder", LATER),
    "reopen": lambda one: one.jobs.reopen(_job(one, "failed"), LATER),
    "discard job": lambda one: one.jobs.discard(_job(one, "failed"), LATER),
    "note_seen": lambda one: one.jobs.note_seen("contract.renewed", "1", NOW),
    "note_verified": lambda one: one.watch.note_verified(*HERE),
    "note_refused": lambda one: one.watch.note_refused(*HERE),
    "raise_alert": lambda one: one.watch.raise_alert("backlog", "backlog", "late", NOW),
    "clear_alert": lambda one: one.watch.clear_alert("hook 5", LATER),
    "set_moment": lambda one: one.watch.set_moment("last sweep", NOW),
    "cover": lambda one: one.watch.cover("new-member", "{}", NOW),
}


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_a_fault_at_any_statement_leaves_all_or_nothing(
    path: Path, tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path)
    monkeypatch.setitem(every.METHODS, method, lambda one: lambda: METHODS[method](one))
    kinds, failed = list(every.FAULTS), 0
    for number in range(1, 100):
        kind = kinds[number % len(kinds)]
        met, has_failed = every._fail_at(number, kind, method, path, tmp_path / f"{number}.db")
        failed += has_failed
        if not met:
            break
    assert not met, "the method has an end"
    assert failed >= 2, "at least its begin and its end were met"
