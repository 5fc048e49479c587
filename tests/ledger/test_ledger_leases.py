"""One holder at a time, and a fence that only grows; who was taken over is told so before a send."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_given import ADA, NOW, Place, begin, end_all, intent, opened, start_python
from whenever import Instant

from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease, RunId

NAME = f"coworker {ADA}"
SECONDS = 30.0


def take(ledger: Ledger, holder: str, now: Instant, name: str = NAME) -> Lease | None:
    return ledger.take_lease(name, holder=holder, seconds=SECONDS, now=now)


def taken(ledger: Ledger, holder: str, now: Instant) -> Lease:
    lease = take(ledger, holder, now)
    assert lease is not None
    return lease


def die(ledger: Ledger) -> None:
    """What a server sees when the processes that hold leases are killed; a file sees nothing."""
    if ledger._pins is not None:
        ledger._pins.close()


def test_a_free_lease_is_taken_and_others_wait_until_its_end(ledger: Ledger) -> None:
    assert ledger.leased_until(NAME, NOW) is None
    assert taken(ledger, "ana", NOW) == Lease(NAME, "ana", 1, NOW.add(seconds=30))
    assert take(ledger, "ben", NOW.add(milliseconds=29_999)) is None
    assert ledger.leased_until(NAME, NOW.add(milliseconds=29_999)) == NOW.add(seconds=30)
    assert ledger.leased_until(NAME, NOW.add(seconds=30)) is None
    die(ledger)
    assert taken(ledger, "ben", NOW.add(seconds=30)) == Lease(NAME, "ben", 2, NOW.add(seconds=60))


def test_leases_of_two_names_know_nothing_of_each_other(ledger: Ledger) -> None:
    taken(ledger, "ana", NOW)
    other = take(ledger, "ben", NOW, name="coworker 5")
    assert other is not None
    assert other.fence == 1


def test_a_holder_takes_its_own_lease_again_without_a_new_fence_while_it_runs(ledger: Ledger) -> None:
    assert taken(ledger, "ana", NOW).fence == 1
    assert taken(ledger, "ana", NOW.add(seconds=10)) == Lease(NAME, "ana", 1, NOW.add(seconds=40))
    assert taken(ledger, "ana", NOW.add(seconds=40)).fence == 2, "it ran out: others may have been in between"


def test_only_its_holder_renews_a_lease_even_one_that_ran_out(ledger: Ledger) -> None:
    first = taken(ledger, "ana", NOW)
    late = NOW.add(seconds=100)
    assert ledger.renew_lease(first, seconds=SECONDS, now=late) == Lease(NAME, "ana", 1, late.add(seconds=30))
    later = NOW.add(seconds=200)
    die(ledger)
    second = taken(ledger, "ben", later)
    assert ledger.renew_lease(first, seconds=SECONDS, now=later) is None
    assert ledger.leased_until(NAME, later) == second.until, "nothing of it was changed"


def test_a_lease_that_was_given_back_is_free_at_once_and_renewed_by_nobody(ledger: Ledger) -> None:
    first = taken(ledger, "ana", NOW)
    ledger.give_back_lease(first)
    assert ledger.leased_until(NAME, NOW) is None
    assert ledger.renew_lease(first, seconds=SECONDS, now=NOW) is None
    assert taken(ledger, "ana", NOW).fence == 2
    ledger.give_back_lease(first)
    assert take(ledger, "ben", NOW) is None, "a former holding gives nothing back"


def test_a_fence_outlives_the_ledgers_closing(place: Place) -> None:
    with opened(place) as ledger:
        ledger.give_back_lease(taken(ledger, "ana", NOW))
    with opened(place) as ledger:
        assert taken(ledger, "ben", NOW).fence == 2


def test_a_clock_that_was_set_back_frees_no_lease_and_shortens_none(ledger: Ledger) -> None:
    first = taken(ledger, "ana", NOW)
    earlier = NOW.subtract(minutes=59)
    assert take(ledger, "ben", earlier) is None
    assert ledger.leased_until(NAME, earlier) == first.until
    assert ledger.renew_lease(first, seconds=SECONDS, now=earlier) == first
    assert taken(ledger, "ana", earlier) == first
    assert take(ledger, "ben", NOW.add(seconds=29)) is None


def test_a_lease_of_a_clock_that_was_hours_ahead_keeps_nobody_out(ledger: Ledger) -> None:
    first = taken(ledger, "ana", NOW.add(hours=24))
    die(ledger)
    second = taken(ledger, "ben", NOW)
    assert (second.holder, second.fence) == ("ben", 2)
    assert ledger.renew_lease(first, seconds=SECONDS, now=NOW) is None


def test_a_lease_without_a_holder_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="needs a holder"):
        take(ledger, "", NOW)


def test_a_holder_is_confirmed_until_another_takes_over(ledger: Ledger) -> None:
    first = taken(ledger, "ana", NOW)
    run = begin(ledger)
    assert ledger.confirm(run, first, seconds=SECONDS, now=NOW.add(seconds=15)) == first, "half of it is left"
    late = NOW.add(seconds=90)
    die(ledger)
    second = taken(ledger, "ben", late)
    assert ledger.confirm(run, first, seconds=SECONDS, now=late) is None
    assert ledger.confirm(begin(ledger, at=late), second, seconds=SECONDS, now=late) == second


def test_a_lease_is_renewed_by_a_check_once_less_than_half_is_left(ledger: Ledger) -> None:
    lease, run = taken(ledger, "ana", NOW), begin(ledger)
    later = NOW.add(milliseconds=15_001)
    renewed = ledger.confirm(run, lease, seconds=SECONDS, now=later)
    assert renewed == Lease(NAME, "ana", 1, later.add(seconds=30))
    assert ledger.leased_until(NAME, later) == later.add(seconds=30)
    over = NOW.add(seconds=300)
    assert ledger.confirm(run, lease, seconds=SECONDS, now=over) == Lease(NAME, "ana", 1, over.add(seconds=30)), (
        "it ran out and nobody took it"
    )


def test_each_check_is_a_sign_of_life_at_most_one_in_a_tenth_of_a_second(ledger: Ledger) -> None:
    lease, run = taken(ledger, "ana", NOW), begin(ledger)
    ledger.claim(run, [intent("tea")], NOW)

    def seen_after(milliseconds: int) -> Instant:
        assert ledger.confirm(run, lease, seconds=SECONDS, now=NOW.add(milliseconds=milliseconds)) == lease
        return ledger.known(ADA)[0].seen_at

    assert seen_after(99) == NOW
    assert seen_after(100) == NOW.add(milliseconds=100)
    assert seen_after(150) == NOW.add(milliseconds=100)


def test_who_was_taken_over_gives_no_sign_of_life(ledger: Ledger) -> None:
    lease, run = taken(ledger, "ana", NOW), begin(ledger)
    late = NOW.add(seconds=90)
    die(ledger)
    taken(ledger, "ben", late)
    assert ledger.confirm(run, lease, seconds=SECONDS, now=late) is None
    told = ledger.run(run)
    assert told is not None
    assert told.seen_at == NOW


def test_a_check_for_a_run_that_is_not_there_is_a_bug_that_is_told(ledger: Ledger) -> None:
    with pytest.raises(LookupError, match="no run"):
        ledger.confirm(RunId("none"), taken(ledger, "ana", NOW), seconds=SECONDS, now=NOW)


WHO = st.sampled_from(["ana", "ben", "eva"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "renew", "give back"]), WHO, st.integers(-20, 60)), max_size=30
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_whatever_happens_nobody_holds_what_another_may_believe_to_hold(
    ledger: Ledger, steps: list[tuple[str, str, int]]
) -> None:
    name = f"example {time.monotonic_ns()}"
    now, fence = NOW, 0
    believed: dict[str, Lease] = {}  # the lease that each was given last
    for step, who, seconds in steps:
        now = now.add(seconds=seconds)
        die(ledger)
        if step == "take":
            lease = ledger.take_lease(name, holder=who, seconds=SECONDS, now=now)
            others = [one for other, one in believed.items() if other != who and one.until > now]
            assert (lease is None) == bool(others)
        elif step == "renew" and who in believed:
            lease = ledger.renew_lease(believed[who], seconds=SECONDS, now=now)
            assert (lease is not None) == (believed[who].fence == fence), "only the last holding goes on"
        elif step == "give back" and who in believed:
            ledger.give_back_lease(believed.pop(who))
            continue
        else:
            continue
        if lease is None:
            continue
        assert lease.until > now
        assert lease.fence >= fence
        fence = lease.fence
        believed = {other: one for other, one in believed.items() if one.until > now or other == who}
        believed[who] = lease


RACE = """
import sys, time
from pathlib import Path
from ledger_given import opened
from whenever import Instant
place, folder, who, other = sys.argv[1:]
with opened(place) as ledger:
    Path(folder, who).touch()
    while not Path(folder, other).exists():
        time.sleep(0.001)
    for _ in range(100):
        while (lease := ledger.take_lease("coworker 1", holder=who, seconds=5, now=Instant.now())) is None:
            time.sleep(0.001)
        begun = time.monotonic_ns()
        time.sleep(0.001)
        print(lease.fence, begun, time.monotonic_ns())
        ledger.give_back_lease(lease)
        time.sleep(0.003)
"""


def test_two_processes_that_race_two_hundred_times_never_hold_it_both(place: Place, tmp_path: Path) -> None:
    opened(place).close()
    printed = end_all([start_python(RACE, place, tmp_path, *names) for names in (("one", "two"), ("two", "one"))])
    told = [[tuple(map(int, line.split())) for line in text.splitlines()] for text in printed]
    holdings = sorted(holding for lines in told for holding in lines)
    fences = [fence for fence, _, _ in holdings]
    assert fences == list(range(1, 201)), "each holding has a fence of its own, and none is used twice"
    ends = [0, *(end for _, _, end in holdings)]
    assert all(begun >= end for (_, begun, _), end in zip(holdings, ends, strict=False)), "one after the other"
    turns = [lines[0][1] for lines in told], [lines[-1][2] for lines in told]
    assert max(turns[0]) < min(turns[1]), "they did race"


SLEEP_PAST_IT = """
import os, signal, sys
from ledger_given import begin, opened
from whenever import Instant
with opened(sys.argv[1]) as ledger:
    run = begin(ledger)
    lease = ledger.take_lease("coworker 1", holder="slow", seconds=0.2, now=Instant.now())
    print(lease.fence, flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    print(ledger.confirm(run, lease, seconds=0.2, now=Instant.now()))
"""


def test_a_process_that_slept_past_its_lease_is_told_so(path: Path) -> None:
    opened(path).close()
    process = start_python(SLEEP_PAST_IT, path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        with opened(path) as ledger:
            deadline = time.monotonic() + 10
            while (lease := take(ledger, "quick", Instant.now(), "coworker 1")) is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert lease.fence == 2
        _wake(process)
        assert end_all([process], 20) == ["None\n"]
    finally:
        process.kill()
        process.wait()


def _wake(process: subprocess.Popen[str]) -> None:
    """It may not have stopped yet: woken until it has ended."""
    import signal

    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)
