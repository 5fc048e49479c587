"""Ids of 16 characters that sort by time: ten letters of milliseconds, then six that tell apart what is of one.

It must never hold personal data.
"""

from __future__ import annotations

import secrets
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # 32 letters in ASCII order, without i, l, o, u
_TIME_LETTERS: Final = 10
"""50 bits of milliseconds last for thousands of years."""
_REST_LETTERS: Final = 6
_REST: Final = 32**_REST_LETTERS
JOBS: Final = _REST // 2
"""Added to the numbers of jobs, so that no job has the id of a delivery of the same moment."""


def random_id(moment: int) -> str:
    """An id of what comes one at a time."""
    return _spelled(moment, _TIME_LETTERS) + _spelled(secrets.randbelow(_REST), _REST_LETTERS)


def numbered_id(moment: int, number: int) -> str:
    """An id of what comes by the hundred in one millisecond, where chance would meet itself; by its row's number."""
    return _spelled(moment, _TIME_LETTERS) + _spelled(number % _REST, _REST_LETTERS)


def _spelled(number: int, letters: int) -> str:
    return "".join([_ALPHABET[number >> shift & 31] for shift in range(5 * (letters - 1), -1, -5)])
