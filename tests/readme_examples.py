"""The YAML of the README as folders of task lists, for the tests that execute it.

A block begins with the name of its file. The first organisation.yaml is the house of all lists and cases; each further
one stands for itself.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ORGANISATION = "tasklists/organisation.yaml"
SAVED = ROOT / "tests" / "lists" / "facts" / "new-member.json"


def fenced(language: str) -> list[str]:
    """Return the blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def named(text: str) -> str:
    """Return the name of the file that a block is, '' when it does not say."""
    match = re.match(r"# (\S+)\n", text)
    return match[1] if match else ""


YAML = [(named(block), block) for block in fenced("yaml")]
ORGANISATIONS = [block for name, block in YAML if name == ORGANISATION]
CASES = {name: block for name, block in YAML if name.startswith("tasklists/tests/")}
LISTS = {
    Path(name).stem: block
    for name, block in YAML
    if name.startswith("tasklists/") and name not in CASES and name != ORGANISATION
}
(CALENDAR_FILE,) = fenced("ics")


def data(text: str) -> Any:
    """Return a block as plain data; every scalar stays text."""
    return yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - it makes nothing but text


def house(folder: Path) -> Path:
    """Write the README's own house: its first organisation.yaml, every list, every case and one saved member."""
    return _written(folder, {"organisation.yaml": ORGANISATIONS[0]} | _files())


def _files() -> dict[str, str]:
    lists = {f"{name}.yaml": block for name, block in LISTS.items()}
    return lists | {name.removeprefix("tasklists/"): block for name, block in CASES.items()}


def standing_alone(folder: Path, number: int) -> Path:
    """Write one organisation.yaml with a list that names each of its roles."""
    text = ORGANISATIONS[number]
    told = data(text)
    roles = {role: None for place in told["locations"].values() for role in place["roles"]} | told.get("roles", {})
    due = "3 business days after 2026-12-21"
    items = [{"id": role, "name": role, "responsible": role, "due": due} for role in roles]
    trial = {"tasklist": "trial", "name": "Trial", "items": items}
    return _written(folder, {"organisation.yaml": text, "trial.yaml": yaml.safe_dump(trial, sort_keys=False)})


def _written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (folder / "closures.ics").write_text(CALENDAR_FILE, "utf-8")
    (folder / "tests" / "facts").mkdir(parents=True, exist_ok=True)
    shutil.copy(SAVED, folder / "tests" / "facts" / "ashley.json")
    return folder
