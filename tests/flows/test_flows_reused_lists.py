"""Lists made of others, in a process that runs for months: a change of any of their files is a new version."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.authoring.check import ready_list
from engine.authoring.folder import Folder
from engine.flows.lists_in_use import BrokenList, ListsInUse, NoSuchList
from engine.flows.version import version_of

ORGANISATION = """owner: acme-coworking
since: 2026-11-01
locations:
  barcelona: {business_id: 1, calendar: c, roles: {host: ana@acme.example, it: ivo@acme.example}, vars: {a: 1}}
  london: {business_id: 2, calendar: c, roles: {host: ben@acme.example, it: ivo@acme.example}, vars: {a: 1}}
roles: {boss: {holders: [eva@acme.example]}}
calendars: {c: {}}
"""
BASE = """tasklist: base
abstract: true
applies: {on: [contract.created]}
defaults: {responsible: host}
items: [{id: one, name: One}]
"""
LIST = """tasklist: desk
extends: base
include: more
name: Desk
overlays: {london: {items: [{id: one, responsible: it, notes: "{{ location.vars.a }}"}]}}
"""
MORE = "tasklist: more\nabstract: true\nitems: [{id: two, name: Two}]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for name, text in (("organisation", ORGANISATION), ("base", BASE), ("desk", LIST), ("more", MORE)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return Folder(tmp_path, "tasklists")


def edit(folder: Folder, name: str, old: str, new: str) -> None:
    path = folder.path / f"{name}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


def version(folder: Folder) -> str:
    ready = ready_list(folder, "desk")
    return version_of(ready.prepared, ready.data)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("desk", "name: Desk", "name: Desks"),
        ("base", "name: One", "name: Uno"),
        ("more", "name: Two", "name: Dos"),
        ("organisation", "ivo@acme.example}, vars: {a: 1}}\nroles", "leo@acme.example}, vars: {a: 1}}\nroles"),
        ("organisation", "vars: {a: 1}}\nroles", "vars: {a: 2}}\nroles"),
        ("organisation", "calendars:", "absences: [{who: ana@acme.example, from: 2026-12-21}]\ncalendars:"),
        ("organisation", "since: 2026-11-01", "since: 2026-11-01\nlanguage: es"),
    ],
)
def test_the_version_changes_with_all_that_the_list_is_made_of(folder: Folder, name: str, old: str, new: str) -> None:
    before = version(folder)
    edit(folder, name, old, new)
    assert version(folder) != before


def test_the_version_stays_when_something_else_changes(folder: Folder) -> None:
    before = version(folder)
    edit(folder, "organisation", "eva@acme.example", "fay@acme.example")
    (folder.path / "other.yaml").write_text("tasklist: other\nname: O\nextends: base\n")
    assert version(folder) == before


def test_an_abstract_list_is_neither_ready_nor_broken_and_starts_nothing(folder: Folder) -> None:
    lists = ListsInUse(folder)
    assert (sorted(lists.ready()), dict(lists.broken()), sorted(lists.starts())) == (["desk"], {}, ["desk"])
    assert lists.starts()["desk"].on == frozenset({"contract.created"})
    with pytest.raises(NoSuchList):
        lists.one("base")


@pytest.mark.parametrize("name", ["base", "more"])
def test_a_mistake_in_a_base_breaks_the_lists_that_are_made_of_it(folder: Folder, name: str) -> None:
    lists = ListsInUse(folder)
    assert "desk" in lists.ready()
    edit(folder, name, "name: ", "nme: ")
    with pytest.raises(BrokenList) as broken:
        lists.one("desk")
    assert f"tasklists/{name}.yaml:" in str(broken.value)
    edit(folder, name, "nme: ", "name: ")
    assert "desk" in lists.ready()


def test_a_base_that_is_gone_breaks_its_lists_and_is_named(folder: Folder) -> None:
    lists = ListsInUse(folder)
    (folder.path / "base.yaml").rename(folder.path / "basis.yaml")
    with pytest.raises(BrokenList, match="there is no task list 'base' to extend, nearest: basis"):
        lists.one("desk")
