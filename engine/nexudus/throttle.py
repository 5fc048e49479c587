"""How long to wait: what a throttled answer says, and the pause before another try. Pure.

It must never sleep, and never return a wait that a hostile or broken answer chose freely.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC

from whenever import Instant

SHORTEST, LONGEST = 1.0, 300.0
"""Seconds: the documented header says 1; five minutes is the longest that we take another's word for."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
"""Seconds, for faults that name no wait: three tries fit within one call's minute on average."""

# Answers of 2026 say "Wait N seconds" in the body, N sometimes decimal (api.md 10).
_WAIT_TEXT = re.compile(rb"wait\s+(\d+(?:[.,]\d+)?)\s*(second|minute|hour)", re.IGNORECASE)
_SECONDS_IN = {b"second": 1, b"minute": 60, b"hour": 3600}
_SECONDS = re.compile(r"-?\d+(?:\.\d+)?")
_TEXT_LOOKED_AT = 4096


def retry_after(headers: Mapping[str, str], body: bytes, now: Instant) -> float | None:
    """Seconds to wait, 1 to 300, by the Retry-After header (seconds or HTTP date), else by the body's text.

    `headers` has lower-case names. Of a header that came twice the longest wait counts. A date is compared
    with the answer's own Date where there is one, so a skewed clock does no harm. None: the answer names no wait.
    """
    said = _from_header(headers, now)
    if said is None:
        said = _from_text(body)
    return None if said is None else min(max(said, SHORTEST), LONGEST)


def _from_header(headers: Mapping[str, str], now: Instant) -> float | None:
    value = headers.get("retry-after", "").strip()
    said = [part.strip() for part in value.split(",")]  # repeated headers come joined; a date has a comma too
    if all(_SECONDS.fullmatch(part) for part in said):
        return max(float(part) for part in said)
    moment = _http_date(value)
    if moment is None:
        return None
    since = _http_date(headers.get("date", "")) or now
    return moment.timestamp() - since.timestamp()


def _http_date(value: str) -> Instant | None:
    from email.utils import parsedate_to_datetime  # loads much, for the rarest form of a wait

    try:
        moment = parsedate_to_datetime(value.strip())
        return Instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))  # the oldest form names no zone
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _from_text(body: bytes) -> float | None:
    found = _WAIT_TEXT.search(body[:_TEXT_LOOKED_AT])
    if found is None:
        return None
    return float(found[1].replace(b",", b".")) * _SECONDS_IN[found[2].lower()]


def pause(attempt: int, chance: float) -> float:
    """Seconds before the next try: full jitter under a doubling cap. `attempt` from 0, `chance` in 0..1."""
    return chance * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt, 16))


def spread(seconds: float, chance: float) -> float:
    """`seconds` and up to a tenth more (at most 2 s), so that many waiters do not come back at once."""
    return seconds + chance * min(2.0, seconds / 10)
