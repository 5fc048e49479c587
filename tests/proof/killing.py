"""One run that is killed: at a boundary by itself, when the far side says so, or at a random moment from outside."""

from __future__ import annotations

import os
import pty
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from boundaries import DEAD
from crash_cases import Case
from processes import Child, wait_until
from proof_world import Member, World, run_arguments

_START_SECONDS = 30.0
_HELD_SECONDS = 5
"""How long the far side keeps an answer back for the killer; far more than a kill takes."""

_MOST_OF_A_WINDOW = 0.93
"""Random moments are chosen from so much of the window: the rest is what runs differ by in length."""


class Victim:
    """The first run of a case."""

    def __init__(self, world: World, case: Case, folder: Path) -> None:
        self._world = world
        self._case = case
        self._folder = folder

    def kill(
        self, pair: tuple[str, Member], window: float, start_others: Callable[[], None]
    ) -> tuple[Child, bool]:
        """Start it, and the others, and see it killed. Whether the kill landed inside the window.

        `window` is how many seconds a run like this takes from its first write to the ledger on.
        """
        if self._case.kind == "plan-shown":
            return self._answered_at_a_terminal(pair, start_others)
        if self._case.crash_at:
            child = self._start(pair)
            start_others()
            return child, child.wait(_START_SECONDS) == DEAD
        if self._case.kind == "random":
            return self._at_random(pair, window, start_others)
        return self._when_told(pair, start_others)

    def _start(self, pair: tuple[str, Member]) -> Child:
        return self._world.start(self._folder, *run_arguments(*pair), cold=self._case.cold, env=self._env)

    @property
    def _env(self) -> dict[str, str]:
        """On a busy machine a short quiet period is over before anybody waits for it."""
        waits = {"TASKLISTS_QUIET_SECONDS": "2"} if self._case.kind == "in-the-quiet-wait" else {}
        return self._case.env | {"CRASH_AT": self._case.crash_at} | waits

    def _answered_at_a_terminal(
        self, pair: tuple[str, Member], start_others: Callable[[], None]
    ) -> tuple[Child, bool]:
        """The plan is shown before the question, where somebody can be asked."""
        argv = [part for part in run_arguments(*pair, form="table") if part != "--yes"]
        with terminal() as (master, name):
            os.write(master, b"y\n")
            child = self._world.start(
                self._folder, *argv, cold=self._case.cold, env=self._env, terminal=name
            )
            start_others()
            return child, child.wait(_START_SECONDS) == DEAD

    def _at_random(
        self, pair: tuple[str, Member], window: float, start_others: Callable[[], None]
    ) -> tuple[Child, bool]:
        child = self._start(pair)
        start_others()
        began = self.has_begun(self._folder, child)
        time.sleep(self._case.moment * window * _MOST_OF_A_WINDOW)
        child.signal(signal.SIGKILL)
        return child, began and child.wait(_START_SECONDS) == -signal.SIGKILL and not child.out

    def _when_told(self, pair: tuple[str, Member], start_others: Callable[[], None]) -> tuple[Child, bool]:
        """Each answer is held back, after its commit or in its middle, until the n-th commit is in the log."""
        fault = {"server-committed": "hold-after-commit", "half-answer": "half-answer"}[self._case.kind]
        self._world.far_side.set_mode("S51.hold-seconds", _HELD_SECONDS)
        self._world.far_side.set_fault(fault, "1:coworkertasks")
        log = self._world.commit_log
        before = log.stat().st_size
        child = self._start(pair)
        try:
            told = wait_until(
                lambda: child.over.is_set() or _lines(log, before) >= self._case.nth, _HELD_SECONDS - 1
            )
            child.signal(signal.SIGKILL)
            return child, told and child.wait(_START_SECONDS) == -signal.SIGKILL
        finally:
            self._world.far_side.clear_faults()
            for name, value in self._case.faults.items():
                self._world.far_side.set_fault(name, value)
            start_others()

    @staticmethod
    def has_begun(folder: Path, child: Child) -> bool:
        """Wait for the first byte of the ledger."""
        wait_until(lambda: child.over.is_set() or _is_begun(folder), _START_SECONDS)
        return _is_begun(folder)

    @staticmethod
    def window(world: World, folder: Path, pair: tuple[str, Member], *, cold: bool) -> float:
        """Seconds from the first write to the ledger to the end of a run that is left alone."""
        child = world.start(folder, *run_arguments(*pair), cold=cold)
        Victim.has_begun(folder, child)
        started = time.monotonic()
        wait_until(lambda: child.over.is_set() or child.stdout.stat().st_size > 0, _START_SECONDS)
        child.wait(_START_SECONDS)
        return time.monotonic() - started


def _is_begun(folder: Path) -> bool:
    """Whether the ledger has its first byte."""
    try:
        return (folder / ".tasklists" / "ledger.db").stat().st_size > 0
    except FileNotFoundError:
        return False


def _lines(log: Path, offset: int) -> int:
    """How many whole lines a file has got since it was so long."""
    with log.open("rb") as file:
        file.seek(offset)
        return file.read().count(b"\n")


@contextmanager
def terminal() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: our end, and the name of the other."""
    master, slave = pty.openpty()
    try:
        yield master, os.ttyname(slave)
    finally:
        os.close(slave)
        os.close(master)
