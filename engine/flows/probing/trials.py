"""The write questions of a probe, each by one task that is made, looked at and removed before the next is made.

At most ten creations. The first one proves that removing works before there is a second. Every task is far from
due, mails nobody, and is done already except the one whose place in the lists is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from whenever import Instant, PlainDateTime

from engine.core.errors import Unfinished
from engine.core.wire_dates import parse_moment, wire_moment
from engine.flows.probing.lengths import Lengths
from engine.flows.probing.marks import MarkedTask, marked_fields
from engine.flows.probing.notebook import Notebook
from engine.flows.probing.opened import MOST_TASKS
from engine.flows.probing.removing import Timing
from engine.flows.probing.tasks import Made, ProbeTasks
from engine.nexudus.answers import Ambiguous, Defer, Fatal
from engine.nexudus.client import NexudusClient

Refused = Fatal | Ambiguous | Defer

OF_TASKS: Final = ("Q01", "Q02", "Q03", "Q04", "Q05", "Q06", "Q07", "Q08", "Q09", "Q10", "Q11", "Q13", "Q15", "Q17")
"""The questions that only tasks can answer."""


@dataclass(frozen=True)
class Scene:
    """Who and where. `unfit` is a user that should not be given tasks here, `elsewhere` a location and its responsible
    that the coworker has nothing to do with, `native_item` the UniqueId of an item of a native list without triggers.
    """

    zone: str
    unfit: int | None = None
    elsewhere: tuple[int, int] | None = None
    native_item: str | None = None


class Halted(Unfinished):
    """A creation without a clear answer ended the trials: going on would only add to the doubt."""


def summer_and_winter(now: Instant) -> tuple[Instant, Instant]:
    """Return two moments more than half a year away, one each side of the changes of the clocks."""
    year = now.to_tz("UTC").year
    return Instant.from_utc(year + 1, 7, 15, 13, 45), Instant.from_utc(year + 2, 1, 15, 13, 45)


@dataclass
class Trials:
    """Asks by making tasks. `check` ends the trials when somebody asked to stop."""

    client: NexudusClient
    tasks: ProbeTasks
    notebook: Notebook
    timing: Timing
    scene: Scene
    may_edit: bool
    keep_going: bool
    check: Callable[[], None]
    _echoes: dict[str, bool] = field(default_factory=dict)
    _text_ids: str = ""
    _winner: str = "both refused"
    _list_name_kept: bool | None = None
    _filled: str | None = None

    def run(self) -> None:
        """Ask everything. Raises Halted, NotRemoved, Stopped or Unreachable; what was learned by then is kept."""
        self._try_text_id()
        self._try_marks()
        self._try_both_dates()
        self._try_native_item()
        self._tell_list_name()
        Lengths(self._make, self.notebook, self._winter).ask(self.tasks.remove)
        self._tell_due()
        self._try_unfit()

    def _make(self, fields: Mapping[str, object], *, name_length: int = 0) -> Made | Fatal:
        """Make a task; what is no clear yes or no ends the trials, or with `keep_going` counts as refused unread."""
        self.check()
        made = self.tasks.make(fields, name_length=name_length)
        if isinstance(made, Made):
            self._compare_due(made)
        elif not isinstance(made, Fatal) or made.role:
            if not self.keep_going or isinstance(made, Fatal):
                raise Halted(f"a creation got no clear answer: {made.reason}")
            return Fatal(f"no clear answer: {made.reason}")
        return made

    def _compare_due(self, made: Made) -> None:
        if "DueDateLocal" not in made.sent:
            sent = str(made.sent["DueDate"])
            back = parse_moment(made.record.get("DueDate"))
            self._echoes[sent] = back == parse_moment(sent)

    @property
    def _winter(self) -> str:
        return wire_moment(summer_and_winter(self.timing.clock())[1])

    def _try_text_id(self) -> None:
        """Q01, the part on shapes."""
        text = f"tasklists-probe-{self.tasks.label}-is-not-a-guid"
        made = self._make({"TaskItemUniqueId": text, "DueDate": self._winter})
        if isinstance(made, Made):
            self._text_ids = "kept"
            self.tasks.remove(made)
        elif _names(made) & {"TaskItemUniqueId"}:
            self._text_ids = "refused"

    def _try_marks(self) -> None:
        fields = marked_fields(self.tasks.label)
        made = self._make(fields)
        if isinstance(made, Fatal) and self.tasks.can_make:
            spare = {"SystemId", "CustomFields"}  # what the service does not document for a creation
            made = self._make({name: value for name, value in fields.items() if name not in spare})
        if isinstance(made, Fatal):
            for question in ("Q01", "Q02", "Q03", "Q05", "Q06", "Q07", "Q08", "Q11", "Q13", "Q15"):
                self.notebook.not_told(question, f"the creation was refused: {made.reason}")
            return
        self._list_name_kept = made.record.get("TaskListName") == fields["TaskListName"]
        marked = MarkedTask(self.client, made, self.tasks.label, self.notebook, self.timing, self._text_ids)
        marked.look(may_edit=self.may_edit, check=self.check)
        self.tasks.remove(made)

    def _try_both_dates(self) -> None:
        """Q09, the part on two that disagree: what comes back says which won."""
        winter = summer_and_winter(self.timing.clock())[1]
        local = PlainDateTime(winter.to_tz("UTC").year, 2, 20, 9, 30)
        made = self._make({"DueDate": wire_moment(winter), "DueDateLocal": local.format_iso()})
        if isinstance(made, Made):
            wins = {winter: "DueDate wins", local.assume_tz(self.scene.zone).to_instant(): "DueDateLocal wins"}
            back = parse_moment(made.record.get("DueDate"))
            self._winner = wins.get(back, "neither wins") if back is not None else "neither wins"
            self.tasks.remove(made)

    def _tell_due(self) -> None:
        """Q09."""
        changed = [sent for sent, same in self._echoes.items() if not same]
        if not self._echoes:
            self.notebook.not_told("Q09", "no task with a due came back")
        elif changed:
            detail = f"sent and not echoed: {', '.join(changed)}; both sent: {self._winner}"
            self.notebook.tell("Q09", "changed", detail, echoed=False)
        else:
            months = ", ".join(sent[:7] for sent in sorted(self._echoes))
            self.notebook.tell("Q09", self._winner, f"DueDate echoed exactly: {months}", echoed=True)

    def _try_native_item(self) -> None:
        """Q04, the part on native items: only where a list that nothing starts lends the id of one of its items."""
        if self.scene.native_item is not None and self.tasks.can_make:
            made = self._make({"TaskItemUniqueId": self.scene.native_item})
            if isinstance(made, Made):
                self._filled = "filled" if made.record.get("TaskListName") else "not filled"
                self.tasks.remove(made)

    def _tell_list_name(self) -> None:
        """Q04."""
        if self._list_name_kept is None and self._filled is None:
            self.notebook.not_told("Q04", "no task with a list name came back")
            return
        filled = self._filled == "filled"
        words = {
            (True, True): "kept and filled from item",
            (True, False): "kept",
            (False, True): "filled from item",
            (False, False): "dropped",
        }
        item = self._filled or "not asked, there is no native list here that nothing starts"
        self.notebook.tell("Q04", words[bool(self._list_name_kept), filled], f"by the id of a native item: {item}")

    def _try_unfit(self) -> None:
        """Q17."""
        told = {"responsible": "not asked", "coworker": "not asked"}
        if self.scene.unfit is not None and self.tasks.can_make:
            told["responsible"] = self._verdict({"ResponsibleId": self.scene.unfit}, "ResponsibleId")
        if self.scene.elsewhere is not None and self.tasks.can_make:
            business_id, responsible_id = self.scene.elsewhere
            fields = {"BusinessId": business_id, "ResponsibleId": responsible_id}
            told["coworker"] = self._verdict(fields, "CoworkerId")
        known = {word for word in told.values() if word in {"accepted", "refused"}}
        detail = f"unfit responsible {told['responsible']}, coworker of another location {told['coworker']}"
        if not known:
            self.notebook.not_told("Q17", detail)
        else:
            word = "accepted" if known == {"accepted"} else "refused" if known == {"refused"} else "one refused"
            self.notebook.tell("Q17", word, detail, **told)

    def _verdict(self, fields: Mapping[str, object], asked: str) -> str:
        made = self._make(fields)
        if isinstance(made, Made):
            self.tasks.remove(made)
            return "accepted"
        return "refused" if asked in _names(made) else "refused for another reason"


def _names(refusal: Fatal) -> set[str]:
    return {error.property_name for error in refusal.errors}


def shared_fields(coworker_id: int, business_id: int, responsible_id: int, *, due: Instant) -> dict[str, object]:
    """Return what all tasks of a probe have: far from due, mailing nobody, seen by few, and done."""
    return {
        "BusinessId": business_id,
        "CoworkerId": coworker_id,
        "ResponsibleId": responsible_id,
        "DueDate": wire_moment(due),
        "NotifyByEmail": False,
        "DisplayToEveryone": False,
        "Completed": True,
    }


def in_words(coworker_id: int, where: str) -> str:
    """Return what the trials will do, for whoever is asked before the first write."""
    return (
        f"makes up to {MOST_TASKS} tasks for coworker {coworker_id} at {where}, one at a time, each named "
        "'tasklists probe ..., will be removed', due in a year, mailing nobody, and removes them all"
    )
