"""The rows of a sheet to a draft: items with their rules, and whatever a person should look at, by row and column.

Pure. A row is an item, a heading, a line of the item above it, or named as left out: none disappears.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from engine.authoring.importing.cells import Row, Sheet, column_name
from engine.authoring.importing.columns import Columns, Use
from engine.authoring.importing.persons import read_person
from engine.authoring.importing.times import read_time
from engine.core.organisation import Organisation
from engine.core.wanted import MAX_NAME

_BULLET: Final = re.compile(r"^\s*(?:[-*•–—▪◦‣·]\s+|\[[ xX]?\]\s*|[☐☑☒✓✔□]\s*)+")
_NUMBERING: Final = re.compile(r"^\s*(?:\d{1,3}(?:\.\d{1,3})*[.)]|\(?[a-zA-Z][.)])\s+")
_CONDITIONAL: Final = re.compile(
    r"\b(if (?:needed|required|applicable|wanted|any|they|the|it)|where applicable|optional|as needed|only for"
    r"|unless)\b",
    re.IGNORECASE,
)
_MOST_WORDS_IN_ID: Final = 6


@dataclass(frozen=True)
class Review:
    """What was unclear: `row` and `column` as the spreadsheet shows them, 0 and '' where it is about the whole."""

    what: str
    row: int = 0
    column: str = ""
    item: str = ""

    def __str__(self) -> str:
        places = [f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else ""]
        where = ", ".join(filter(None, places))
        return f"({where}) {self.what}" if where else self.what


@dataclass
class DraftItem:
    """One item as it will be written. `due` is a rule or ''."""

    id: str
    name: str
    notes: str = ""
    responsible: str = ""
    due: str = ""
    phase: str = ""
    when: str = ""
    fallback: str = ""
    roll: str = ""
    notify_by_email: bool = False
    display_to_everyone: bool = False
    checklist: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)


@dataclass
class Draft:
    """A list as it will be written. `origin` says for a person where it came from."""

    id: str
    title: str
    anchor: str
    origin: tuple[str, ...]
    items: list[DraftItem] = field(default_factory=list)
    responsible: str = ""
    events: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    tariffs: tuple[int, ...] = ()
    reviews: list[Review] = field(default_factory=list)
    left_out: list[Review] = field(default_factory=list)

    def all_reviews(self) -> list[Review]:
        """Return everything to look at: of the whole first, then item by item."""
        return [*self.reviews, *(review for item in self.items for review in item.reviews)]


def slug_of(text: str, taken: Collection[str] = (), *, otherwise: str = "item") -> str:
    """Return an id made from a text's first words, another one than those that are taken."""
    letters = unicodedata.normalize("NFKD", text.casefold()).replace("ß", "ss")
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    words = re.findall(r"[a-z0-9]+", plain)[:_MOST_WORDS_IN_ID]
    base = "-".join(words)[:60].strip("-") or otherwise
    number, found = 1, base
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    return found


def without_braces(text: str) -> str:
    """Return a text in which nothing is read as a fact or a command: what people typed is only text."""
    return re.sub(r"\{\{|\{%|\{#", lambda found: '{{ "' + found[0] + '" }}', text)


class Drafting:
    """Makes one draft of one sheet."""

    def __init__(
        self,
        sheet: Sheet,
        columns: Columns,
        draft: Draft,
        *,
        anchors: Collection[str],
        organisation: Organisation | None,
    ) -> None:
        self._sheet = sheet
        self._columns = columns
        self._anchors = anchors
        self._organisation = organisation
        self._phase = ""
        self.draft = draft

    def run(self) -> Draft:
        """Return the draft with an item for each task."""
        draft = self.draft
        draft.reviews.extend(Review(note) for note in self._sheet.notes)
        for column in self._columns.unused:
            draft.reviews.append(Review(f"{self._columns.title(column)} was not used", column=column_name(column)))
        for row in self._sheet.rows:
            if row.number > self._columns.header:
                self._row(row)
            elif row.number < self._columns.header:
                above = _short(" ".join(filter(None, row.texts)))
                draft.left_out.append(Review(f"above the header: {above}", row.number))
        self._usual_responsible()
        return draft

    def _row(self, row: Row) -> None:
        texts = {use: row.text(column) for use, column in self._columns.of.items()}
        task = texts.get("task", "")
        if not task:
            self._without_task(row, texts)
        elif self._is_heading(row, task):
            self._phase = _heading(task)
        elif self._is_line(row, task):
            self.draft.items[-1].checklist.append(without_braces(_without_signs(task)))
        else:
            self._item(row, texts)

    def _without_task(self, row: Row, texts: dict[Use, str]) -> None:
        filled = [text for text in row.texts if text]
        if texts.get("phase") and len(filled) == 1:
            self._phase = without_braces(texts["phase"])
        elif texts.get("notes") and self.draft.items:
            item = self.draft.items[-1]
            item.notes = "\n".join(filter(None, (item.notes, without_braces(texts["notes"]))))
        elif len(filled) == 1 and row.filled()[0] < self._columns.of["task"]:
            self._phase = _heading(filled[0])
        else:
            self.draft.left_out.append(Review(f"no task in it: {_short(' '.join(filled))}", row.number))

    def _is_heading(self, row: Row, task: str) -> bool:
        """A row with nothing but its task, in bold or ending with a colon or all in capitals; a list has others too."""
        if len(row.filled()) != 1 or _BULLET.match(task) or len(self._columns.of) == 1 and not row.is_bold:
            return task.endswith(":") and len(row.filled()) == 1 and not _BULLET.match(task)
        return row.is_bold or task.endswith(":") or (task.isupper() and len(task) > 3)

    def _is_line(self, row: Row, task: str) -> bool:
        """A row with nothing but a bulleted task, where tasks themselves have more or bear no bullet."""
        if not self.draft.items or len(row.filled()) != 1 or len(self._columns.of) == 1:
            return False
        return bool(_BULLET.match(task)) or bool(re.match(r"^\s*(?:\d+\.\d+|[a-z])[.)]\s", task))

    def _item(self, row: Row, texts: dict[Use, str]) -> None:
        name, *rest = _without_signs(texts["task"]).split("\n")
        taken = {item.id for item in self.draft.items}
        item = DraftItem(slug_of(name, taken), without_braces(name))
        if len(item.name) > MAX_NAME:
            item.notes, item.name = item.name, item.name[: MAX_NAME - 80].rsplit(" ", 1)[0] + " ..."
            self._review(item, row, "task", f"a name has at most {MAX_NAME} characters: the whole is in the notes")
        more = "\n".join(filter(None, ("\n".join(rest), texts.get("notes", ""))))
        item.notes = "\n".join(filter(None, (item.notes, without_braces(more))))
        item.phase = without_braces(texts.get("phase", "")) or self._phase
        self._time(item, row, texts)
        self._person(item, row, texts)
        self._condition(item, row, texts)
        self.draft.items.append(item)

    def _time(self, item: DraftItem, row: Row, texts: dict[Use, str]) -> None:
        told = texts.get("when", "")
        if not told and "when" in self._columns.of:
            self._review(item, row, "when", "nothing is said of when: it has no due")
        found = read_time(told, anchor=self.draft.anchor, anchors=self._anchors)
        item.due = found.rule
        for note in found.notes:
            self._review(item, row, "when", note)

    def _person(self, item: DraftItem, row: Row, texts: dict[Use, str]) -> None:
        told = texts.get("who", "")
        found = read_person(told, self._organisation)
        item.responsible = found.responsible
        for note in found.notes:
            self._review(item, row, "who", note)
        if not told and "who" in self._columns.of:
            self._review(item, row, "who", "nobody is named: the list's usual responsible is taken")

    def _condition(self, item: DraftItem, row: Row, texts: dict[Use, str]) -> None:
        for use in ("task", "notes"):
            match = _CONDITIONAL.search(texts.get(use, ""))
            if match:
                self._review(item, row, use, f"{match[0]!r} reads like a condition: say it with `when`, or leave it")
                return

    def _review(self, item: DraftItem, row: Row, use: Use, what: str) -> None:
        column = self._columns.of.get(use)
        item.reviews.append(Review(what, row.number, column_name(column) if column is not None else "", item.id))

    def _usual_responsible(self) -> None:
        """Whoever is named most often stands in `defaults`, and need not be written again."""
        draft = self.draft
        counted = Counter(item.responsible for item in draft.items if item.responsible)
        if not counted:
            known = sorted(self._organisation.known_roles()) if self._organisation else []
            draft.responsible = "community-manager" if "community-manager" in known or not known else known[0]
            draft.reviews.append(Review(f"nobody is named anywhere: {draft.responsible} is taken for all"))
        else:
            draft.responsible = counted.most_common(1)[0][0]


def _without_signs(task: str) -> str:
    return _NUMBERING.sub("", _BULLET.sub("", task)).strip() or task.strip()


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:57] + "..."


def _heading(text: str) -> str:
    """Return a heading without its signs; one that shouts is told in an ordinary voice."""
    plain = _without_signs(text).rstrip(": ")
    return without_braces(plain.capitalize() if plain.isupper() else plain)
