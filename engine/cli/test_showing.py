"""How the cases of lists are shown: text, JSON, workflow commands of GitHub, JUnit's XML. Prints; it tries nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import click

from engine.cli.masking import Mask, member_words
from engine.core.report import visible

if TYPE_CHECKING:
    from engine.core.case_judging import Failure
    from engine.core.errors import Place
    from engine.flows.case_runs import CaseRun, ListRun
    from engine.flows.cases import Tried

Masked = Callable[[str], str]

_MOST_MISSED = 200
"""Branches beyond that are counted."""


def show(runs: Sequence[ListRun], form: str, *, coverage: bool, redact: bool) -> None:
    """Print what became of the cases; `coverage` adds what none reaches."""
    if form == "json":
        from engine.cli.showing import print_json

        print_json(as_json(runs, redact=redact))
    elif form == "github":
        for line in _github(runs, coverage=coverage, redact=redact):
            click.echo(line)
    elif form == "junit":
        click.echo("\n".join(_junit(runs, redact=redact)))
    else:
        for line in _text(runs, coverage=coverage, redact=redact):
            click.echo(visible(line))
        click.echo(_summary(runs), err=True)


def _mask(one: Tried, *, redact: bool) -> Masked:
    return Mask(member_words(one.facts)).text if redact and one.facts is not None else str


def _text(runs: Sequence[ListRun], *, coverage: bool, redact: bool) -> Iterator[str]:
    for run in runs:
        for file, one in run.tried():
            if not one.is_good:
                yield f"{file.place(one)}: {_title(one)}"
                for failure in one.failures:
                    yield from _failure_lines(file.place(one, failure), failure, _mask(one, redact=redact))
        if coverage:
            yield from _coverage_lines(run)


def _title(one: Tried) -> str:
    return f"{one.case.case} ({one.outcome.location})"


def _failure_lines(place: Place, failure: Failure, mask: Masked) -> Iterator[str]:
    what = f"{failure.task}: {failure.field}" if failure.task else failure.field
    yield f"  {place}: {what}"
    for name, text in (("expected", failure.expected), ("found", failure.found)):
        first, *rest = mask(text).splitlines() or [""]
        yield f"    {name:<9}{first or 'nothing'}"
        yield from (f"             {line}" for line in rest)
    for number, step in enumerate(failure.why):
        yield f"    {'because' if number == 0 else '':<9}{mask(step)}"


def _coverage_lines(run: ListRun) -> Iterator[str]:
    told = run.coverage
    reached = len(told.branches) - len(told.missed)
    yield f"{run.tasklist}: {reached} of {len(told.branches)} branches reached, {told.percent:.1f} %"
    for one in told.missed[:_MOST_MISSED]:
        yield f"  {run.place(one)}: {f'{one.item}: ' if one.item else ''}{one.what}"
    if len(told.missed) > _MOST_MISSED:
        yield f"  and {len(told.missed) - _MOST_MISSED} more"


def _summary(runs: Sequence[ListRun]) -> str:
    tried = [one for run in runs for _, one in run.tried()]
    bad = sum(not one.is_good for one in tried)
    cases = f"{len(tried)} case" if len(tried) == 1 else f"{len(tried)} cases"
    lists = f"{len(runs)} list" if len(runs) == 1 else f"{len(runs)} lists"
    return f"tried {cases} of {lists}: {f'{bad} failed' if bad else 'all hold'}"


def _said(failure: Failure, mask: Masked) -> str:
    what = f"{failure.task}: {failure.field}" if failure.task else failure.field
    return f"{what}: expected {mask(failure.expected)}, found {mask(failure.found)}"


def _github(runs: Sequence[ListRun], *, coverage: bool, redact: bool) -> Iterator[str]:
    for run in runs:
        for file, one in run.tried():
            for failure in one.failures:
                text = f"{_title(one)}: {_said(failure, _mask(one, redact=redact))}"
                yield _command("error", file.place(one, failure), text)
        for missed in run.coverage.missed if coverage else ():
            item = f"{missed.item}: " if missed.item else ""
            yield _command("notice", run.place(missed), f"no case reaches this: {item}{missed.what}")


def _command(kind: str, place: Place, text: str) -> str:
    """Return a workflow command, which GitHub shows beside the line."""
    file = visible(_escaped(place.file)).replace(",", "%2C").replace(":", "%3A")
    return f"::{kind} file={file},line={place.line},col={place.column}::{visible(_escaped(text))}"


def _escaped(text: str) -> str:
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(sign, code)
    return text


def _junit(runs: Sequence[ListRun], *, redact: bool) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield "<testsuites>"
    for run in runs:
        tried = list(run.tried())
        failed = sum(not one.is_good for _, one in tried)
        yield f'  <testsuite name={_attribute(run.tasklist)} tests="{len(tried)}" failures="{failed}" errors="0">'
        for file, one in tried:
            yield from _junit_case(run, file, one, _mask(one, redact=redact))
        yield "  </testsuite>"
    yield "</testsuites>"


def _junit_case(run: ListRun, file: CaseRun, one: Tried, mask: Masked) -> Iterator[str]:
    place = file.place(one)
    names = f"classname={_attribute(run.tasklist)} name={_attribute(_title(one))}"
    start = f'    <testcase {names} file={_attribute(place.file)} line="{place.line}"'
    if one.is_good:
        yield f"{start}/>"
        return
    yield f"{start}>"
    message = _attribute("; ".join(_said(failure, mask) for failure in one.failures))
    lines = [line for failure in one.failures for line in _failure_lines(file.place(one, failure), failure, mask)]
    yield f"      <failure message={message}>{escape(chr(10).join(map(visible, lines)))}</failure>"
    yield "    </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(visible(text))


def as_json(runs: Sequence[ListRun], *, redact: bool = False) -> dict[str, Any]:
    """Return all cases, with what failed, and the coverage of each list."""
    cases = [_case_json(run, file, one, _mask(one, redact=redact)) for run in runs for file, one in run.tried()]
    return {"cases": cases, "coverage": [_coverage_json(run) for run in runs]}


def _case_json(run: ListRun, file: CaseRun, one: Tried, mask: Masked) -> dict[str, Any]:
    failures = [
        {
            **_place_json(file.place(one, failure)),
            "task": failure.task,
            "field": failure.field,
            "expected": mask(failure.expected),
            "found": mask(failure.found),
            "why": [mask(step) for step in failure.why],
        }
        for failure in one.failures
    ]
    told = {"tasklist": run.tasklist, "case": one.case.case, "location": one.outcome.location}
    return told | _place_json(file.place(one)) | {"passed": one.is_good, "failures": failures}


def _coverage_json(run: ListRun) -> dict[str, Any]:
    told = run.coverage
    missed = [{**_place_json(run.place(one)), "item": one.item, "what": one.what} for one in told.missed]
    return {
        "tasklist": run.tasklist,
        "branches": len(told.branches),
        "reached": len(told.branches) - len(told.missed),
        "percent": int(told.percent),
        "missed": missed,
    }


def _place_json(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}
