"""Known ways out of a Jinja sandbox, and ways to cost: each is refused before anything runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_facts import SCOPE, facts

from engine.core import text_parsing
from engine.core.errors import UserError
from engine.core.text import FactMistyped, TextFailure, TextSyntax, compile_condition, compile_text

ESCAPES = [
    "''.__class__.__mro__[1].__subclasses__()",
    "coworker.full_name.__class__",
    "coworker.full_name.__init__.__globals__",
    "coworker.__class__",
    "coworker['__class__']",
    "coworker.full_name | attr('__class__')",
    "coworker.full_name | attr('format')",
    "'{0.__class__}'.format(coworker)",
    "'{0.__class__}' | format(coworker)",
    "'%s' | format(coworker)",
    "coworker.full_name.format_map(coworker)",
    "'a'.ljust(1000000000)",
    "'%1000000000d' % 1",
    "'a' * 1000000000",
    "['a'] * 1000000000",
    "10 ** 10 ** 10",
    "range(1000000000)",
    "lipsum(n=100000)",
    "cycler.__init__.__globals__.os.popen('touch canary')",
    "joiner.__init__.__globals__",
    "namespace.__init__.__globals__",
    "dict(a=1)",
    "self.__init__.__globals__",
    "self._TemplateReference__context",
    "config",
    "request.application",
    "url_for.__globals__",
    "get_flashed_messages.__globals__",
    "environment",
    "debug()",
    "caller()",
    "varargs",
    "kwargs",
    "loop.index",
    "super()",
    "gettext('x')",
    "_('x')",
    "coworker | tojson",
    "coworker | pprint",
    "coworker | list",
    "coworker.items()",
    "coworker.pop('email')",
    "coworker.clear()",
    "coworker.teams.append(3)",
    "coworker | map(attribute='__class__') | list",
    "coworker.teams | map('string')",
    "coworker.teams | select('defined')",
    "coworker.email | safe",
    "coworker.email | string",
    "coworker.email | center(1000000000)",
    "coworker.email | indent(1000000000)",
    "coworker.email | wordwrap(1)",
    "coworker.teams | sum",
    "coworker.teams | batch(1000000000, 'x')",
    "coworker.teams | slice(1000000000)",
    "coworker.teams | random",
    "now()",
    "coworker.teams[0]",
    "coworker.teams[::-1]",
    "coworker is mapping",
    "coworker is defined",
    "{'a': 1}",
    "{'a': 1}.a",
    "(1, 2)",
    "[].__class__",
    "(coworker.teams | first).__class__",
    "(coworker.email ~ 'x').__class__",
    "true.__class__",
    "none.__class__",
    "1 .__class__",
    "\"\\x5f\\x5fclass\\x5f\\x5f\".x",
    "coworker.email if coworker.email.__class__ else ''",
    "coworker.email | default(''.__class__)",
    "coworker.email | replace('a', ''.__class__)",
    "coworker.email | upper(**{})",
    "coworker.email | replace(*['a', 'b'])",
    "coworker.email | default(value='x')",
]  # fmt: skip

TAGS = [
    "{% include '/etc/passwd' %}",
    "{% include coworker.email %}",
    "{% extends '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% macro x() %}{{ x() }}{% endmacro %}",
    "{% call x() %}{% endcall %}",
    "{% set x = coworker %}",
    "{% set x %}a{% endset %}",
    "{% set coworker.email = 'x' %}",
    "{% block a %}{% endblock %}",
    "{% filter upper %}a{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape false %}{% endautoescape %}",
    "{% do coworker.clear() %}",
    "{% print(1) %}",
    "{% trans %}x{% endtrans %}",
    "{% debug %}",
    "{% for x in range(1000000000) %}{% endfor %}",
    "{% for x in 'abc' %}{% endfor %}",
    "{% for x in coworker %}{% endfor %}",
    "{% for x in [1, 2] %}{% endfor %}",
    "{% for x in contract.desks recursive %}{{ loop(contract.desks) }}{% endfor %}",
    "{% for x in contract.desks %}{% break %}{% endfor %}",
    "{% for x in contract.desks %}{% continue %}{% endfor %}",
    "{% for coworker.email in contract.desks %}{% endfor %}",
]  # fmt: skip


@pytest.mark.parametrize("inner", ESCAPES)
def test_no_expression_leads_out(inner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    started = time.process_time()
    for source in (f"{{{{ {inner} }}}}", f"{{% if {inner} %}}x{{% endif %}}"):
        with pytest.raises(TextSyntax):
            compile_text(source, SCOPE)
    with pytest.raises(TextSyntax):
        compile_condition(inner, SCOPE)
    assert time.process_time() - started < 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", TAGS)
def test_no_tag_leads_out(source: str) -> None:
    with pytest.raises(TextSyntax):
        compile_text(source, SCOPE)


COSTS = [
    ("{{ coworker.notes | replace('x', coworker.email) }}", {"notes": "x" * 60_000, "email": "y" * 60_000}),
    ("{{ coworker.notes | replace('', coworker.email) }}", {"notes": "x" * 60_000, "email": "y" * 60_000}),
    ("{{ inputs.names | join(coworker.notes) }}", {"notes": "x" * 60_000}),
    ("{{ " + " ~ ".join(["coworker.notes"] * 900) + " }}", {"notes": "x" * 60_000}),
    ("{{ " + "coworker.notes | upper | lower | title | trim | upper" + " }}", {"notes": "ﬃ" * 60_000}),
    (
        "{% for name in inputs.names %}{% if 'y' in coworker.notes %}{% endif %}{% endfor %}" * 20,
        {"notes": "x" * 65_000},
    ),
    ("{% for name in inputs.names %}{{ coworker.notes | upper | length }}{% endfor %}", {"notes": "x" * 65_000}),
]


@pytest.mark.parametrize(("source", "coworker"), COSTS)
def test_costly_renderings_end_within_a_second(source: str, coworker: dict[str, str]) -> None:
    held = {**facts(**coworker), "inputs": {"names": ["a"] * 50_000}}
    text = compile_text(source, SCOPE)
    started = time.process_time()
    try:
        shown = text.render(held)
    except TextFailure:
        shown = ""
    assert len(shown) <= 65_536
    assert time.process_time() - started < 1


def test_a_name_with_template_syntax_stays_as_it_is_everywhere() -> None:
    name = "{{ 7*7 }}{% if true %}{# x #}{{"
    held = facts(full_name=name)
    assert compile_text("{{ coworker.full_name }}", SCOPE).render(held) == name
    assert compile_text("{{ coworker.full_name | default('x') | trim }}", SCOPE).render(held) == name
    assert compile_condition("coworker.full_name == '49'", SCOPE).evaluate(held) is False


def test_a_hostile_object_in_the_facts_is_not_touched() -> None:
    class Trap(str):
        def __str__(self) -> str:
            raise AssertionError("touched")

        __eq__ = __format__ = __len__ = __add__ = __str__  # type: ignore[assignment]
        __hash__ = str.__hash__

    with pytest.raises(FactMistyped):
        compile_text("{{ coworker.email }}", SCOPE).render(facts(email=Trap("x")))


def test_an_older_jinja_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text_parsing._environment.cache_clear()
    monkeypatch.setattr(text_parsing, "version", lambda _: "3.1.5")
    with pytest.raises(UserError, match=r"3\.1\.6"):
        compile_text("{{ coworker.email }}", SCOPE)
    monkeypatch.undo()
    assert compile_text("{{ coworker.email }}", SCOPE)


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(st.lists(st.sampled_from(["__class__", "_x", "mro", "format", "upper", "keys", "get", "email"]), max_size=4))
def test_a_walk_of_attributes_reaches_facts_only(names: list[str]) -> None:
    path = ".".join(["coworker", *names])
    source = f"{{{{ {path} }}}}"
    if names == ["email"]:
        assert compile_text(source, SCOPE).render(facts()) == "ada@engines.example"
    else:
        with pytest.raises(TextSyntax):
            compile_text(source, SCOPE)


def test_the_same_facts_give_the_same_text_every_time() -> None:
    source = "{{ coworker.full_name }} {{ signup }} {{ contract.start | date('long', 'es') }}"
    assert {compile_text(source, SCOPE).render(facts()) for _ in range(100)} == {
        "Ada Lovelace 2026-08-27 10:29 1 de diciembre de 2026"
    }
