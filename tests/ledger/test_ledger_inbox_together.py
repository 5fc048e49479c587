"""Many processes and threads at one inbox: each content is stored once, each delivery decided once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from inbox_given import accept, came, decide, job, open_jobs
from ledger_given import NOW, Place, end_all, opened, start_python

from engine.ledger.ledger import Ledger

ACCEPT = """
import json, sys, time
from pathlib import Path
from inbox_given import came
from ledger_given import opened
place, size, marks = sys.argv[1], int(sys.argv[2]), sys.argv[3]
bodies = [came(f"body {number}") for number in range(50)]
with opened(place) as ledger:
    Path(marks, str(size)).touch()
    while not all(Path(marks, name).exists() for name in ("1", "7")):
        time.sleep(0.001)
    told = [one for first in range(0, 50, size) for one in ledger.inbox.accept(bodies[first : first + size])]
print(json.dumps([[one.id, one.is_new] for one in told]))
"""


def test_two_processes_that_accept_the_same_fifty_store_each_once(place: Place, tmp_path: Path) -> None:
    opened(place).close()
    processes = [start_python(ACCEPT, place, size, tmp_path) for size in (1, 7)]
    first, second = (json.loads(printed) for printed in end_all(processes))
    assert [one for one, _ in first] == [one for one, _ in second]
    assert [was + other for (_, was), (_, other) in zip(first, second, strict=True)] == [1] * 50, "new for one of them"
    with opened(place) as ledger:
        assert [one.copies for one in ledger.inbox.listed(limit=99)] == [2] * 50
        assert len(ledger.inbox.due(NOW, limit=99)) == 50


def test_threads_that_accept_the_same_at_once_are_answered_with_one_id(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: ledger.inbox.accept([came("a")])[0], range(40)))
    assert len({one.id for one in told}) == 1
    assert sum(one.is_new for one in told) == 1


def test_threads_that_decide_the_same_delivery_make_one_job(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: tuple(decide(ledger, one, job())), range(16)))
    assert len(set(told)) == 1
    assert open_jobs(ledger) == list(told[0])


def test_threads_that_ask_for_the_same_make_one_job_of_all_deliveries(ledger: Ledger) -> None:
    deliveries = [accept(ledger, f"{number}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: decide(ledger, one, job()), deliveries))
    (merged,) = ledger.jobs.listed()
    assert sorted(merged.delivery_ids) == sorted(deliveries)
