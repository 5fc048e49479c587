from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_given import NOW, Place, most_in, opened
from sqlalchemy import func, select
from whenever import Instant, TimeDelta

from engine.core.errors import Unfinished
from engine.ledger import schema
from engine.ledger.ledger import Ledger
from engine.ledger.limits import DAY, HOUR, MINUTE, DailyLimit, Limits, Window, first_free
from engine.ledger.pace import LedgerPace, MemoryPace


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []
        self.during_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> Instant:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now = self.now.add(TimeDelta(seconds=seconds))
        self.during_sleep()

    def since_start(self) -> float:
        return (self.now - NOW).total("milliseconds")


Pace = LedgerPace | MemoryPace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["ledger", "memory"])
def paced(
    request: pytest.FixtureRequest, ledger: Ledger, clock: Clock
) -> Callable[[Limits], Pace]:
    def make(limits: Limits) -> Pace:
        if request.param == "ledger":
            return LedgerPace(ledger, limits, clock=clock, sleep=clock.sleep)
        return MemoryPace(limits, clock=clock, sleep=clock.sleep)

    return make


def moments(pace: Pace, clock: Clock, calls: str) -> list[tuple[float, bool]]:
    """When each call of `rwrw...` went, in milliseconds from the start."""
    went = []
    for call in calls:
        pace.acquire(write=call == "w")
        went.append((clock.since_start(), call == "w"))
    return went


def test_97_percent_of_each_published_limit_is_used() -> None:
    assert [(window.limit, window.length) for window in Limits().windows()] == [
        (10, 100),
        (60, MINUTE),
        (120, MINUTE),
        (5000, HOUR),
        (5000, DAY),
    ]
    assert [window.guarded for window in Limits().windows()] == [110, 61_856, 61_856, 3_711_341, 89_072_165]
    assert len(Limits(calls_per_hour=0).windows()) == 4
    assert [window.length for window in Limits(scale=0.01).windows()[:3]] == [1, 600, 600]


def test_calls_within_the_limits_do_not_wait(paced: Callable[[Limits], Pace], clock: Clock) -> None:
    moments(paced(Limits()), clock, "wrwrwrwrw")
    assert clock.slept == []


def test_the_61st_write_waits_for_the_first_to_leave_the_minute(
    paced: Callable[[Limits], Pace], clock: Clock
) -> None:
    went = moments(paced(Limits()), clock, "w" * 61)
    assert went[59][0] == pytest.approx(5 * 110)
    assert went[60][0] == 61_856, "a minute and its guard after the first"
    assert sum(clock.slept) * 1000 == pytest.approx(went[60][0])


def test_writes_that_wait_do_not_hold_up_reads(ledger: Ledger, clock: Clock) -> None:
    windows = Limits().windows()
    first = [ledger.reserve_call(windows, clock, write=True) for _ in range(80)]
    assert (first[-1] - NOW).total("seconds") > 60
    read = ledger.reserve_call(windows, clock, write=False)
    assert (read - NOW).total("seconds") < 1


def test_a_backfill_uses_97_percent_of_the_tightest_limit(
    paced: Callable[[Limits], Pace], clock: Clock
) -> None:
    pace = paced(Limits())
    went = moments(pace, clock, "wwr" * (60 * 3))
    writes = [moment for moment, write in went if write]
    assert most_in([moment for moment, _ in went], MINUTE) <= 120
    assert most_in(writes, MINUTE) <= 60
    assert most_in([moment for moment, _ in went], 100) <= 10
    rate = (len(writes) - 60) / (writes[-1] / MINUTE)
    assert rate >= 60 * 0.965, "97 %, less the spacing of the last burst"


def test_the_daily_limit_parks_and_says_when_it_goes_on(
    paced: Callable[[Limits], Pace], clock: Clock
) -> None:
    pace = paced(Limits(writes_per_day=10))
    moments(pace, clock, "w" * 10)
    clock.now = clock.now.add(hours=3)
    with pytest.raises(DailyLimit, match="goes on at 2026-11-24T10:44:32Z") as met:
        pace.acquire(write=True)
    assert isinstance(met.value, Unfinished)
    assert met.value.resumes_at == NOW.add(milliseconds=89_072_165), "a day, and its guard"
    pace.acquire(write=False)
    clock.now = met.value.resumes_at
    pace.acquire(write=True)
    assert clock.slept == []


def test_a_throttled_call_stops_all_for_as_long_as_asked(
    paced: Callable[[Limits], Pace], clock: Clock
) -> None:
    pace = paced(Limits())
    pace.throttled(30)
    pace.throttled(5)
    assert moments(pace, clock, "r") == [(30_000.0, False)]
    assert moments(pace, clock, "r") == [(30_000.0, False)]


def test_who_sleeps_while_another_is_throttled_waits_for_that_too(
    paced: Callable[[Limits], Pace], clock: Clock
) -> None:
    pace = paced(Limits(writes_per_minute=1))
    pace.acquire(write=True)

    def throttle_once() -> None:
        clock.during_sleep = lambda: None
        pace.throttled(200)

    clock.during_sleep = throttle_once
    pace.acquire(write=True)
    assert clock.since_start() >= 60_000 + 200_000


def test_who_wakes_late_is_counted_when_it_really_goes(
    paced: Callable[[Limits], Pace], clock: Clock
) -> None:
    pace = paced(Limits(calls_per_minute=2, calls_per_100_ms=0))
    moments(pace, clock, "rr")
    clock.during_sleep = lambda: setattr(clock, "now", clock.now.add(seconds=40))  # the machine stood still
    moments(pace, clock, "r")
    clock.during_sleep = lambda: None
    late = clock.since_start()
    assert late > 100_000
    moments(pace, clock, "r")
    assert clock.since_start() == late, "the calls of the first minute have long left"
    moments(pace, clock, "r")
    assert clock.since_start() - late >= 60_000, "and not a minute after the moment that was slept through"


def test_what_went_out_late_is_counted_from_then(paced: Callable[[Limits], Pace], clock: Clock) -> None:
    pace = paced(Limits(calls_per_minute=1, calls_per_100_ms=0))
    pace.acquire(write=True)
    clock.now = clock.now.add(seconds=9)  # the check before its first byte took so long
    pace.went_out()
    pace.acquire(write=True)
    assert clock.since_start() >= 69_000


def test_who_is_late_keeps_those_behind_it_back(ledger: Ledger, clock: Clock) -> None:
    windows = Limits(0, 1, 0, 0, 0).windows()
    first = ledger.reserve_call(windows, clock, write=False)
    second = ledger.reserve_call(windows, clock, write=False)
    clock.now = first.add(seconds=20)
    assert ledger.take_turn(first, windows, clock, write=False) == clock.now
    went, clock.now = clock.now, second
    later = ledger.take_turn(second, windows, clock, write=False)
    assert (later - went).total("milliseconds") == windows[0].guarded
    clock.now = later
    assert ledger.take_turn(later, windows, clock, write=False) == later


@settings(derandomize=True, database=None, max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(0, 200)), min_size=1, max_size=40),
    st.lists(st.builds(Window, st.integers(1, 5), st.integers(10, 400), st.booleans()), min_size=1, max_size=3),
)
def test_calls_that_wake_late_never_overfill_a_window(
    calls: list[tuple[int, bool, int]], windows: list[Window]
) -> None:
    clock = Clock()
    limits = Limits(0, 0, 0, 0, 0, share=1.0, others=tuple(windows))
    turns = MemoryPace(limits, clock=clock, sleep=clock.sleep)._turns
    waiting: list[tuple[Instant, bool, int]] = []
    for gap, write, late in calls:
        clock.now = clock.now.add(milliseconds=gap)
        waiting.append((turns.reserve_call(limits.windows(), clock, write=write), write, late))
    went: list[tuple[float, bool]] = []
    while waiting:  # each wakes once its moment is there, some much later
        waiting.sort(key=lambda one: (one[0].add(milliseconds=one[2]), one[1]))
        at, write, late = waiting.pop(0)
        clock.now = max(clock.now, at.add(milliseconds=late))
        turn = turns.take_turn(at, limits.windows(), clock, write=write)
        if turn > clock.now:
            waiting.append((turn, write, 0))
        else:
            went.append(((clock.now - NOW).total("milliseconds"), write))
    for window in windows:
        counted = [moment for moment, write in went if write or not window.writes_only]
        assert not counted or most_in(counted, window.guarded) <= window.limit


def test_processes_share_one_pace_through_the_ledger(place: Place, clock: Clock) -> None:
    limits = Limits(calls_per_minute=10)
    with opened(place) as one, opened(place) as two:
        first = LedgerPace(one, limits, clock=clock, sleep=clock.sleep)
        second = LedgerPace(two, limits, clock=clock, sleep=clock.sleep)
        moments(first, clock, "r" * 10)
        assert moments(second, clock, "r") == [(61_856.0, False)]
        first.throttled(100)
        assert moments(second, clock, "r") == [(161_856.0, False)]


def test_old_calls_are_forgotten_reads_after_an_hour(ledger: Ledger, clock: Clock) -> None:
    pace = LedgerPace(ledger, Limits(), clock=clock, sleep=clock.sleep)
    moments(pace, clock, "rw" * 100)
    clock.now = clock.now.add(hours=2)
    moments(pace, clock, "r" * 64)
    assert _stored(ledger, is_write=0) <= 64
    assert _stored(ledger, is_write=1) == 100
    clock.now = clock.now.add(hours=25)
    moments(pace, clock, "r" * 64)
    assert _stored(ledger, is_write=1) == 0


def test_a_clock_that_was_set_back_does_not_stop_the_calls(ledger: Ledger, clock: Clock) -> None:
    pace = LedgerPace(ledger, Limits(), clock=clock, sleep=clock.sleep)
    moments(pace, clock, "r" * 63)
    clock.now = NOW.subtract(hours=24)
    moments(pace, clock, "r")
    assert _stored(ledger, is_write=0) == 1


def _stored(ledger: Ledger, *, is_write: int) -> int:
    with ledger._reading() as connection:
        chosen = select(func.count()).select_from(schema.calls).where(schema.calls.c.is_write == is_write)
        return connection.execute(chosen).scalar_one()


@settings(derandomize=True, database=None, max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=60),
    st.lists(st.builds(Window, st.integers(1, 5), st.integers(10, 400), st.booleans()), min_size=1, max_size=3),
)
def test_no_stretch_ever_holds_more_than_its_limit(
    calls: list[tuple[int, bool]], windows: list[Window]
) -> None:
    clock = Clock()
    limits = Limits(0, 0, 0, 0, 0, share=1.0, others=tuple(windows))
    turns = MemoryPace(limits, clock=clock, sleep=clock.sleep)._turns
    went: list[tuple[Instant, bool]] = []
    for gap, write in calls:
        clock.now = clock.now.add(milliseconds=gap)  # reservations pile up: nobody sleeps
        went.append((turns.reserve_call(limits.windows(), clock, write=write), write))
        assert went[-1][0] >= clock.now
    for window in windows:
        counted = [(moment - NOW).total("milliseconds") for moment, write in went if write or not window.writes_only]
        assert not counted or most_in(counted, window.guarded) <= window.limit


@settings(derandomize=True, database=None, max_examples=300)
@given(
    st.lists(st.integers(0, 60), max_size=12).map(sorted),
    st.integers(0, 60),
    st.integers(1, 4),
    st.integers(1, 20),
)
def test_the_free_moment_is_the_first_one(calls: list[int], start: int, limit: int, length: int) -> None:
    window = Window(limit, length)
    found = first_free(calls, start, window)

    def fits(at: int) -> bool:
        return all(
            sum(first <= call < first + window.guarded for call in (*calls, at)) <= limit
            for first in (*calls, at)
            if first <= at < first + window.guarded
        )

    assert found == next(at for at in range(start, 10_000) if fits(at))


@settings(
    derandomize=True,
    database=None,
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 40_000), st.booleans()), max_size=30))
def test_the_ledger_and_the_memory_give_the_same_moments(
    tmp_path: Path, calls: list[tuple[int, bool]]
) -> None:
    limits = Limits(4, 6, 20, 2, 0)
    clock = Clock()
    with opened(tmp_path / f"{time.monotonic_ns()}.db") as ledger:
        memory = MemoryPace(limits, clock=clock, sleep=clock.sleep)._turns
        for gap, write in calls:
            clock.now = clock.now.add(milliseconds=gap)
            one = ledger.reserve_call(limits.windows(), clock, write=write)
            assert one == memory.reserve_call(limits.windows(), clock, write=write)
