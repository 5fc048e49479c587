"""How a list filter matches, told from what it finds of one task that we made. Reads only.

A filter may be exact, heed no case, find parts, or be ignored altogether (api.md 2.5); only the control query with
a random text tells a filter that works from one that returns everything.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import NexudusUnreachable, RequestRefused
from engine.nexudus.wire import usable_id

EXACT, CONTAINS, ANY_CASE, IGNORED = "exact", "contains", "any case", "ignored"
FINDS_NOTHING, REFUSED, UNCLEAR = "finds nothing", "refused", "unclear"

USABLE: Final = frozenset({EXACT, CONTAINS, ANY_CASE})
"""Words of a filter whose silence means that the text was not stored."""


@dataclass(frozen=True)
class Seeker:
    """Looks for one task of ours through filters."""

    reader: NexudusReader
    coworker_id: int
    task_id: int

    def finds(self, name: str, value: str) -> bool | None:
        """Whether the member's list narrowed by one filter shows the task; None where it could not be read whole.

        Raises:
            RequestRefused: the account takes no such filter.
        """
        query: Mapping[str, str] = {"CoworkerTask_Coworker": str(self.coworker_id), name: value}
        try:
            listed = self.reader.listing(Entity.COWORKER_TASK, query)
        except NexudusUnreachable:
            return None
        if self.task_id in {usable_id(row) for row in listed.rows}:
            return True
        return False if listed.complete else None

    def word(self, name: str, value: str, *, part: str = "") -> str:
        """How the filter `name` matches a stored `value`; `part` is a piece of it, else its first half."""
        try:
            return self._word(name, value, part or value[: len(value) // 2])
        except RequestRefused:
            return REFUSED

    def _word(self, name: str, value: str, part: str) -> str:
        control = self.finds(name, f"none-{secrets.token_hex(12)}")
        if control is not False:
            return IGNORED if control else UNCLEAR
        whole = self.finds(name, value)
        if whole is not True:
            return FINDS_NOTHING if whole is False else UNCLEAR
        piece, other_case = self.finds(name, part), self.finds(name, value.swapcase())
        if piece is None or other_case is None:
            return UNCLEAR
        return CONTAINS if piece else ANY_CASE if other_case else EXACT
