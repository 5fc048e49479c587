import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.nexudus.throttle import FIRST_PAUSE, LONGEST, LONGEST_PAUSE, SHORTEST, pause, retry_after, spread

NOW = Instant.from_utc(2026, 11, 23, 12)


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("1", b"", 1.0),
        ("2.5", b"", 2.5),
        ("0", b"", 1.0),
        ("-20", b"", 1.0),
        ("86400", b"", 300.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", b"", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", b"", 1.0),
        ("Sun, 23 Nov 2036 12:00:00 GMT", b"", 300.0),
        ("soon", b"", None),
        ("", b"", None),
        ("nan", b"", None),
        ("1e9", b"", None),
        ("", b'{"Message":"You must Wait 2.5 seconds"}', 2.5),
        ("soon", b"wait 7 seconds", 7.0),
        ("4", b"Wait 30 seconds", 4.0),
        ("", b"Wait 2 minutes", 120.0),
        ("", b"Wait 99999 seconds", 300.0),
        ("", b"Wait a while", None),
        ("  12  ", b"", 12.0),
        ("9" * 4000, b"", 300.0),
        ("-" + "9" * 4000, b"", 1.0),
        ("0.001", b"", 1.0),
        ("299.5", b"", 299.5),
        ("300.5", b"", 300.0),
        ("3, 7, 5", b"", 7.0),
        ("3, soon", b"", None),
        ("2.5.1", b"", None),
        ("+4", b"", None),
        ("0x10", b"", None),
        ("Infinity", b"", None),
        ("Monday, 23-Nov-26 12:00:30 GMT", b"", 30.0),
        ("Mon Nov 23 12:00:30 2026", b"", 30.0),
        ("Mon, 23 Nov 2026 14:00:30 +0200", b"", 30.0),
        ("Mon, 99 Nov 2026 12:00:30 GMT", b"", None),
        ("", b"Wait 99999999999999 seconds", 300.0),
        ("", b"wait 2,5 seconds", 2.5),
        ("", b"Wait 1 hour", 300.0),
        ("", b"x" * 5000 + b"wait 7 seconds", None),
    ],
)
def test_the_header_counts_first_then_the_text(header, body, seconds):
    headers = {"retry-after": header} if header else {}
    assert retry_after(headers, body, NOW) == seconds


def test_a_date_is_compared_with_the_answers_own_clock():
    headers = {"retry-after": "Mon, 23 Nov 2026 09:00:10 GMT", "date": "Mon, 23 Nov 2026 09:00:00 GMT"}
    assert retry_after(headers, b"", NOW) == 10.0


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=30), st.binary(max_size=80))
def test_no_answer_can_choose_a_wait_out_of_bounds(header, body):
    seconds = retry_after({"retry-after": header}, body, NOW)
    assert seconds is None or SHORTEST <= seconds <= LONGEST


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_a_pause_keeps_under_its_cap_and_spreads_from_zero(attempt, chance):
    assert 0 <= pause(attempt, chance) <= LONGEST_PAUSE
    assert pause(attempt, 0) == 0
    assert pause(attempt + 1, 1) >= pause(attempt, 1)


@pytest.mark.parametrize("attempt", range(12))
def test_a_thousand_pauses_fill_their_cap_evenly(attempt):
    chance = random.Random(attempt).random
    waits = [pause(attempt, chance()) for _ in range(1000)]
    cap = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    assert max(waits) <= cap
    for part in range(10):  # full jitter: each tenth of the way to the cap has about its tenth
        held = sum(cap * part / 10 <= wait < cap * (part + 1) / 10 for wait in waits)
        assert 60 <= held <= 140


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.floats(1, 300), st.floats(0, 1))
def test_a_wait_is_never_shorter_than_asked(seconds, chance):
    assert seconds <= spread(seconds, chance) <= seconds + 2
