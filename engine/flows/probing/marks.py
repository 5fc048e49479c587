"""The one task that answers most: what of it comes back, in which answers, by which filters, and how soon.

It looks and tells; the task itself is made and removed by others. Never reads another task's texts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.core.wire_dates import parse_moment
from engine.flows.probing.filters import FINDS_NOTHING, IGNORED, REFUSED, USABLE, Seeker
from engine.flows.probing.house import check_clock
from engine.flows.probing.notebook import Notebook
from engine.flows.probing.removing import Timing
from engine.flows.probing.tasks import Made
from engine.nexudus.answers import Done, Record
from engine.nexudus.calls import Entity, replacement
from engine.nexudus.client import NexudusClient
from engine.nexudus.errors import NexudusUnreachable
from engine.nexudus.wire import usable_id

CUSTOM_NAME: Final = "TasklistsProbe"

LEAST_PATIENCE: Final = 10.0
"""Seconds that a new task is waited for in the list, however short the quiet period is set."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
_CUTS: Final = (35, 32, 30, 25, 24, 20, 16, 12, 10, 8)
"""Lengths at which a text of 36 signs is likely to be cut: columns have such widths."""


def marked_fields(label: str) -> dict[str, object]:
    """Return every mark that may or may not be kept (api.md 2.4), for one creation."""
    return {
        "TaskItemUniqueId": str(uuid.uuid4()),
        "TaskListName": f"tasklists probe {label}",
        "SystemId": f"probe-{label}-system",
        "CustomFields": custom_fields(label),
        "Notes": f"Probe {label}: caf\u00e9, \u6771\u4eac, \U0001f511\n\nsecond line\n\nref: {label}",
        "Completed": False,
    }


def custom_fields(value: str) -> dict[str, object]:
    """Return CustomFields with one entry of ours."""
    return {"Data": [{"Name": CUSTOM_NAME, "Value": value, "Type": "string"}]}


@dataclass
class MarkedTask:
    """Looks at one made task. `text_ids` is what came of a creation with an id that is no guid: kept, refused or ''."""

    client: NexudusClient
    made: Made
    label: str
    notebook: Notebook
    timing: Timing
    text_ids: str
    row: Record | None = None
    unique_filter: str = ""

    def __post_init__(self) -> None:
        coworker_id = self.made.sent["CoworkerId"]
        assert isinstance(coworker_id, int)  # the command takes nothing else
        self._seek = Seeker(self.client, coworker_id, self.made.task_id)

    def look(self, *, may_edit: bool, check: Callable[[], None]) -> None:
        """Answer what this task can tell; `check` is called between the steps and may end it."""
        created = parse_moment(self.made.record.get("CreatedOn"))
        received = self.timing.clock().add(milliseconds=-round(self.made.seconds * 1000))
        check_clock(self.notebook, (created - received).total("seconds") if created else None, "CreatedOn of a task")
        self._wait_for_row(check)
        self._tell_notes()
        self._tell_rows()
        if self.row is None:
            for question in ("Q01", "Q02", "Q03", "Q05", "Q06", "Q11", "Q15"):
                self.notebook.not_told(question, "the task did not show in the list")
            return
        for step in (self._tell_unique_id, self._tell_text_filters, self._tell_system_id):
            check()
            step()
        check()
        found = self._custom_filter()
        after = self._update() if may_edit else None
        self._tell_custom_fields(found, after, may_edit=may_edit)
        self._tell_update(after, may_edit=may_edit)

    def _wait_for_row(self, check: Callable[[], None]) -> None:
        """Q13: poll the list until the task is in it, as long as a request may take to arrive."""
        start, pause, waited = self.timing.clock(), _FIRST_PAUSE, False
        while True:
            self.row = self._row()
            passed = (self.timing.clock() - start).total("seconds")
            if self.row is not None or passed > max(self.timing.quiet_seconds, LEAST_PATIENCE):
                break
            self.timing.sleep(pause)
            check()
            waited, pause = True, min(2 * pause, _LONGEST_PAUSE)
        seconds = round(passed + self.made.seconds, 2)
        if self.row is None:
            self.notebook.tell("Q13", "not seen", f"not in the list after {seconds:.0f} s", seconds=seconds)
        elif waited:
            self.notebook.tell("Q13", "late", f"in the list after {seconds:.1f} s", seconds=seconds)
        else:
            self.notebook.tell("Q13", "at once", "in the first list read after it was made", seconds=0.0)

    def _row(self) -> Record | None:
        query = {"CoworkerTask_Coworker": str(self.made.sent["CoworkerId"])}
        try:
            rows = self.client.listing(Entity.COWORKER_TASK, query).rows
        except NexudusUnreachable:
            return None
        return next((row for row in rows if usable_id(row) == self.made.task_id), None)

    def _tell_notes(self) -> None:
        """Q07: a mark in Notes is worth what comes back of them."""
        sent, one = str(self.made.sent["Notes"]), self.made.record.get("Notes")
        in_row = self.row.get("Notes") if self.row else None
        if one == sent:
            where = "in rows" if in_row == sent else "one by one"
            self.notebook.tell("Q07", f"whole {where}", "lines, accents and emoji as they were sent")
        elif not one:
            self.notebook.tell("Q07", "lost", "Notes come back empty")
        elif "".join(str(one).split()) == "".join(sent.split()):
            self.notebook.tell("Q07", "line breaks changed", "all signs are there, lines break elsewhere")
        else:
            self.notebook.tell("Q07", "changed", f"{len(sent)} signs were sent, {len(str(one))} others came back")

    def _tell_rows(self) -> None:
        """Q08: which fields a row leaves out that the record has."""
        if self.row is None:
            self.notebook.not_told("Q08", "the task did not show in the list")
            return
        filled = {name for name, value in self.made.record.items() if value not in (None, "", False)}
        unset = sorted(name for name in filled if self.row.get(name) != self.made.record[name])
        detail = f"unset in rows: {', '.join(unset)}" if unset else f"all {len(filled)} filled fields are in rows"
        self.notebook.tell("Q08", "partial" if unset else "full", detail, unset=unset)

    def _tell_unique_id(self) -> None:
        """Q01 to Q03."""
        sent = str(self.made.sent["TaskItemUniqueId"])
        one, in_row = self.made.record.get("TaskItemUniqueId"), (self.row or {}).get("TaskItemUniqueId")
        self.unique_filter = self._seek.word("CoworkerTask_TaskItemUniqueId", sent)
        back = {(False, False): "no", (True, False): "one by one", (False, True): "in rows", (True, True): "in both"}
        self.notebook.tell("Q02", back[one is not None, in_row is not None], "looked for in the record and in its row")
        if self.unique_filter in USABLE | {IGNORED, FINDS_NOTHING}:
            self.notebook.tell("Q03", self.unique_filter, "by the whole id, a half, other case and a random id")
        else:
            self.notebook.not_told("Q03", f"the filter is {self.unique_filter}")
        self._tell_kept(sent, one)

    def _tell_kept(self, sent: str, one: object) -> None:
        if one == sent or self.unique_filter in USABLE:
            words = {"kept": "any text", "refused": "guid only", "": "kept"}
            self.notebook.tell("Q01", words[self.text_ids], "the id that was sent is there")
            return
        cut = len(one) if isinstance(one, str) and one and sent.startswith(one) else self._cut(sent)
        if cut:
            self.notebook.tell("Q01", "cut", f"cut to {cut} of {len(sent)} signs", length=cut)
        elif self.unique_filter == FINDS_NOTHING:
            self.notebook.tell("Q01", "dropped", "neither shown nor found by its filter")
        else:
            self.notebook.not_told("Q01", f"not shown, and the filter is {self.unique_filter}")

    def _cut(self, sent: str) -> int:
        """The length that an id was cut to, as a filter by its beginnings tells; 0 for none of the usual ones."""
        if self.unique_filter != FINDS_NOTHING:
            return 0
        name = "CoworkerTask_TaskItemUniqueId"
        return next((length for length in _CUTS if self._seek.finds(name, sent[:length])), 0)

    def _tell_text_filters(self) -> None:
        """Q11."""
        name = self._seek.word("CoworkerTask_Name", self.made.name)
        notes = self._seek.word("CoworkerTask_Notes", str(self.made.sent["Notes"]), part=f"Probe {self.label}")
        word = name if name == notes else f"Name {name}, Notes {notes}"
        self.notebook.tell("Q11", word, "by the whole, a part, other case and a random text", name=name, notes=notes)

    def _tell_system_id(self) -> None:
        """Q05."""
        sent = self.made.sent.get("SystemId")
        if sent is None:
            self.notebook.tell("Q05", "refused", "a creation with it was refused")
            return
        shown = self.made.record.get("SystemId") == sent
        found = self._seek.word("CoworkerTask_SystemId", str(sent))
        usable = found in USABLE
        words = {(True, True): "kept, filterable", (True, False): "kept", (False, True): "filterable only"}
        self.notebook.tell("Q05", words.get((shown, usable), "dropped"), f"filter: {found}", filter=found)

    def _custom_filter(self) -> str:
        """How the filter on CustomFields finds what the creation sent."""
        if "CustomFields" not in self.made.sent:
            return REFUSED
        return self._seek.word(f"CoworkerTask_CustomFields_{CUSTOM_NAME}", self.label)

    def _update(self) -> Record | None:
        """Replace the task less what no answer shows, and read it again; None where that was not accepted."""
        record = self.client.task(self.made.task_id)
        body = replacement(record or {}, {"CustomFields": custom_fields(self.label)})
        body.pop("TaskItemUniqueId", None)
        if record is None or not isinstance(self.client.update_task(body), Done):
            return None
        return self.client.task(self.made.task_id)

    def _tell_custom_fields(self, found: str, after: Record | None, *, may_edit: bool) -> None:
        """Q06; `found` is the filter's word after the creation, `after` the task as it is after an update."""
        if _has_custom(self.made.record) or found in USABLE:
            word, row = "on create", self.row
        elif after is not None and _has_custom(after):
            word, row = "on update only", self._row()
        else:
            word, row = "not on create" if after is None else "dropped", None
        in_rows = row is not None and _has_custom(row)
        why = "" if may_edit else "; on an update not asked: no role CoworkerTask-Edit"
        detail = f"{'in' if in_rows else 'not in'} rows; filter after creation: {found}{why}"
        self.notebook.tell("Q06", word, detail, rows=in_rows, filter=found)

    def _tell_update(self, after: Record | None, *, may_edit: bool) -> None:
        """Q15: whether an id that no answer shows outlives an update that leaves it out."""
        if not may_edit:
            self.notebook.not_asked("Q15", "needs the role CoworkerTask-Edit")
        elif after is None:
            self.notebook.not_told("Q15", "the update was not accepted")
        elif self.made.record.get("TaskItemUniqueId") is not None:
            self.notebook.tell("Q15", "nothing hidden", "the id is shown, and so can be sent along")
        elif self.unique_filter not in USABLE:
            self.notebook.not_told("Q15", f"the id cannot be looked for: its filter is {self.unique_filter}")
        else:
            found = self._seek.finds("CoworkerTask_TaskItemUniqueId", str(self.made.sent["TaskItemUniqueId"]))
            if found is None:
                self.notebook.not_told("Q15", "the list could not be read")
            else:
                self.notebook.tell("Q15", "kept" if found else "cleared", "an update that left the id out")


def _has_custom(record: Mapping[str, object]) -> bool:
    fields = record.get("CustomFields")
    data = fields.get("Data") if isinstance(fields, Mapping) else None
    entries = data if isinstance(data, list) else []
    return any(isinstance(entry, Mapping) and entry.get("Name") == CUSTOM_NAME for entry in entries)
