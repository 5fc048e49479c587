"""A sound folder with one list of a test's own, and the warnings that `check` has for it."""

from __future__ import annotations

from pathlib import Path

from authoring_given import sound_folder

from engine.authoring.check import Checked, check_folder
from engine.authoring.folder import Folder

HEAD = "tasklist: broken\nname: Welcome\ndefaults: {responsible: front-desk}\n"
"""Three lines before whatever a test writes; items stand from line 5 on when it writes nothing but them."""


def checked(tmp_path: Path, rest: str, organisation: str = "", head: str = HEAD) -> Checked:
    """Check the list `broken`, made of the head and the rest, with more lines of organisation.yaml."""
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").write_text(head + rest, "utf-8")
    if organisation:
        file = folder / "organisation.yaml"
        file.write_text(file.read_text("utf-8").replace("allow: [unused-role]", "") + organisation, "utf-8")
    return check_folder(Folder(folder, "lists"))


def warnings(found: Checked) -> list[str]:
    """Return each warning as `line:column code`; an error, which no test here wants, is shown whole."""
    return [
        f"{one.place.line}:{one.place.column} {one.code}" if one.severity == "warning" else str(one)
        for one in found.problems
    ]


def items(*lines: str, before: str = "") -> str:
    """Return a list's items, each one line; with nothing before them the first stands on line 5."""
    return before + "items:\n" + "".join(f"  - {line}\n" for line in lines)


def conditions(*sources: str, before: str = "") -> str:
    """Return one item for each condition."""
    return items(*(f'{{id: i{at}, name: N{at}, when: "{one}"}}' for at, one in enumerate(sources)), before=before)


def dues(*sources: str, before: str = "") -> str:
    """Return one item for each due, written as YAML."""
    return items(*(f"{{id: i{at}, name: N{at}, due: {one}}}" for at, one in enumerate(sources)), before=before)
