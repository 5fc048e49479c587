"""Door and workers on one PostgreSQL: started at once, ended under way, one dead, and their queue taken away."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

import pytest
from service_process import Running, until
from workers_world import DEAD_SECONDS, Fleet, settled, workers_world

MOST_SECONDS = 60.0


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Door and two workers that all found the database empty, and began in the same moment."""
    with workers_world(tmp_path_factory.mktemp("fleet"), seed=7, at_once=True) as fleet:
        yield fleet


def come(fleet: Fleet, members: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(members):
        _, body = fleet.sign_up(chance)
        assert fleet.deliver(body)


def judge(fleet: Fleet) -> None:
    settled(fleet, MOST_SECONDS)
    found = fleet.judged()
    assert found.clean, found
    assert fleet.states() == {1}


def test_processes_that_start_at_once_on_an_empty_database_all_work(fleet: Fleet) -> None:
    until(lambda: fleet.number("procrastinate_workers") == 2)
    come(fleet, 4, seed=1)
    judge(fleet)


def test_a_worker_that_is_told_to_end_does_so_within_10_s_and_another_goes_on(fleet: Fleet) -> None:
    come(fleet, 3, seed=2)
    until(fleet.unfinished, every=0.01)
    codes: dict[int, int] = {}
    began = time.monotonic()

    def stop(place: int, running: Running) -> None:
        codes[place] = running.stop()

    threads = [threading.Thread(target=stop, args=pair) for pair in enumerate(fleet.workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    assert codes == {0: 0, 1: 0}
    assert took <= 10
    assert fleet.number("procrastinate_workers") == 0
    for place, old in enumerate(list(fleet.workers)):
        old.end()
        fleet.replace(place)
    judge(fleet)


def test_the_work_of_a_worker_that_died_is_taken_up_within_the_dead_time(fleet: Fleet) -> None:
    come(fleet, 6, seed=3)
    until(fleet.unfinished, every=0.01)
    dead = fleet.workers[0]
    dead.kill()
    began = time.monotonic()
    until(lambda: not fleet.number("procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL"), MOST_SECONDS)
    stalled = (
        "procrastinate_jobs JOIN procrastinate_workers AS w ON w.id = worker_id WHERE status = 'doing'"
        f" AND last_heartbeat < now() - interval '{DEAD_SECONDS + 3} seconds'"
    )
    while time.monotonic() - began < DEAD_SECONDS + 4:
        assert fleet.number(stalled) == 0
        time.sleep(0.2)
    judge(fleet)
    dead.end()
    fleet.replace(0)


def test_tables_of_the_queue_that_are_dropped_while_jobs_wait_lose_nothing(fleet: Fleet) -> None:
    come(fleet, 4, seed=4)
    fleet.rows("DROP TABLE procrastinate_jobs, procrastinate_events, procrastinate_workers CASCADE")
    until(lambda: fleet.rows("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")[0][0], MOST_SECONDS)
    _, body = fleet.sign_up(random.Random(5))
    until(lambda: fleet.deliver(body))  # a session that knew the old tables is refused once, and so is its delivery
    fleet.rows("TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_workers CASCADE")
    judge(fleet)
