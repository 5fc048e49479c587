"""Dues that make sense for nobody are found, with the rule that failed and one that works; sound ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from lint_given import checked, dues, items, warnings

from engine.authoring.check import check_folder
from engine.authoring.folder import Folder

ACTIVATED = "applies: {on: [contract.activated]}\nanchor: contract.start\n"

OVER = [
    ("contract.activated", "2 days before contract.start at 10:00"),
    ("contract.first_activated", "1 business day before contract.start"),
    ("contract.activated, contract.first_activated", "2 weeks before membership.start"),
    ("contract.renewed", "1 month before contract.start"),
    ("contract.cancelled", "3 days before contract.start"),
    ("contract.activated", "last business day of the month before contract.start"),
    ("contract.activated", "last day of the month before contract.start"),
    ("contract.created", "1 day before signup"),
    ("contract.created", "2 hours before signup"),
    ("coworker.created", "1 week before event"),
    ("checkin.created", "1 day before visit.first"),
    ("invoice.paid", "30 minutes before invoice.first_paid"),
    ("contract.created", "on 2025-06-01"),
    ("contract.created", "3 days before coworker.created_on"),
    ("contract.activated", "{rule: 2 days before contract.start, fallback: 1 day before signup}"),
    ("contract.activated", "{count: 2, unit: days, before: contract.start}"),
]

IN_TIME = [
    ("contract.created", "5 business days before contract.start"),
    ("contract.created, contract.first_activated", "5 business days before contract.start"),
    ("contract.activated", "on contract.start at opening"),
    ("contract.activated", "0 days before contract.start"),
    ("contract.activated", "2 hours before contract.start"),
    ("contract.activated", "first day of the month of contract.start"),
    ("contract.activated", "{rule: 1 day before contract.start, roll: next}"),
    ("contract.activated", "{rule: 1 day before contract.start, not_before: 1 day after signup}"),
    ("contract.activated", "{rule: 1 day before contract.start, fallback: 1 day after signup}"),
    ("contract.cancelled", "20 business days before contract.cancellation"),
    ("contract.cancelled", "3 days before event"),
    ("contract.cancelled", "10 days before membership.end"),
    ("contract.renewed", "3 days before contract.renewal"),
    ("contract.created", "on 2026-11-05"),
    ("coworker.updated", "2 days before contract.start"),
]


def _swept(told: list[str]) -> list[str]:
    return [one for one in told if not one.endswith("not-swept")]


@pytest.mark.parametrize(("on", "due"), OVER)
def test_a_due_that_is_over_before_the_list_starts_is_found(on: str, due: str, tmp_path: Path) -> None:
    told = _swept(warnings(checked(tmp_path, dues(due, before=f"applies: {{on: [{on}]}}\n"))))
    assert [one.split()[1] for one in told] == ["always-late"]


@pytest.mark.parametrize(("on", "due"), IN_TIME)
def test_nothing_is_said_of_a_due_that_somebody_can_meet(on: str, due: str, tmp_path: Path) -> None:
    assert _swept(warnings(checked(tmp_path, dues(due, before=f"applies: {{on: [{on}]}}\n")))) == []


@pytest.mark.parametrize(
    ("late", "told"),
    [
        ("closing", "so the task is always late, and due when the place closes that day"),
        ("keep", "so the task is overdue from the start"),
        ("skip", "and with `late: skip` the task is never made"),
        ("fail", "and with `late: fail` every run fails"),
    ],
)
def test_what_becomes_of_a_late_task_is_said_with_rules_that_work(late: str, told: str, tmp_path: Path) -> None:
    (found,) = checked(tmp_path, dues(f"{{rule: 2 days before, late: {late}}}", before=ACTIVATED)).problems
    assert found.what == f"this always lies before contract.activated starts the list, {told}"
    assert found.found == "'2 days before'"
    assert found.allowed.startswith("on contract.start, 2 days after contract.start, ")
    assert found.allowed.endswith("or `on: [contract.created]`, which comes earlier")


def test_a_list_that_is_only_run_by_hand_knows_no_event(tmp_path: Path) -> None:
    lines = dues("3 days before event", "3 days before contract.start", "1 day before signup")
    assert warnings(checked(tmp_path, lines)) == ["7:29 always-late"]


def test_a_named_day_is_looked_through(tmp_path: Path) -> None:
    days = "anchors: {eve: 1 business day before contract.start, either: [2 days before signup, contract.start]}\n"
    told = warnings(checked(tmp_path, dues("on eve at 12:00", "on either", before=ACTIVATED + days)))
    assert told == ["8:29 always-late"]


def test_a_wait_for_what_is_over_is_found(tmp_path: Path) -> None:
    before = "applies: {on: [contract.activated], wait_until: 3 days before contract.start}\n"
    (told,) = checked(tmp_path, items("{id: a, name: A}", before=before)).problems
    assert told.what.endswith("so nothing is waited for")


@pytest.mark.parametrize(
    "due",
    [
        "{rule: 5 days after, not_before: 10 days after, not_after: 3 days after}",
        "{rule: 5 days after, not_before: 2 months after, not_after: 1 month after}",
        "{rule: 5 days after, not_before: 2026-12-10, not_after: 2026-12-01}",
        "{rule: 5 days after, not_before: on contract.start, not_after: 1 business day before}",
        "{rule: 5 days after, not_before: 3 days after at 12:00, not_after: 3 days after at 10:00}",
        "{rule: 5 days after, not_before: 3 days after contract.start, not_after: 1 day after membership.start}",
    ],
)
def test_bounds_that_leave_no_day_are_found(due: str, tmp_path: Path) -> None:
    (told,) = checked(tmp_path, dues(due, before="anchor: contract.start\n")).problems
    assert told.code == "crossed-bounds"
    assert told.what.endswith("so no day is left and every run fails")


@pytest.mark.parametrize(
    "due",
    [
        "{rule: 5 days after, not_before: 80 days after}",
        "{rule: 15 business days after, not_after: 10 days after}",
        "{rule: on contract.start, not_before: 3 months after}",
    ],
)
def test_a_rule_that_a_bound_always_overrules_is_found(due: str, tmp_path: Path) -> None:
    assert warnings(checked(tmp_path, dues(due, before="anchor: contract.start\n"))) == ["6:36 idle-rule"]


def test_nothing_is_said_of_bounds_that_can_matter(tmp_path: Path) -> None:
    sound = (
        "{rule: 15 business days after, not_after: 30 days after}",
        "{rule: 5 days after, not_before: 6 days after, not_after: 7 days after}",
        "{rule: 45 days before contract.term_end, not_before: 14 days after}",
        "{rule: 2 days after, not_before: 1 month before contract.renewal, not_after: 3 days after}",
        "{rule: 5 days after, not_before: 1 month after, not_after: 30 days after}",
        "{rule: 3 days after, not_before: 3 days after at 10:00, not_after: 3 days after at 12:00}",
    )
    assert warnings(checked(tmp_path, dues(*sound, before="anchor: contract.start\n"))) == []


COVERED = "calendars:\n  spain: {covers: 2026-01-01 to 2027-12-31}\n  england: {}\n"


@pytest.mark.parametrize("due", ["on 2029-05-01", "999 business days after", "130 weeks after", "30 months before"])
def test_a_day_that_no_calendar_covers_is_found(due: str, tmp_path: Path) -> None:
    folder = checked(tmp_path, dues(due, "4 months after", "on 2027-05-01", before="anchor: contract.start\n"))
    assert warnings(folder) == []
    file = tmp_path / "lists" / "organisation.yaml"
    head = file.read_text("utf-8").split("calendars:\n", maxsplit=1)[0]
    file.write_text(f"{head}{COVERED}allow: [unused-role]\n", "utf-8")
    (told,) = check_folder(Folder(tmp_path / "lists", "lists")).problems
    assert (told.code, told.place.line) == ("not-covered", 6)
    assert "the calendar 'spain' at barcelona covers 2026-01-01 to 2027-12-31" in told.what
