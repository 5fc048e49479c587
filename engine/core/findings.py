"""What is known of an account: the answers of `probe` to what no document tells (api.md 14).

Values only. What was never asked, or cannot be read any more, must never count as known: then the
assumption of api.md's last column holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from whenever import Instant

from engine.core.plan import Action
from engine.core.wire_dates import parse_moment, wire_moment

USUAL_PAGE: Final = 100
MOST_ROWS: Final = 200
"""Rows that are asked for on one page at most, even if the service would give more: an answer has a bounded size."""

NOT_TOLD: Final = "not told"
NOT_ASKED: Final = "not asked"


@dataclass(frozen=True)
class Answer:
    """One question's answer. `answer` is a stable word, `facts` what it rests on, as JSON; `at` is UTC."""

    question: str
    answer: str
    at: Instant
    detail: str = ""
    assumed: str = ""
    asked: bool = True
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        return self.asked and self.answer != NOT_TOLD

    def to_json(self) -> dict[str, object]:
        return {
            "question": self.question,
            "answer": self.answer,
            "detail": self.detail,
            "assumed": self.assumed,
            "at": wire_moment(self.at),
            "asked": self.asked,
            "facts": dict(self.facts),
        }


def answer_from(question: str, stored: object) -> Answer | None:
    """Return a stored answer, or None where the value is none (anymore)."""
    if not isinstance(stored, Mapping):
        return None
    answer, at, facts = stored.get("answer"), parse_moment(stored.get("at")), stored.get("facts")
    if not isinstance(answer, str) or at is None:
        return None
    return Answer(
        question=question,
        answer=answer,
        at=at,
        detail=str(stored.get("detail") or ""),
        assumed=str(stored.get("assumed") or ""),
        asked=stored.get("asked") is True,
        facts=facts if isinstance(facts, Mapping) else {},
    )


@dataclass(frozen=True)
class Findings:
    """What later runs may rely on. Each property is the assumption until a probe has answered."""

    answers: Mapping[str, Answer] = field(default_factory=dict)

    @classmethod
    def from_stored(cls, stored: Mapping[str, object]) -> Findings:
        """Read the ledger's findings: question -> value, or -> something with a `value`."""
        found = {name: answer_from(name, getattr(one, "value", one)) for name, one in stored.items()}
        return cls({name: answer for name, answer in found.items() if answer is not None and answer.is_known})

    @property
    def unique_id_filter_exact(self) -> bool:
        """Q03: the TaskItemUniqueId filter found the one task, and neither a part, another case nor a random id."""
        return self._word("Q03") == "exact"

    @property
    def name_limit(self) -> int | None:
        """Q10: characters of Name that are known to come through whole; None where no limit was met."""
        return self._whole("Q10", "name")

    @property
    def notes_limit(self) -> int | None:
        """Q10: the same of Notes."""
        return self._whole("Q10", "notes")

    @property
    def list_delay_seconds(self) -> float:
        """Q13: seconds until a new task was in the list, as far as measured; 0.0: never, the quiet period covers it."""
        told = self._fact("Q13", "seconds")
        return float(told) if isinstance(told, int | float) and not isinstance(told, bool) and told > 0 else 0.0

    @property
    def unknown_id_answers_500(self) -> bool:
        """Q16: a task that does not exist is answered with 500, so that a 500 alone says nothing."""
        return self._word("Q16") == "500"

    @property
    def rows_carry_notes(self) -> bool:
        """Q07: list rows have Notes whole, so that a mark can be read without a call for each task."""
        return self._word("Q07") == "whole in rows"

    @property
    def page_size(self) -> int:
        """Q12: rows a page that are proven to come, 100 to 200."""
        return min(max(self._whole("Q12", "size") or 0, USUAL_PAGE), MOST_ROWS)

    @property
    def put_resets_unreadable(self) -> bool:
        """Q15: an update clears what no answer shows unless it is sent along."""
        return self._word("Q15") != "kept"

    @property
    def due_is_echoed(self) -> bool:
        """Q09: DueDate came back as the moment that was sent, in summer and in winter."""
        return self._fact("Q09", "echoed") is not False

    def _word(self, question: str) -> str:
        return self.answers[question].answer if question in self.answers else ""

    def _fact(self, question: str, name: str) -> object:
        return self.answers[question].facts.get(name) if question in self.answers else None

    def _whole(self, question: str, name: str) -> int | None:
        told = self._fact(question, name)
        return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None


def too_long(actions: Iterable[Action], findings: Findings) -> tuple[str, ...]:
    """Return what this account is known to cut or refuse, as sentences: a cut Notes would lose our mark as well."""
    limits = {"Name": findings.name_limit, "Notes": findings.notes_limit}
    return tuple(
        f"{action.wanted.item}: {name} has {len(text)} characters, and this account keeps {limit} (probe Q10)"
        for action in actions
        if action.action == "create"
        for name, limit in limits.items()
        if limit is not None and len(text := str(action.payload[name])) > limit
    )
