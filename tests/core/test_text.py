"""Texts and conditions: what they show, what they decide, and that facts stay data."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_facts import SCOPE, facts, with_first
from whenever import Date, ZonedDateTime

from engine.core.text import (
    Absent,
    FactAbsent,
    FactEmpty,
    FactMistyped,
    TextFailure,
    TextSyntax,
    TextTooCostly,
    TextTooLong,
    Value,
    compile_condition,
    compile_text,
)

FIXED = settings(derandomize=True, max_examples=200, deadline=None, database=None)


def render(source: str, **coworker: Value) -> str:
    return compile_text(source, SCOPE).render(facts(**coworker))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hand out the card", "Hand out the card"),
        ("two\nlines\n", "two\nlines\n"),
        ("{{ coworker.full_name }}\n", "Ada Lovelace\n"),
        ("{ {coworker} } }} %}", "{ {coworker} } }} %}"),
        ("a{# a note for us #}b", "ab"),
        ("{{ coworker.company_name }}|", "|"),
        ("{{ coworker.active }} {{ not coworker.active }}", "true false"),
        ("{{ coworker.billing_day + 1 }} {{ contract.price - 0.52 }}", "27 1082.00"),
        ("{{ coworker.custom.deposit }}", "120.50"),
        ("{{ contract.start }}", "2026-12-01"),
        ("{{ signup }} {{ event }} {{ event.name }}", "2026-08-27 10:29 2026-11-30 23:05 contract.created"),
        ("{{ coworker.full_name ~ ' / ' ~ coworker.billing_day }}", "Ada Lovelace / 26"),
        ("{{ 'a' if coworker.active else 'b' }}", "a"),
        ("{{ contract.start if coworker.active else '-' }}", "2026-12-01"),
        ("{% if coworker.active %}yes{% elif true %}no{% else %}never{% endif %}", "yes"),
        ("{% if not coworker.active %}a{% elif coworker.billing_day > 20 %}b{% endif %}", "b"),
        ("{% for d in contract.desks %}{{ d.name }}; {% endfor %}", "Desk 11; Unit 01; "),
        ("{% for d in contract.desks %}{% if d.available %}{{ d.name }}{% endif %}{% endfor %}", "Unit 01"),
        ("{% for name in inputs.names %}{{ name }}{% else %}none{% endfor %}", "xy"),
        ("{{ (contract.desks | first).name }}, {{ (contract.desks | last).name }}", "Desk 11, Unit 01"),
        ("x {%- if true %} y {%- endif %}", "x y"),
        ("{% raw %}{{ 7*7 }}{% endraw %}", "{{ 7*7 }}"),
        ("{{ '{{' }} {{ -3 }} {{ 1.50 }} {{ 'é\\u00e9\\n' }}", "{{ -3 1.5 éé\n"),
        ("{{ location.vars.card_system }} on {{ location.vars.floor }}", "Salto on 3"),
    ],
)
def test_a_text_shows_its_facts(source: str, expected: str) -> None:
    assert render(source) == expected


@FIXED
@given(st.text())
@example("{{ 7*7 }}")
@example("{% for x in y %}")
@example("{# note #}{% raw %}")
@example("\x1b[31m\x00\r\n\u2028")
@example("\ud800")
def test_text_facts_are_shown_literally_and_once(value: str) -> None:
    for source in ("{{ coworker.full_name }}", "{{ coworker.full_name ~ '' }}"):
        assert render(source, full_name=value) == value
        assert render(f"{{% if true %}}{source}{{% endif %}}", full_name=value) == value
    shown = render("{{ coworker.notes | replace('x', coworker.full_name) }}", notes="x", full_name=value)
    assert shown == value


@FIXED
@given(st.randoms(use_true_random=False))
def test_the_order_of_facts_never_matters(random: object) -> None:
    text = compile_text("{{ coworker.full_name }} {{ contract.price }} {{ location.name }}", SCOPE)
    roots = list(facts().items())
    inner = list(dict(roots)["coworker"].items())  # type: ignore[union-attr]
    random.shuffle(roots)  # type: ignore[attr-defined]
    random.shuffle(inner)  # type: ignore[attr-defined]
    assert text.render({**dict(roots), "coworker": dict(inner)}) == text.render(facts())


@FIXED
@given(st.decimals(min_value=-(10**30), max_value=10**30, allow_nan=False, places=4))
def test_numbers_show_all_digits_and_no_exponent(number: Decimal) -> None:
    shown = compile_text("{{ contract.price }}", SCOPE).render(with_first("contract", {"price": number}))
    assert "E" not in shown
    assert Decimal(shown) == number


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("coworker.email", "{{ coworker.full_name }}", "{{ coworker.full_name }}"),
        ("coworker.email", "<b>&amp;", "<b>&amp;"),
        ("coworker.email", "{}{0.__class__}%s", "{}{0.__class__}%s"),
        ("coworker.billing_day", -0, "0"),
        ("contract.price", Decimal("1E+3"), "1000"),
        ("contract.price", Decimal("-0.000001"), "-0.000001"),
        ("contract.start", Date(1, 1, 1), "0001-01-01"),
        ("signup", ZonedDateTime(9999, 12, 30, 4, tz="UTC"), "9999-12-30 04:00"),
        ("coworker.active", False, "false"),
    ],
)
def test_odd_values_of_every_kind_are_shown_as_they_are(path: str, value: Value, expected: str) -> None:
    root, _, name = path.partition(".")
    held = with_first(root, {name: value} if name else value)
    assert compile_text(f"{{{{ {path} }}}}", SCOPE).render(held) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("coworker.email", 7),
        ("coworker.email", ["x"]),
        ("coworker.email", object),
        ("coworker.billing_day", "26"),
        ("coworker.billing_day", True),
        ("coworker.billing_day", 10**50),
        ("coworker.billing_day", 1.5),
        ("coworker.active", "False"),
        ("coworker.active", 1),
        ("contract.price", Decimal("NaN")),
        ("contract.price", Decimal("Infinity")),
        ("contract.price", Decimal("1E+999999999")),
        ("contract.price", Decimal("1E-999999999")),
        ("contract.start", "2026-01-01"),
        ("contract.start", ZonedDateTime(2026, 1, 1, tz="UTC")),
        ("signup", Date(2026, 1, 1)),
        ("signup", {"a": 1}),
    ],
)
def test_a_value_of_another_type_is_never_shown(path: str, value: Value) -> None:
    root, _, name = path.partition(".")
    held = with_first(root, {name: value} if name else value)
    with pytest.raises(FactMistyped) as caught:
        compile_text(f"{{{{ {path} }}}}", SCOPE).render(held)
    assert str(caught.value).startswith(path)


def test_python_attributes_of_a_value_are_out_of_reach() -> None:
    class Person:
        full_name = "leaked"

    with pytest.raises(FactMistyped, match="coworker.full_name"):
        compile_text("{{ coworker.full_name }}", SCOPE).render(with_first("coworker", Person()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    ["{{ team.name }}", "{{ team.name | default('-') }}", "{% for one in team.members %}x{% endfor %}"],
)
def test_what_the_coworker_lacks_fails_with_its_reason(source: str) -> None:
    with pytest.raises(FactAbsent) as caught:
        render(source)
    assert str(caught.value).startswith("team.")
    assert "the coworker is in no team" in str(caught.value)


def test_what_is_not_read_is_allowed_to_be_absent() -> None:
    assert render("{% if not coworker.active %}{{ team.name }}{% endif %}ok") == "ok"
    assert compile_condition("coworker.active or team.name == 'x'", SCOPE).evaluate(facts()) is True


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("{{ contract.cancellation }}", "contract.cancellation"),
        ("{{ 'until ' ~ contract.cancellation }}", "contract.cancellation"),
        ("{{ contract.cancellation | date }}", "contract.cancellation"),
        ("{{ coworker.user_id + 1 }}", "coworker.user_id"),
        ("{% if coworker.user_active %}x{% endif %}", "coworker.user_active"),
        ("{% if not coworker.user_active %}x{% endif %}", "coworker.user_active"),
        ("{% if coworker.user_id > 1 %}x{% endif %}", "coworker.user_id"),
        ("{{ event.moment if coworker.user_active else '' }}", "coworker.user_active"),
    ],
)
def test_an_empty_fact_that_is_needed_fails_by_name(source: str, path: str) -> None:
    with pytest.raises(FactEmpty) as caught:
        render(source)
    assert caught.value.path == path
    assert f'{{{{ {path} | default("none") }}}}' in str(caught.value)


def test_a_fact_that_nobody_gave_is_never_blank() -> None:
    with pytest.raises(FactAbsent, match="coworker.position"):
        render("{{ coworker.position }}")


def test_first_of_an_empty_list_has_no_facts() -> None:
    text = compile_text("{{ (contract.desks | first).name }}", SCOPE)
    with pytest.raises(FactEmpty, match=r"contract\.desks"):
        text.render(with_first("contract", {"desks": []}))


def test_a_thing_of_a_list_that_lacks_a_fact_is_named_with_its_list() -> None:
    text = compile_text("{{ (contract.desks | first).name }}", SCOPE)
    with pytest.raises(FactAbsent, match=r"contract\.desks\.name"):
        text.render(with_first("contract", {"desks": [{"capacity": Decimal(1)}]}))


def test_no_message_holds_a_value() -> None:
    secret = "canary-value"
    for source in ("{{ coworker.billing_day }}", "{{ coworker.email | join(', ') }}"):
        with pytest.raises((TextFailure, TextSyntax)) as caught:
            render(source, billing_day=secret, email=secret)
        assert secret not in str(caught.value)


def test_facts_used_are_the_paths_that_may_be_read() -> None:
    text = compile_text(
        "{{ event | date }}{% for d in contract.desks %}{{ d.name ~ location.name }}{% endfor %}"
        "{% if coworker.active %}{{ coworker.email | default(coworker.tag) }}{% endif %}",
        SCOPE,
    )
    assert sorted(".".join(path) for path in text.facts_used) == [
        "contract.desks",
        "coworker.active",
        "coworker.email",
        "coworker.tag",
        "event.moment",
        "location.name",
    ]
    assert compile_text("plain", SCOPE).facts_used == frozenset()


def test_output_is_at_most_64_kib_of_utf8() -> None:
    assert len(render("{{ coworker.notes }}", notes="x" * 65_536)) == 65_536
    for source, notes in (
        ("{{ coworker.notes }}", "x" * 65_537),
        ("{{ coworker.notes }}", "é" * 32_769),
        ("{{ coworker.notes }}{{ coworker.notes }}", "x" * 32_769),
        ("{{ coworker.notes ~ coworker.notes }}", "x" * 32_769),
        ("{% for name in inputs.names %}{{ coworker.notes }}{% endfor %}", "x" * 32_769),
    ):
        with pytest.raises(TextTooLong):
            render(source, notes=notes)


def test_a_loop_that_takes_too_many_steps_is_stopped() -> None:
    text = compile_text("{% for name in inputs.names %}{% if name == 'a' %}{% endif %}{% endfor %}", SCOPE)
    inputs = {"names": ["b"] * 300_000}
    with pytest.raises(TextTooCostly):
        text.render(with_first("inputs", inputs))


def test_a_missing_thing_says_why_it_is_missing() -> None:
    text = compile_text("{{ contract.start }}", SCOPE)
    with pytest.raises(FactAbsent) as caught:
        text.render(with_first("contract", Absent("contract", "no contract yet")))
    assert (caught.value.path, caught.value.reason) == ("contract.start", "no contract yet")
