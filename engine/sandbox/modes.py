"""The modes: what nobody knows for sure about the real service, each as a switch with all its values.

A mode is named after the line of the checklist it comes from (`S14`), with the field where
the line names several (`S15.SystemId`). Must never choose a value that makes life easier for
a client: the first value is the one that was judged most likely.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class SwitchError(ValueError):
    """A mode, fault or value that does not exist. The text names the nearest and the allowed ones."""


@dataclass(frozen=True)
class Mode:
    """`values` are the allowed ones, the first is the default; `n` is a whole number, `decimal` one such as 0.25."""

    name: str
    values: tuple[str, ...]
    meaning: str

    @property
    def default(self) -> str:
        return self.values[0]


def _limit(name: str, number: int, meaning: str) -> Mode:
    return Mode(name, (str(number), "n"), meaning)


def _seconds(name: str, number: int, meaning: str) -> Mode:
    return Mode(name, (str(number), "decimal"), meaning)


_MARK_STATES = ("kept-filterable-not-returned", "kept-and-returned", "dropped")
_MATCHING = ("exact", "contains", "case-insensitive", "ignored")
_MATCHED_FIELDS = (
    "Name",
    "Notes",
    "TaskListName",
    "TaskItemUniqueId",
    "SystemId",
    "CustomFields",
    "FormPageRequestUniqueId",
)

MODES: tuple[Mode, ...] = (
    Mode("S04", ("401", "403"), "status for a login without the role of a call"),
    Mode("S05", ("400", "401"), "status of the token answer for bad credentials"),
    Mode("S11", ("whole-record", "only-id"), "what Value holds in the answer to a create"),
    Mode("S12", ("absent", "500"), "Status in the body of an HTTP 400"),
    Mode("S14", ("dropped", "kept", "derived-from-native-item"), "TaskListName sent on create"),
    Mode("S15.TaskItemUniqueId", _MARK_STATES, "TaskItemUniqueId sent on create or update"),
    Mode("S15.SystemId", ("dropped", *_MARK_STATES[:2]), "SystemId sent on create or update"),
    Mode(
        "S15.CustomFields",
        ("kept-on-put", *_MARK_STATES),
        "CustomFields sent on create or update; kept-on-put: dropped on create, returned after an update",
    ),
    Mode("S16", ("any-string", "guid-only", "cut-at-n"), "shape asked of a TaskItemUniqueId"),
    Mode("S18", ("reset", "kept"), "fields that no answer shows, when an update leaves them out"),
    Mode("S19", ("404", "500"), "status of a read of an id that does not exist"),
    Mode("S20", ("DueDate-wins", "DueDateLocal-wins"), "when both are sent"),
    Mode("S22.ResponsibleId", ("any-user", "active-admin-of-location"), "who may be responsible, else 400"),
    Mode("S22.CoworkerId", ("accepted", "400"), "a coworker who is not linked to BusinessId"),
    Mode("S23.Name", ("accepted", "cut-silently", "400"), "a Name longer than S23.Name-limit"),
    _limit("S23.Name-limit", 200, "characters of Name"),
    Mode("S23.Notes", ("accepted", "cut-silently", "400"), "Notes longer than S23.Notes-limit"),
    _limit("S23.Notes-limit", 4000, "characters of Notes"),
    Mode("S32", ("partial", "full"), "list rows: most values unset, or all there"),
    Mode("S33", ("unstable", "stable"), "order of rows that are equal in the order field"),
    Mode("S34", ("ascending", "descending"), "meaning of dir=1"),
    *(Mode(f"S35.{field}", _MATCHING, f"how the filter on {field} matches") for field in _MATCHED_FIELDS),
    Mode("S36", ("ignored", "works"), "a filter on a foreign key spelled with its Id ending"),
    _seconds("S37", 0, "seconds until a created task shows in lists"),
    _limit("S38.page", 2, "the list page that the page-500 fault strikes"),
    Mode("S44", ("makes-tasks", "inert"), "whether active native task lists make their own tasks"),
    Mode("S45.body", ("array", "object"), "body of a delivery: an array of one object, or the object alone"),
    Mode("S45.text", ("raw", "escaped"), "non-ASCII in that body: as it is, or as \\uXXXX"),
    Mode("S45.header", ("signed", "unsigned"), "whether deliveries bear a signature; without a secret none does"),
    _seconds("S45.wait-seconds", 0, "how long after its event a delivery goes out"),
    _seconds("S45.disorder-seconds", 2, "the longest that the hook-disorder fault holds a delivery back"),
    _seconds("S45.delay-seconds", 30, "how long the hook-delayed fault holds a delivery back"),
    _seconds("S45.timeout-seconds", 10, "how long a receiver may take to answer"),
    _seconds("S45.retry-seconds", 1, "the wait before the first retry; each further one is twice as long"),
    _limit("S45.retries", 10, "retries of one delivery"),
    _limit("S45.failures", 10, "failures in a row that switch a hook off"),
    _limit("S45.senders", 8, "deliveries under way at once; 1 = strictly in order"),
    Mode("S45.error-count", ("kept", "reset"), "ErrorCount and LastError after a delivery that arrived"),
    Mode("S45.first", ("ever", "per-location"), "which contract of a person fires contract.first_activated"),
    Mode(
        "S45.plan-change",
        ("two-contracts", "one-contract"),
        "another plan: a new contract beside the cancelled old one, or the same contract with another plan",
    ),
    Mode(
        "S50",
        ("409-with-retry-after", "429-with-wait-text", "429-with-retry-after", "any-of-them"),
        "how too many calls are refused; any-of-them: drawn from the seed each time",
    ),
    Mode(
        "S50.retry-after",
        ("as-documented", "true-wait", "none", "date", "negative", "text", "decimal"),
        "Retry-After of the styles that have one; as-documented: 1 with 409, whole seconds with 429",
    ),
    Mode("S50.scale", ("1", "decimal"), "a factor on all windows: 0.01 makes a minute of 0.6 s"),
    # The default is the older published edition's number: an unpaced small client is not stopped by it.
    _limit("S50.calls-per-100ms", 10, "calls in 100 ms; 0 = no limit"),
    _limit("S50.calls-per-minute", 120, "calls in a minute; 0 = no limit"),
    _limit("S50.calls-per-hour", 5000, "calls in an hour; 0 = no limit"),
    _limit("S50.writes-per-minute", 60, "POST, PUT and DELETE in a minute; 0 = no limit"),
    _limit("S50.writes-per-day", 5000, "POST, PUT and DELETE in a day; 0 = no limit"),
    _seconds("S51.late-seconds", 5, "how late the late-commit fault commits"),
    _seconds("S51.slow-seconds", 3, "how long the slow fault holds an answer back"),
    # Longer than any client should wait, short enough that a forgotten one does not stay for ever.
    _seconds("S51.hang-seconds", 120, "how long the hang fault keeps a connection before it closes it"),
    _seconds("S51.drip-seconds", 1, "time between two bytes of the drip fault"),
    _seconds("S51.hold-seconds", 5, "how long the hold fault, and half-answer in its middle, wait"),
    _seconds("S51.refuse-seconds", 1, "how long the refuse fault keeps the port shut"),
    Mode(
        "S51.odd-id",
        ("any-of-them", "zero", "negative", "boolean", "text", "fraction"),
        "the Id of the odd-id fault; any-of-them: drawn from the seed each time",
    ),
)

_BY_NAME = {mode.name.lower(): mode for mode in MODES}
# A number with more digits than this is a slip of the hand, and would make int() of it costly.
_NUMBER = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
#: values that stand for others
_STAND_INS = {"n", "cut-at-n", "decimal"}


def find_name(name: str, known: Iterable[str], kind: str) -> str:
    """The known name that equals `name` without regard to case. SwitchError names the nearest."""
    names = {one.lower(): one for one in known}
    if name.lower() in names:
        return names[name.lower()]
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    nearest = f" The nearest is {names[close[0]]!r}." if close else ""
    raise SwitchError(f"there is no {kind} {name!r}.{nearest} Allowed: {', '.join(names.values())}.")


def find_value(mode: Mode, text: str) -> str:
    """The value of `mode` that `text` means: itself, a number for a stand-in, or a beginning that only one has."""
    wanted = text.strip().lower()
    for value in mode.values:
        if value in _STAND_INS:
            prefix = value.removesuffix("n") if value != "decimal" else ""
            number = _DECIMAL if value == "decimal" else _NUMBER
            if wanted.startswith(prefix) and number.fullmatch(wanted[len(prefix) :]):
                return wanted
        elif wanted == value.lower():
            return value
    fixed = [value for value in mode.values if value not in _STAND_INS]
    starting = [value for value in fixed if value.lower().startswith(f"{wanted}-")]
    if len(starting) == 1:
        return starting[0]
    close = difflib.get_close_matches(wanted, mode.values, n=1, cutoff=0.3)
    nearest = f" The nearest is {close[0]!r}." if close else ""
    raise SwitchError(f"mode {mode.name} has no value {text!r}.{nearest} Allowed: {', '.join(mode.values)}.")


class Modes:
    """The present value of each mode."""

    def __init__(self) -> None:
        self._values = {mode.name: mode.default for mode in MODES}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def number(self, name: str) -> int:
        """The value of a mode that is a whole number."""
        return int(self._values[name])

    def decimal(self, name: str) -> float:
        """The value of a mode that is a decimal number, such as one in seconds."""
        return float(self._values[name])

    def change(self, wanted: Mapping[str, object]) -> None:
        """Set several, all or none. SwitchError for an unknown name or value."""
        found = {}
        for name, value in wanted.items():
            mode = _BY_NAME[find_name(name, _BY_NAME_SPELLED, "mode").lower()]
            found[mode.name] = find_value(mode, str(value))
        self._values.update(found)

    def reset(self) -> None:
        """Back to the defaults."""
        self._values = {mode.name: mode.default for mode in MODES}

    def as_dict(self) -> dict[str, str]:
        """All present values by name."""
        return dict(self._values)


_BY_NAME_SPELLED = tuple(mode.name for mode in MODES)
