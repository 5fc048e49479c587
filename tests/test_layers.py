"""Imports run one way (design section 3), and the core reads no clock, environment, random source or disk."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
INNER = {"core", "authoring", "nexudus", "ledger"}
ALLOWED = {
    "core": {"core"},
    "authoring": {"authoring", "core"},
    "nexudus": {"nexudus", "core"},
    "ledger": {"ledger", "core"},
    "flows": {"flows", *INNER},
    "service": {"service", "flows", *INNER},
    "sandbox": {"sandbox"},
    "cli": {"cli", "service", "sandbox", "flows", *INNER},
}
"""Room -> the rooms that it may import."""

PURE = {
    *("__future__", "abc", "ast", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal"),
    *("difflib", "enum", "fractions", "functools", "hashlib", "hmac", "html", "itertools", "json", "keyword", "math"),
    *("operator", "re", "string", "textwrap", "types", "typing", "unicodedata", "uuid", "zoneinfo"),
    *("jinja2", "pydantic", "pydantic_core", "typing_extensions", "whenever", "yaml"),
}
"""All that the core may import from outside: nothing here does I/O unless it is asked to."""

LATE_ONLY = {"babel"}
"""Language data for dates: heavy, so only inside the function that writes a date in another language."""

NAMED = {("engine/core/text_parsing.py", "importlib.metadata.version")}
"""Asks which Jinja is installed, and refuses one with known holes."""

CLOCKS = {"now", "today", "utcnow", "now_in_system_tz", "today_in_system_tz", "uuid1", "uuid4"}
CLOCK_OWNERS = {
    *("Instant", "ZonedDateTime", "OffsetDateTime", "PlainDateTime", "SystemDateTime", "Date", "Time"),
    *("datetime", "date", "uuid", "whenever"),
}
"""Calls that read a clock or a random source: bare, or on one of these."""

DOORS = {"open", "input", "print", "__import__", "exec", "eval"}
"""Built-ins that do I/O or get round the imports."""


def room_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root / "engine").parts
    return parts[0] if len(parts) > 1 else ""


def modules_imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every import, also those in functions and under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(filter(None, (above, node.module or "")))
            yield from ((node.lineno, f"{module}.{name.name}") for name in node.names)
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant):
                    yield node.lineno, str(argument.value)


def _called(node: ast.Call) -> str:
    return _name(node.func)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def wrong_arrows(root: Path) -> list[str]:
    """Return one line for every import that design section 3 does not allow."""
    found = []
    for path in sorted((root / "engine").rglob("*.py")):
        room = room_of(path, root)
        package = path.relative_to(root).parent.parts
        for line, name in modules_imported(ast.parse(path.read_text(encoding="utf-8")), package):
            parts = name.split(".")
            if parts[0] != "engine":
                continue
            other = parts[1] if len(parts) > 1 else ""
            if room and other not in ALLOWED.get(room, set()):
                found.append(f"{path.relative_to(root)}:{line}: {room} imports {name}")
    return found


def impure(root: Path) -> list[str]:
    """Return one line for every import or call that lets the world into the core."""
    found = []
    for path in sorted((root / "engine" / "core").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(root)
        at_top = {node.lineno for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)}
        for line, name in modules_imported(tree, place.parent.parts):
            allowed = PURE | {"engine"} | (set() if line in at_top else LATE_ONLY)
            if name.split(".")[0] not in allowed and (place.as_posix(), name) not in NAMED:
                found.append(f"{place}:{line}: imports {name}")
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_impure(node):
                found.append(f"{place}:{node.lineno}: calls {_called(node)}")
    return found


def _is_impure(node: ast.Call) -> bool:
    name = _called(node)
    if isinstance(node.func, ast.Attribute):
        return name in CLOCKS and _name(node.func.value) in CLOCK_OWNERS
    return name in DOORS | CLOCKS


def test_imports_run_one_way() -> None:
    assert wrong_arrows(ROOT) == []


def test_every_room_is_one_that_the_rule_knows() -> None:
    rooms = {path.name for path in (ROOT / "engine").iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(ALLOWED)
    assert len(rooms) >= 7


def test_the_core_reads_no_clock_environment_random_source_or_disk() -> None:
    assert impure(ROOT) == []


def planted(tmp_path: Path, room: str, source: str) -> Path:
    folder = tmp_path / "engine" / room
    folder.mkdir(parents=True)
    (folder / "planted.py").write_text(source)
    return tmp_path


VIOLATIONS = [
    ("core", "import engine.ledger.ledger"),
    ("core", "from engine.flows import look"),
    ("core", "from engine import nexudus"),
    ("core", "from ..ledger import ledger"),
    ("core", "from .. import ledger"),
    ("core", "def late():\n    from engine.authoring.loader import load"),
    ("core", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from engine.nexudus.client import Reader"),
    ("core", "import importlib\nimportlib.import_module('engine.ledger')"),
    ("authoring", "from engine.ledger.ledger import Ledger"),
    ("nexudus", "import engine.flows"),
    ("ledger", "from engine.nexudus import client"),
    ("flows", "from engine.service import door"),
    ("flows", "from engine.cli.main import main"),
    ("service", "from engine.cli import main"),
    ("service", "from engine.sandbox import app"),
    ("sandbox", "from engine.core.errors import UserError"),
    ("cli", "from engine.other import thing"),
]


@pytest.mark.parametrize(("room", "source"), VIOLATIONS)
def test_a_planted_arrow_is_found(tmp_path: Path, room: str, source: str) -> None:
    assert len(wrong_arrows(planted(tmp_path, room, source))) == 1


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("core", "from engine.core.errors import UserError\nfrom . import due\nfrom .due import Due"),
        ("flows", "from engine.ledger.ledger import Ledger\nimport engine.authoring.check"),
        ("cli", "def run():\n    from engine.sandbox.serve import serve"),
        ("sandbox", "from engine.sandbox.store import Store\nimport json"),
    ],
)
def test_an_arrow_that_is_allowed_is_not_found(tmp_path: Path, room: str, source: str) -> None:
    assert wrong_arrows(planted(tmp_path, room, source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import sys",
        "import time",
        "import random",
        "import secrets",
        "from pathlib import Path",
        "import httpx",
        "from sqlalchemy import select",
        "def late():\n    import holidays",
        "from babel.dates import format_date",
        "from importlib.metadata import version",
        "from uuid import uuid4\nNUMBER = uuid4()",
        "from whenever import Instant\ndef late():\n    return Instant.now()",
        "import datetime\nTODAY = datetime.date.today()",
        "import uuid\nNUMBER = uuid.uuid4()",
        "def read(name):\n    return open(name).read()",
        "def say(text):\n    print(text)",
    ],
)
def test_a_planted_impurity_is_found(tmp_path: Path, source: str) -> None:
    assert len(impure(planted(tmp_path, "core", source))) == 1
