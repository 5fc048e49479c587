"""What `check` says of roles and absences: circles, unknown names and dates the wrong way round, each at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.authoring.folder import find_folder
from engine.authoring.loader import load
from engine.authoring.organisation_check import organisation_problems
from engine.authoring.source import source_of
from engine.core.errors import Problem, Problems
from engine.core.organisation import Organisation

BASE = """owner: acme-coworking
since: 2026-11-01
locations:
  barcelona: {business_id: 1, calendar: spain, roles: {front-desk: ana@acme.example}}
calendars:
  spain: {}
"""
ANA_AWAY = "{who: ana@acme.example, from: 2026-12-21, to: 2027-01-08"


def told(more: str) -> list[str]:
    source = source_of("organisation.yaml", (BASE + more).encode())
    try:
        return [_short(problem) for problem in organisation_problems(load(Organisation, source))]
    except Problems as error:
        return [_short(problem) for problem in error.problems]


def _short(problem: Problem) -> str:
    return str(problem).removeprefix("organisation.yaml:")


def test_a_sound_roster_has_no_problem() -> None:
    sound = f"""roles:
  host: {{fallback: [front-desk]}}
absences:
  - {ANA_AWAY}, delegate: ben@acme.example}}
  - {{who: ben@acme.example, from: 2027-01-09, delegate: ana@acme.example}}
  - {{who: {{user: 12}}, from: 2026-12-01, to: 2026-12-01, delegate: {{role: host}}}}
"""
    assert told(sound) == []


def test_roles_that_stand_in_for_each_other_are_a_circle_told_once() -> None:
    assert told("roles:\n  a: {fallback: [front-desk, b]}\n  b: {fallback: [c]}\n  c: {fallback: [a, b]}\n") == [
        "8:30: these roles stand in for each other in a circle: a -> b -> c -> a, allowed: a chain that ends",
        "9:18: these roles stand in for each other in a circle: b -> c -> b, allowed: a chain that ends",
    ]


def test_a_role_cannot_stand_in_for_itself() -> None:
    assert told("roles:\n  it: {fallback: [it]}\n") == ["8:19: the role 'it' cannot stand in for itself"]


@pytest.mark.parametrize(
    ("absence", "said"),
    [
        ("{who: ana@acme.example, from: 2026-12-21, to: 2026-12-20}", "this absence ends on 2026-12-20, before it"),
        (f"{ANA_AWAY}, delegate: ANA@acme.example}}", "cannot be the delegate of an own absence"),
        (f"{ANA_AWAY}, delegate: {{role: front-dsk}}}}", "there is no role 'front-dsk', allowed: front-desk"),
        (f"{ANA_AWAY}, delegate: front-desk}}", "a delegate is an e-mail, {user: NUMBER} or {role: ROLE}, found 'fron"),
        ("{who: Ana, from: 2026-12-21}", "a person is an e-mail or {user: NUMBER}, found 'Ana'"),
        ("{who: ana@acme.example, from: 21 Dec}", "this must be a date, found '21 Dec', allowed: YYYY-MM-DD"),
        ("{who: ana@acme.example}", "the key 'from' is missing"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_at_its_place(absence: str, said: str) -> None:
    (problem,) = told(f"absences:\n  - {absence}\n")
    assert said in problem
    assert problem.startswith("8:")


def test_delegates_that_lead_in_a_circle_while_all_are_away_are_told_once() -> None:
    (problem,) = told(f"""absences:
  - {ANA_AWAY}, delegate: ben@acme.example}}
  - {{who: ben@acme.example, from: 2026-12-28, to: 2026-12-31, delegate: eva@acme.example}}
  - {{who: Eva@acme.example, from: 2026-12-31, delegate: ana@acme.example}}
""")
    assert "ana@acme.example -> ben@acme.example -> Eva@acme.example -> ana@acme.example" in problem
    assert problem.startswith("8:")


def test_absences_that_do_not_overlap_are_no_circle() -> None:
    assert not told(f"""absences:
  - {ANA_AWAY}, delegate: ben@acme.example}}
  - {{who: ben@acme.example, from: 2027-01-09, to: 2027-01-10, delegate: ana@acme.example}}
""")


def test_somebody_away_twice_with_two_delegates_is_a_warning() -> None:
    (problem,) = told(f"""absences:
  - {ANA_AWAY}, delegate: ben@acme.example}}
  - {{who: ana@acme.example, from: 2027-01-08, delegate: eva@acme.example}}
""")
    assert "away twice on the same days, with two delegates: ben@acme.example counts" in problem


def test_the_shipped_organisation_has_no_circle() -> None:
    folder = find_folder(str(Path(__file__).resolve().parents[2] / "tasklists"), {}, Path.cwd())
    assert [one for one in organisation_problems(folder.organisation()) if one.severity == "error"] == []
