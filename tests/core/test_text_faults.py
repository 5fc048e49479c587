# ruff: noqa: E501  # a table of cases reads best with one case a line
"""Every usual mistake in a text: its place, a plain sentence, and the mended line."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_facts import SCOPE

from engine.core.catalogue import Scope
from engine.core.text import Fault, TextSyntax, compile_condition, compile_text

FIXED = settings(derandomize=True, max_examples=300, deadline=None, database=None)


def text_faults(source: str) -> tuple[Fault, ...]:
    with pytest.raises(TextSyntax) as caught:
        compile_text(source, SCOPE)
    return caught.value.faults


def faults_or_none(compile_it: Callable[[str, Scope], object], source: str) -> tuple[Fault, ...]:
    """Return the mistakes of a source; any other exception than TextSyntax fails the test."""
    try:
        compile_it(source, SCOPE)
    except TextSyntax as error:
        return error.faults or (Fault(-1, 0, ""),)
    return ()


def condition_faults(source: str) -> tuple[Fault, ...]:
    with pytest.raises(TextSyntax) as caught:
        compile_condition(source, SCOPE)
    return caught.value.faults


TEXTS = [
    ("{{ coworker.ful_name }}", "coworker.ful_name", "there is no fact coworker.ful_name", "{{ coworker.full_name }}"),
    ("Hi {{ coworker.FullName }}", "coworker.FullName", "there is no fact coworker.FullName", "Hi {{ coworker.full_name }}"),
    ("{{ cowrker.email }}", "cowrker.email", "there is no fact cowrker.email", "{{ coworker.email }}"),
    ("{{ full_name }}", "full_name", "there is no fact full_name", "{{ coworker.full_name }}"),
    ("{{ coworker.custom.shirtt }}", "coworker.custom.shirtt", "there is no fact coworker.custom.shirtt", "{{ coworker.custom.shirt }}"),
    ("{{ coworker.items }}", "coworker.items", "there is no fact coworker.items", "{{ coworker.teams }}"),
    ("{% if coworker.actve %}{% endif %}", "coworker.actve", "there is no fact coworker.actve", "{% if coworker.active %}{% endif %}"),
    ("{{ coworker.full_name", "{{ coworker.full_name", "{{ is not closed", None),
    ("{{ coworker.full_name }", "{{ coworker.full_name }", "{{ is not closed", "{{ coworker.full_name }}"),
    ("a {# b", "{# b", "{# is not closed", None),
    ("{% if coworker.active %}x", "{% if coworker.active %}", "{% if %} is not closed", None),
    ("{% raw %}x", "{% raw %}", "{% raw %} is not closed", None),
    ("x{% endif %}", "endif", "the tag {% endif %} does not fit here", None),
    ("{% esle %}", "esle", "there is no tag {% esle %}", None),
    ("{% if coworker.active = true %}{% endif %}", "=", "= alone compares nothing", "{% if coworker.active == true %}{% endif %}"),
    ("{% if coworker.active && true %}{% endif %}", "&&", "write and as a word", "{% if coworker.active  and  true %}{% endif %}"),
    ("{{ coworker['email'] }}", "coworker['email']", "facts are named with points, without brackets or positions", "{{ coworker.email }}"),
    ("{{ coworker.full_name.upper() }}", "coworker.full_name.upper()", "a call is not part of our texts", "{{ coworker.full_name | upper }}"),
    ("{{ coworker.full_name.upper }}", "coworker.full_name.upper", "coworker.full_name is a single value and has no 'upper'", "{{ coworker.full_name | upper }}"),
    ("{{ coworker.teams }}", "coworker.teams", "this is a list, and a text shows one value", '{{ coworker.teams | join(", ") }}'),
    ("{{ coworker }}", "coworker", "this is a group of facts, and a text shows one", None),
    ("{{ contract.desks.name }}", "contract.desks.name", "this is a list, which has no facts of its own", None),
    ("{{ 'a' + coworker.email }}", "'a' + coworker.email", "+ and - take numbers", "{{ 'a' ~ coworker.email }}"),
    ("{{ contract.start + 1 }}", "contract.start + 1", "+ and - take numbers", None),
    ("{{ 'x' if coworker.active }}", "'x' if coworker.active", "an if inside an expression needs its else", '{{ \'x\' if coworker.active else "" }}'),
    ("{% if coworker.email %}x{% endif %}", "coworker.email", "this gives text, not true or false", "{% if coworker.email != '' %}x{% endif %}"),
    ("{% if coworker.teams %}x{% endif %}", "coworker.teams", "this gives a list, not true or false", "{% if coworker.teams | length > 0 %}x{% endif %}"),
    ("{% if contract.cancellation %}x{% endif %}", "contract.cancellation", "this gives a date, not true or false", "{% if contract.cancellation != none %}x{% endif %}"),
    ("{% for d in coworker.email %}{% endfor %}", "coworker.email", "a loop goes over a list of facts", None),
    ("{% for team in contract.desks %}{% endfor %}", "{% for team in contract.desks %}", "the name team is already that of a fact", None),
    ("{% for a in contract.desks %}{% for b in contract.desks %}{% endfor %}{% endfor %}", "{% for b in contract.desks %}", "a loop inside a loop", None),
    ("{% for a, b in contract.desks %}{% endfor %}", "{% for a, b in contract.desks %}", "a loop has one name for its thing", None),
    ("{% for a in contract.desks if a.available %}{% endfor %}", "{% for a in contract.desks if a.available %}", "a loop goes over the whole list", None),
    ("{% for a in contract.desks %}{{ loop.index }}{% endfor %}", "loop", "there is no fact loop", None),
    ("{{ none }}", "none", "none cannot be shown", None),
    ("{{ 1_000 }}", "1_000", "a number is written in at most 17 digits, with a point before decimals", None),
    ("{{ 1e999 }}", "1e999", "a number is written in at most 17 digits, with a point before decimals", None),
    ("{{ 'a\\d' }}", "'a\\d'", "a backslash in quotes is written twice", None),
    ("{{ ['a'] }}", "['a']", "a list stands only right of `in`", None),
    ("{{ coworker.email | uper }}", "uper", "there is no filter uper", None),
    ("{{ coworker.email | date }}", "date", "date takes a date or a moment, and this is text", None),
    ("{{ contract.start | time }}", "time", "time takes a moment, and this is a date", None),
    ("{{ coworker.email | upper(1) }}", "upper(1)", "upper has no brackets", None),
    ("{{ coworker.email | replace('a') }}", "replace('a')", "replace has two values in its brackets", None),
    ("{{ coworker.teams | join }}", "join", "join has one value in its brackets", None),
    ("{{ coworker.teams | join(3) }}", "join(3)", "what stands in the brackets of join is text", None),
    ("{{ coworker.email | default('a', true) }}", "default('a', true)", "default has one value in its brackets, for none and for empty text", None),
    ("{{ contract.start | date('YYYY') }}", "date('YYYY')", "'Y' is no part of a date; d is the day, M the month, y the year, E the weekday", None),
    ("{{ contract.start | date('long', 'xx') }}", "date('long', 'xx')", "'xx' is no language; write one such as en, es, ca, pt-BR", None),
    ("{{ contract.start | date(coworker.email) }}", "date(coworker.email)", "what stands in the brackets of date is written out in quotes", None),
    ("{{ contract.cancellation | default('open') | date }}", "date", "date takes a date or a moment, and this is text", None),
]  # fmt: skip


@pytest.mark.parametrize(("source", "place", "what", "corrected"), TEXTS, ids=[case[0] for case in TEXTS])
def test_a_mistake_in_a_text_has_place_sentence_and_mended_line(
    source: str, place: str, what: str, corrected: str | None
) -> None:
    [fault] = text_faults(source)
    assert fault.what == what
    assert source[fault.offset : fault.offset + fault.length] == place
    assert fault.corrected == (corrected or "")


CONDITIONS = [
    ("coworker.active = true", "=", "= alone compares nothing", "coworker.active == true"),
    ("{{ coworker.active }}", "{{ coworker.active }}", "a condition stands without {{ }}", "coworker.active"),
    ("coworker.active AND true", "AND", "and is written in small letters", "coworker.active and true"),
    ("coworker.active || true", "||", "write or as a word", "coworker.active  or  true"),
    ("!coworker.active", "!", "write not as a word", "not coworker.active"),
    ("coworker.active == 'true'", "coworker.active == 'true'", "true or false is compared with text", "coworker.active"),
    ("coworker.active == 'no'", "coworker.active == 'no'", "true or false is compared with text", "not coworker.active"),
    ("coworker.billing_day == '26'", "coworker.billing_day == '26'", "a whole number is compared with text", None),
    ("contract.start > 'soon'", "contract.start > 'soon'", "a date is compared with text", None),
    ("contract.start > '2026-02-30'", "contract.start > '2026-02-30'", "a date is compared with text", None),
    ("signup > '2026-02-03'", "signup > '2026-02-03'", "a moment is compared with text", None),
    ("signup > contract.start", "signup > contract.start", "a moment is compared with a date", None),
    ("contract.cancellation is none", "contract.cancellation is none", "`is` is not part of our texts", "contract.cancellation == none"),
    ("contract.cancellation is not none", "contract.cancellation is not none", "`is` is not part of our texts", "contract.cancellation != none"),
    ("coworker.email == none", "coworker.email == none", "an empty text is '', not none", "coworker.email == ''"),
    ("contract == 1", "contract == 1", "a group of facts is compared with a whole number", None),
    ("coworker.teams == contract.desks", "coworker.teams == contract.desks", "a list is compared with a list", None),
    ("contract.desks - 1 > 0", "contract.desks - 1", "+ and - take numbers", None),
    ("contract.start > none", "contract.start > none", "nothing is > none", None),
    ("coworker.active > false", "coworker.active > false", "true and false have no order, so > says nothing about them", None),
    ("coworker.tariff_name == 'a' or 'b'", "coworker.tariff_name == 'a' or 'b'", "each side of `or` is a comparison of its own", "coworker.tariff_name in ['a', 'b']"),
    ("coworker.tag in ('a', 'b')", "('a', 'b')", "a list stands in square brackets", "coworker.tag in ['a', 'b']"),
    ("coworker.tag in ['a', 3]", "['a', 3]", "a list in a text holds values of one kind, written out", None),
    ("3 in ['a']", "3 in ['a']", "a whole number is never in a list of which each is text", None),
    ("coworker.tag in coworker.billing_day", "coworker.tag in coworker.billing_day", "right of `in` stands a list, or a text beside a text", None),
    ("'False'", "'False'", "this gives text, not true or false", "false"),
    ("0", "0", "this gives a whole number, not true or false", None),
    ("none", "none", "this gives none, not true or false", None),
    ("coworker.active and coworker.billing_day", "coworker.billing_day", "this gives a whole number, not true or false", "coworker.active and coworker.billing_day != none"),
    ("not coworker.email", "coworker.email", "this gives text, not true or false", "not coworker.email != ''"),
    ("coworker.email == 'x", "'x", "a quote is not closed", None),
    ("coworker.active ==", "", "this ends too early", None),
    ("", "", "this ends too early", None),
    ("(coworker.active", "", "this ends too early", None),
    ("coworker.active coworker.active", "coworker", "this does not fit here", None),
    ("coworker.active {% if", "{", "this does not fit here", None),
]  # fmt: skip


@pytest.mark.parametrize(("source", "place", "what", "corrected"), CONDITIONS, ids=[case[0] for case in CONDITIONS])
def test_a_mistake_in_a_condition_has_place_sentence_and_mended_line(
    source: str, place: str, what: str, corrected: str | None
) -> None:
    fault = next(fault for fault in condition_faults(source) if fault.what == what)
    assert source[fault.offset : fault.offset + fault.length] == place
    assert fault.corrected == (corrected or "")


MENDED_TEXTS = [case[3] for case in TEXTS if case[3] and case[3] != "{{ coworker.teams }}"]
MENDED_CONDITIONS = [case[3] for case in CONDITIONS if case[3]]


@pytest.mark.parametrize("mended", MENDED_TEXTS)
def test_the_mended_line_of_a_text_is_sound(mended: str) -> None:
    assert compile_text(mended, SCOPE).source == mended


@pytest.mark.parametrize("mended", MENDED_CONDITIONS)
def test_the_mended_line_of_a_condition_is_sound(mended: str) -> None:
    assert compile_condition(mended, SCOPE).source == mended


def test_all_mistakes_are_told_at_once_in_the_order_of_their_places() -> None:
    source = "{{ coworker.ful_name }}\n{% if coworker.email %}{{ 1 * 2 }}{% endif %}\n{{ coworker.tag | uper }}"
    faults = text_faults(source)
    assert [fault.what for fault in faults] == [
        "there is no fact coworker.ful_name",
        "this gives text, not true or false",
        "* is not part of our texts",
        "there is no filter uper",
    ]
    assert all(one.offset < other.offset for one, other in pairwise(faults))
    assert faults[1].corrected == "{% if coworker.email != '' %}{{ 1 * 2 }}{% endif %}"


def test_a_misspelt_condition_in_braces_is_told_with_both_mistakes() -> None:
    assert [fault.what for fault in condition_faults("{{ coworker.activ }}")] == [
        "a condition stands without {{ }}",
        "there is no fact coworker.activ",
    ]


def test_a_mistake_says_all_in_one_line() -> None:
    [fault] = text_faults("{{ coworker.email | uper }}")
    assert str(fault) == (
        "there is no filter uper, found 'uper', allowed: date, default, first, join, last, length, lower, replace, "
        "time, title, trim, upper, weekday, nearest: upper"
    )


@FIXED
@given(st.lists(st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "if", "for", "endif", "endfor", "else", "coworker", ".", "email", "active",
     "|", "upper", "default", "(", ")", "[", "]", "'", '"', "=", "==", "~", "+", "-", "*", " ", "\n", "in", "not",
     "is", "none", "1", "0.5", "and", "or", "x", "raw", "endraw", "set", "é", "\\", ",", ":", "{", "}", "contract",
     "desks", "import", "macro", "block", "extends", "include", "_", "__class__", "loop", "a b"]
), max_size=25))  # fmt: skip
def test_any_source_is_compiled_or_refused_with_places(parts: list[str]) -> None:
    source = "".join(parts)
    for compile_it in (compile_text, compile_condition):
        for fault in faults_or_none(compile_it, source):
            assert 0 <= fault.offset <= len(source)
            assert fault.length >= 1
            assert fault.what


@FIXED
@given(st.text(max_size=60))
def test_any_text_in_braces_is_compiled_or_refused(inner: str) -> None:
    for source in (f"{{{{ {inner} }}}}", f"{{% {inner} %}}", inner):
        assert all(str(fault) for fault in faults_or_none(compile_text, source))


DEEP = {
    "parentheses": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "lists": "{{ " + "[" * 30_000 + " }}",
    "not": "{% if " + "not " * 10_000 + "true %}{% endif %}",
    "minus": "{{ " + "- " * 10_000 + "1 }}",
    "attributes": "{{ coworker" + ".a" * 20_000 + " }}",
    "filters": "{{ coworker.email" + " | upper" * 5_000 + " }}",
    "joins": "{{ 'a'" + " ~ 'a'" * 9_000 + " }}",
    "sums": "{{ 1" + " + 1" * 9_000 + " }}",
    "either": "{{ " + "1 if true else " * 3_000 + "1 }}",
    "ifs": "{% if true %}" * 2_000 + "{% endif %}" * 2_000,
    "elifs": "{% if true %}" + "{% elif true %}" * 3_000 + "{% endif %}",
    "many": "{{ 1 }}" * 9_000,
    "open": "{{" * 30_000,
    "comments": "{#" * 30_000,
    "digits": "{{ " + "9" * 60_000 + " }}",
    "power": "{{ 9**9**9**9 }}",
    "text": "x" * 65_537,
    "accents": "é" * 32_769,
}


@pytest.mark.parametrize("name", DEEP)
def test_hostile_sources_are_refused_within_a_second(name: str) -> None:
    started = time.process_time()
    assert text_faults(DEEP[name])
    assert time.process_time() - started < 1


def test_a_carriage_return_is_refused_with_its_place() -> None:
    assert text_faults("ab\r\nc")[0].offset == 2
