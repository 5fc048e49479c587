"""The shape of the code: small files, short functions, a docstring each, and nothing that was left behind."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "engine").rglob("*.py"))

LINES_IN_A_FILE = 300

LINES_IN_A_FUNCTION, USUAL, MEDIAN = 60, 40, 12
"""The longest function, the one that 19 of 20 stay below, and the middle one (style.md trait 14)."""


def function_sizes(source: str) -> Iterator[tuple[str, int]]:
    """Yield each function with its lines, from its name to its end: decorators are tables, not steps."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def sizes() -> dict[str, int]:
    return {
        f"{path.relative_to(ROOT)}:{name}": lines
        for path in MODULES
        for name, lines in function_sizes(path.read_text(encoding="utf-8"))
    }


def test_no_file_of_the_engine_is_longer_than_300_lines() -> None:
    sizes = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES
    }
    assert {name: size for name, size in sizes.items() if size > LINES_IN_A_FILE} == {}


def test_functions_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    found = sizes()
    lines = sorted(found.values())
    nineteen_of_twenty, middle = statistics.quantiles(lines, n=20)[-1], statistics.median(lines)
    with capsys.disabled():
        print(f"\n{len(lines)} functions: median {middle:g}, p95 {nineteen_of_twenty:g}, longest {lines[-1]} lines")
    assert {name: size for name, size in found.items() if size > LINES_IN_A_FUNCTION} == {}
    assert nineteen_of_twenty <= USUAL
    assert middle <= MEDIAN


def test_a_long_function_would_be_found() -> None:
    source = "@table\ndef long():\n" + "    step()\n" * 60
    assert list(function_sizes(source)) == [("long", 61)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_is_for(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert told
    assert len(told) > 20


NOBODYS_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in MODULES if set(path.stem.split("_")) & NOBODYS_NAMES] == []


LEFT_BEHIND = {
    "a note to oneself": r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b",
    "a function that is none": r"\bNot" r"ImplementedError\(|raise Not" r"ImplementedError",
    "a path of one machine": r"(?<![\w.}])/(?:wo" r"rk|ro" r"ot|Us" r"ers)/",
    "a package registry's host": r"\b(?:pypi\.org|pythonhosted\.org|test\.pypi|artifact" r"ory|nex" r"us\d?\.[a-z]+\.)",
}


def tracked_texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            yield name, path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_nothing_was_left_behind_in_a_tracked_file(what: str) -> None:
    pattern = re.compile(LEFT_BEHIND[what])
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a note to oneself", "# TO" + "DO: later"),
        ("a function that is none", "    raise Not" + "ImplementedError"),
        ("a path of one machine", "open('/wo" + "rk/main/x')"),
        ("a path of one machine", "/Us" + "ers/ana/x"),
        ("a package registry's host", "https://files.python" + "hosted.org/x"),
    ],
)
def test_what_was_left_behind_would_be_found(what: str, line: str) -> None:
    assert re.search(LEFT_BEHIND[what], line)


@pytest.mark.parametrize("line", ["a to-do list", "https://acme.example/work/x", "except NotImplementedError:"])
def test_ordinary_lines_are_left_in_peace(line: str) -> None:
    assert not any(re.search(pattern, line) for pattern in LEFT_BEHIND.values())
