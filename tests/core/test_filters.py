"""The filters: what each gives, for ordinary and for odd values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_facts import SCOPE, facts
from whenever import Date

from engine.core.filters import NAMES
from engine.core.text import Value, compile_text

FIXED = settings(derandomize=True, max_examples=150, deadline=None, database=None)


def render(source: str, **coworker: Value) -> str:
    return compile_text("{{ " + source + " }}", SCOPE).render(facts(**coworker))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("contract.start | date", "2026-12-01"),
        ("signup | date", "2026-08-27"),
        ("event | date", "2026-11-30"),
        ("contract.start | date('dd/MM/yyyy')", "01/12/2026"),
        ("contract.start | date('d MMMM y')", "1 December 2026"),
        ("contract.start | date('d MMMM', 'es')", "1 diciembre"),
        ("contract.start | date('long', 'es-ES')", "1 de diciembre de 2026"),
        ("contract.start | date('full')", "Tuesday, December 1, 2026"),
        ("contract.start | date(\"d 'de' MMMM\", 'ca')", "1 de de desembre"),
        ("signup | time", "10:29"),
        ("event | time", "23:05"),
        ("contract.start | weekday", "Tuesday"),
        ("contract.start | weekday('es')", "martes"),
        ("event | weekday('de')", "Montag"),
        ("coworker.full_name | upper", "ADA LOVELACE"),
        ("coworker.full_name | lower", "ada lovelace"),
        ("'jean-pierre O\\'NEIL de 3d' | title", "Jean-Pierre O'neil De 3d"),
        ("'  a b ' | trim", "a b"),
        ("coworker.tag | replace('vip', 'VIP') | replace(', ', '+')", "VIP+early"),
        ("coworker.tag | replace('', 'x')", "vip, early"),
        ("coworker.teams | join(', ')", "11, 12"),
        ("inputs.names | join('')", "xy"),
        ("coworker.teams | first", "11"),
        ("coworker.full_name | first", "A"),
        ("coworker.company_name | last", ""),
        ("inputs.names | last | upper", "Y"),
        ("coworker.teams | length + 1", "3"),
        ("contract.desks | length", "2"),
        ("coworker.full_name | length", "12"),
        ("coworker.company_name | default('no company')", "no company"),
        ("contract.cancellation | default('open-ended')", "open-ended"),
        ("contract.start | default('open-ended')", "2026-12-01"),
        ("contract.cancellation | default('2027-01-31') | date('d MMMM')", "31 January"),
        ("contract.cancellation | date('d MMMM') | default('-')", "-"),
        ("contract.cancellation | weekday | default(coworker.full_name)", "Ada Lovelace"),
        ("coworker.user_id | default(0) + 1", "1"),
        ("coworker.user_active | default(false)", "false"),
        ("coworker.billing_day | default('-')", "26"),
        ("contract.price | default(0)", "1082.52"),
    ],
)
def test_a_filter_gives(source: str, expected: str) -> None:
    assert render(source) == expected


def test_there_are_no_other_filters() -> None:
    assert " ".join(NAMES) == ("date default first join last length lower replace time title trim upper weekday")


@FIXED
@given(st.dates())
def test_a_date_in_numbers_is_read_back(day: object) -> None:
    held = facts()
    held["contract"] = {"start": Date(day)}  # type: ignore[arg-type]
    shown = compile_text("{{ contract.start | date('yyyy.MM.dd') }}", SCOPE).render(held)
    assert Date.parse_iso(shown.replace(".", "-")) == Date(day)  # type: ignore[arg-type]


@FIXED
@given(st.text(max_size=50), st.text(min_size=1, max_size=3), st.text(max_size=5))
def test_replace_is_that_of_python(text: str, old: str, new: str) -> None:
    shown = render("coworker.notes | replace(coworker.email, coworker.tag)", notes=text, email=old, tag=new)
    assert shown == text.replace(old, new)


@FIXED
@given(st.text(max_size=50))
def test_title_changes_case_only(text: str) -> None:
    assert render("coworker.notes | title", notes=text).casefold() == text.casefold()
