from __future__ import annotations

import threading
import time

from ledger_given import Place, end_all, most_in, opened, start_python

from engine.ledger.limits import Limits, Window
from engine.ledger.pace import LedgerPace

PACED_CALLS = """
import sys, time
from ledger_given import opened
from engine.ledger.limits import Limits
from engine.ledger.pace import LedgerPace
limits = Limits(60, 120, 0, 0, 0, scale=1 / 20)
with opened(sys.argv[1]) as ledger:
    pace = LedgerPace(ledger, limits)
    for number in range(60):
        pace.acquire(write=number % 2 == 0)
        moment = time.time() * 1000
        pace.went_out()
        print(moment, number % 2 == 0)
"""


LATE = 50
"""Milliseconds that a process may be kept waiting between its turn and the look at the clock, on a busy machine."""


def test_four_processes_together_keep_the_limits_and_use_them(place: Place) -> None:
    opened(place).close()
    printed = end_all([start_python(PACED_CALLS, place) for _ in range(4)])
    lines = [line.split() for text in printed for line in text.splitlines()]
    went = sorted(float(moment) for moment, _ in lines)
    writes = sorted(float(moment) for moment, write in lines if write == "True")
    assert (len(went), len(writes)) == (240, 120)
    assert most_in(went, 3000 - LATE) <= 120
    assert most_in(writes, 3000 - LATE) <= 60


def test_threads_share_a_pace(place: Place) -> None:
    went: list[float] = []
    with opened(place) as ledger:
        pace = LedgerPace(ledger, Limits(0, 0, 0, 0, 0, share=1.0, others=(Window(5, 200),)))

        def call() -> None:
            for _ in range(5):
                pace.acquire(write=True)
                went.append(time.time() * 1000)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(went) == 20
    assert max(went) - min(went) >= 3 * 200
