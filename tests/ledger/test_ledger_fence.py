"""The fence of the ledger: who lives is not taken over, who was taken over is told so."""

from __future__ import annotations

from pathlib import Path

from ledger_given import NOW, begin, identity, intent, opened


def test_a_holder_is_confirmed_until_another_run_takes_over(path: Path) -> None:
    with opened(path) as ledger:
        first = begin(ledger)
        ledger.claim(first, [intent("tea")], NOW)
        assert ledger.confirm(first, identity("tea"), NOW)
        later = NOW.add(seconds=300)
        second = begin(ledger, at=later)
        assert not ledger.confirm(second, identity("tea"), later)
        seen_at = ledger.known(1_416_660_358)[0].seen_at
        taken = intent("tea", reclaim=True, held_by=first, held_seen_at=seen_at)
        assert ledger.claim(second, [taken], later) == {identity("tea")}
        assert not ledger.confirm(first, identity("tea"), later)
        assert ledger.confirm(second, identity("tea"), later)


def test_a_sign_of_life_after_the_look_keeps_another_run_from_taking_over(path: Path) -> None:
    with opened(path) as ledger:
        first = begin(ledger)
        ledger.claim(first, [intent("tea")], NOW)
        (looked_at,) = ledger.known(1_416_660_358)
        later = NOW.add(seconds=300)
        assert ledger.confirm(first, identity("tea"), later)
        assert ledger.known(1_416_660_358)[0].seen_at == later
        second = begin(ledger, at=later)
        taken = intent("tea", reclaim=True, held_by=first, held_seen_at=looked_at.seen_at)
        assert ledger.claim(second, [taken], later) == frozenset()


def test_a_settled_task_is_confirmed_to_nobody(path: Path) -> None:
    with opened(path) as ledger:
        run = begin(ledger)
        ledger.claim(run, [intent("tea")], NOW)
        ledger.record(run, identity("tea"), "created", now=NOW, task_id=7, fingerprints={})
        assert not ledger.confirm(run, identity("tea"), NOW)
        assert not ledger.confirm(run, identity("never meant"), NOW)
