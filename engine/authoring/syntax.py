"""What to say of a file that is no YAML: the usual slips by name, with the line that was meant.

A mended line is offered only when the file then reads further than before. The file itself is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml

from engine.authoring.quoting import in_quotes
from engine.authoring.source import Source
from engine.core.errors import Place, Problem

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MOST_TO_TRY = 65_536
"""Characters of a file up to which a mended line is tried out: each try reads the file once more."""

_KEY = r"(?P<before>\s*(?:- +)*(?:[\w-]+: +))"
_ENTRY = r"(?P<before>\s*(?:- +)+|\s*(?:- +)*[\w-]+: +)"
_VALUE = r"(?P<value>.*?)(?P<after>\s+#.*|\s*)$"

_SENTENCES = {
    "could not find expected ':'": "a ':' is missing",
    "mapping values are not allowed in this context": "a ':' stands where none can be",
    "did not find expected key": "the blanks before this line fit none of the lines above",
    "did not find expected '-' indicator": "the blanks before this line fit none of the lines above",
    "did not find expected <document start>": "the blanks before this line fit none of the lines above",
    "found unexpected end of stream": "the file ends too early",
}


class Slip(NamedTuple):
    """One usual mistake on one line."""

    what: str
    column: int
    line: str
    """The line as it was meant."""


def syntax_problem(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    """Return the one mistake that keeps a file from being read, in words of the file."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Problem(Place(source.name, 1, 1), "this is not YAML")
    place = source.at(mark.line, mark.column)
    if "\t" in source.line(mark.line)[: mark.column + 1]:
        return Problem(place, "YAML is indented with blanks, never with tabs", found="a tab")
    return _slip(source, mark.line) or _unclosed(source, error) or Problem(place, _sentence(error.problem or ""))


def brace_problem(source: Source, line: int) -> Problem | None:
    """Return the mistake of a line whose value begins with {{ without quotes, or None."""
    slip = _braces(source.line(line))
    return slip and Problem(source.at(line, slip.column), slip.what, corrected=slip.line.strip())


def _sentence(problem: str) -> str:
    return f"this is not YAML: {_SENTENCES.get(problem, problem)}" if problem else "this is not YAML"


def _unclosed(source: Source, error: yaml.MarkedYAMLError) -> Problem | None:
    opened, context = error.context_mark, error.context or ""
    if opened is None:
        return None
    place = source.at(opened.line, opened.column)
    if "quoted scalar" in context and "unexpected" in (error.problem or ""):
        return Problem(place, "this quote is not closed")
    if "flow node" in context:  # the mark stands after the end: what was opened last is what is meant
        place = _last_bracket(source, opened.line, opened.column) or place
    if "flow" in context:
        return Problem(place, "this bracket is not closed, or a ',' is missing in it")
    return None


def _last_bracket(source: Source, line: int, column: int) -> Place | None:
    for number in range(line, -1, -1):
        text = source.line(number)[:column] if number == line else source.line(number)
        at = max(text.rfind("["), text.rfind("{"))
        if at >= 0:
            return source.at(number, at)
    return None


def _slip(source: Source, line: int) -> Problem | None:
    if len(source.text) > MOST_TO_TRY:
        return None
    for number in (line, line - 1):
        for find in _SLIPS:
            for slip in find(source, number):
                if _reads_further(source, number, slip.line, line):
                    return Problem(source.at(number, slip.column), slip.what, corrected=slip.line.strip())
    return None


def _reads_further(source: Source, number: int, mended: str, failed: int) -> bool:
    lines = [*source.lines[:number], mended, *source.lines[number + 1 :]]
    try:
        for _ in yaml.parse("\n".join(lines) + "\n", Loader=LOADER):
            pass
    except yaml.MarkedYAMLError as error:
        return error.problem_mark is not None and error.problem_mark.line > max(number, failed)
    except (yaml.YAMLError, ValueError):
        return False
    return True


def _match(pattern: str, line: str) -> tuple[str, str, str] | None:
    match = re.match(pattern, line)
    return (match["before"], match["value"], match["after"]) if match else None


def _braces(line: str) -> Slip | None:
    parts = _match(_ENTRY + r"(?P<value>\{\{.*?)(?P<after>\s+#.*|\s*)$", line)
    if parts is None:
        return None
    before, value, after = parts
    return Slip("a value that begins with {{ is put in quotes", len(before), before + in_quotes(value) + after)


def _unquoted(source: Source, number: int) -> Iterator[Slip]:
    line = source.line(number)
    if found := _braces(line):
        yield found
    parts = _match(_KEY + _VALUE, line) or _match(_ENTRY + _VALUE, line)
    if parts is None or not parts[1] or parts[1][0] in "{[|>":
        return
    before, value, after = parts
    if value[0] in "'\"":
        end = value.find(value[0], 1)
        if 0 < end < len(value) - 1:
            what = "text goes on after the closing quote: put all of it in quotes"
            yield Slip(what, len(before) + end + 1, before + in_quotes(value) + after)
    elif value[0] in "%@`*&!":
        what = f"a value that begins with {value[0]} is put in quotes"
        yield Slip(what, len(before), before + in_quotes(value) + after)
    elif ": " in value or value.endswith(":"):
        yield Slip("a value that holds ': ' is put in quotes", len(before), before + in_quotes(value) + after)


def _no_blank(source: Source, number: int) -> Iterator[Slip]:
    match = re.match(r"(\s*(?:- +)*[\w-]+:)([^\s/].*)$", source.line(number))
    if match:
        yield Slip("a blank is missing after the colon", len(match[1]), f"{match[1]} {match[2]}")


def _out_of_line(source: Source, number: int) -> Iterator[Slip]:
    """A key that begins a blank or more beside the keys above it."""
    line = source.line(number)
    own = re.match(r"( *)(?:- +)?[\w-]+:(?: |$)", line)
    if own is None:
        return
    for above in range(number - 1, max(number - 40, -1), -1):
        match = re.match(r"( *(?:- +)*)[\w-]+:(?: |$)", source.line(above))
        if match and len(match[1]) != len(own[1]):
            what = (
                f"this line begins after {len(own[1])} blanks, and the keys it belongs to "
                f"after {len(match[1])}, as on line {above + 1}"
            )
            yield Slip(what, len(own[1]), " " * len(match[1]) + line.lstrip(" "))


_SLIPS: tuple[Callable[[Source, int], Iterator[Slip]], ...] = (_unquoted, _no_blank, _out_of_line)


def character_problem(source: Source, error: yaml.reader.ReaderError) -> Problem:
    """Return the mistake of a character that YAML does not allow."""
    before = source.text[: error.position] if isinstance(error.position, int) else ""
    place = source.at(before.count("\n"), len(before) - before.rfind("\n") - 1)
    found: Any = error.character
    code = found if isinstance(found, int) else ord(str(found)[:1] or " ")
    return Problem(place, "this character is not allowed in YAML", found=f"U+{code:04X}")
