"""What a probe found out, question by question, stored as soon as it is known.

A question that was not asked, or got no clear answer, never overwrites an earlier answer. Nothing that
is kept here holds a member's text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from whenever import Instant

from engine.core.findings import NOT_ASKED, NOT_TOLD, Answer, answer_from

QUESTIONS: Final[dict[str, tuple[str, str]]] = {
    "Q01": ("TaskItemUniqueId kept when sent, and which texts", "kept"),
    "Q02": ("TaskItemUniqueId comes back", "no"),
    "Q03": ("TaskItemUniqueId filter", "not trusted"),
    "Q04": ("TaskListName kept when sent, or filled from a native item", "no"),
    "Q05": ("SystemId kept and found by its filter", "no"),
    "Q06": ("CustomFields kept, in rows, found by their filter", "no"),
    "Q07": ("Notes come back whole", "one by one"),
    "Q08": ("Fields that list rows carry", "partial"),
    "Q09": ("DueDate comes back; which wins, DueDate or DueDateLocal", "DueDate wins"),
    "Q10": ("Longest Name and Notes", "200 in Name"),
    "Q11": ("Name and Notes filters", "not trusted"),
    "Q12": ("dir, orderBy=Id, rows a page", "any order, 100"),
    "Q13": ("A new task shows in the list", "within the quiet period"),
    "Q14": ("How too many calls are refused", "409 or 429"),
    "Q15": ("An update clears what no answer shows", "cleared"),
    "Q16": ("An unknown id, a missing role", "404 or 500, 401 or 403"),
    "Q17": ("Unfit responsible or coworker refused", "accepted"),
    "Q18": ("Native lists or CRM stages beside ours", "possible"),
    "Q19": ("Roles of this login", "least set"),
    "Q20": ("A real delivery's signature and shape", "both shapes"),
}
"""Question -> what it asks, and what is assumed until it is answered (api.md 14)."""

WHY_NOT: Final = {
    "Q14": "never: it would take too many calls on purpose",
    "Q20": "needs a delivery",
}

State = Literal["ok", "warning", "trouble", "not asked"]


@dataclass(frozen=True)
class Check:
    """One thing about the set-up. `trouble` needs a person before lists can be relied on."""

    check: str
    state: State
    detail: str

    def to_json(self) -> dict[str, object]:
        return {"check": self.check, "state": self.state, "detail": self.detail}


@dataclass(frozen=True)
class Told:
    """An answer beside the earlier one; `changed` when both are known and differ."""

    answer: Answer
    was: Answer | None

    @property
    def changed(self) -> bool:
        return self.was is not None and self.answer.is_known and self.was.answer != self.answer.answer

    @property
    def title(self) -> str:
        return QUESTIONS[self.answer.question][0]

    def to_json(self) -> dict[str, object]:
        was = self.was.answer if self.was is not None else None
        return self.answer.to_json() | {"title": self.title, "was": was, "changed": self.changed}


Store = Callable[[str, object, Instant], None]


class Notebook:
    """Collects the answers and checks of one probe. `stored` is what earlier ones left in the ledger."""

    def __init__(self, store: Store, stored: Mapping[str, object], clock: Callable[[], Instant]) -> None:
        self._store = store
        self._clock = clock
        self._was = {name: answer_from(name, getattr(stored.get(name), "value", None)) for name in QUESTIONS}
        self._answers: dict[str, Answer] = {}
        self.checks: list[Check] = []

    def tell(self, question: str, answer: str, detail: str = "", **facts: object) -> None:
        """Write an answer down, and store it unless it tells nothing."""
        told = Answer(question, answer, self._clock(), detail, QUESTIONS[question][1], facts=facts)
        self._answers[question] = told
        if told.is_known:
            self._store(question, told.to_json(), told.at)

    def not_told(self, question: str, why: str) -> None:
        """The question was asked and the account's answer does not settle it."""
        self.tell(question, NOT_TOLD, why)

    def not_asked(self, question: str, why: str) -> None:
        """The question was left out; an answer that was given in this probe stays."""
        if question not in self._answers:
            assumed = QUESTIONS[question][1]
            self._answers[question] = Answer(question, NOT_ASKED, self._clock(), why, assumed, asked=False)

    def add(self, question: str, **facts: object) -> None:
        """Facts that came to light later, beside an answer that was given already."""
        told = self._answers.get(question)
        if told is not None and told.is_known:
            self._answers[question] = told = replace(told, facts={**told.facts, **facts})
            self._store(question, told.to_json(), told.at)

    def check(self, name: str, state: State, detail: str) -> None:
        """Write down how one part of the set-up is."""
        self.checks.append(Check(name, state, detail))

    def is_open(self, question: str) -> bool:
        """Whether nothing is known about a question in this probe."""
        told = self._answers.get(question)
        return told is None or not told.is_known

    def answer(self, question: str) -> Answer | None:
        """The answer given in this probe, None while there is none."""
        return self._answers.get(question)

    def told(self) -> tuple[Told, ...]:
        """All twenty answers in order; what nobody asked says so."""
        for question in QUESTIONS:
            self.not_asked(question, WHY_NOT.get(question, "needs tasks that are made and removed again"))
        return tuple(Told(self._answers[question], self._was[question]) for question in QUESTIONS)
