"""Lists out of others: what extends, include and overlays come to, and where each part of the result stands."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from authoring_given import HERE, tasklists

from engine.authoring.check import Ready, check_folder, ready_list
from engine.authoring.folder import Folder
from engine.core.errors import UserError
from engine.core.model import Item
from engine.core.prepared import Prepared


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an abstract base, a fragment and a list that uses both."""
    shutil.copytree(HERE / "reuse" / "sound", tmp_path / "lists")
    return tmp_path / "lists"


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.yaml").write_text(f"tasklist: {name}\n{text}")


def ready(folder: Path, name: str) -> Ready:
    return ready_list(Folder(folder, "lists"), name)


def items(prepared: Prepared) -> dict[str, Item]:
    return {one.item.id: one.item for one in prepared.items}


def rule(item: Item) -> str:
    assert item.due is not None
    return str(item.due.rule)


def test_a_list_that_extends_has_the_items_of_its_base_then_its_own(folder: Path) -> None:
    write(folder, "desk", "extends: base\nname: Desk\nitems:\n  - {id: own, name: Own}\n  - {id: card, notes: Salto}\n")
    prepared = ready(folder, "desk").prepared
    assert list(items(prepared)) == ["card", "tour", "own"]
    card = items(prepared)["card"]
    assert (str(card.name), str(card.notes), rule(card)) == (
        "Give the card",
        "Salto",
        "1 business day before contract.start at 10:00",
    )
    assert prepared.tasklist.applies.on == ("contract.created",)
    assert prepared.tasklist.anchor == "contract.start"


def test_an_extending_list_gives_single_keys_of_applies_defaults_and_inputs(folder: Path) -> None:
    text = "extends: base\nname: Desk\napplies: {locations: [london]}\ndefaults: {late: skip}\n"
    write(folder, "desk", text + "inputs: {n: {type: int}}\n")
    told = ready(folder, "desk").prepared.tasklist
    assert (told.applies.on, told.applies.locations) == (("contract.created",), ("london",))
    assert (told.defaults.responsible and told.defaults.responsible.role, told.defaults.late) == ("front-desk", "skip")
    assert list(told.inputs) == ["gifts", "n"]


def test_a_mapping_of_an_item_is_replaced_whole(folder: Path) -> None:
    write(folder, "plain2", "name: X\ndefaults: {responsible: host}\nitems:\n"
          "  - {id: a, name: A, due: {rule: on signup, late: skip}}\n")  # fmt: skip
    write(folder, "other", "extends: plain2\nitems: [{id: a, due: {rule: 2 days after signup}}]\n")
    due = items(ready(folder, "other").prepared)["a"].due
    assert due is not None
    assert (due.rule, due.late) == ("2 days after signup", None)


def test_a_dropped_item_is_gone_and_the_order_stays(folder: Path) -> None:
    write(folder, "desk", "extends: base\nname: Desk\nitems:\n  - {id: card, drop: true}\n")
    assert list(items(ready(folder, "desk").prepared)) == ["tour"]


def test_what_extends_has_an_identity_of_its_own(folder: Path) -> None:
    write(folder, "old", "formerly: older\nname: X\ndefaults: {responsible: host}\nitems: [{id: a, name: A}]\n")
    write(folder, "new", "extends: old\n")
    assert ready(folder, "old").prepared.identity_id == "older"
    assert ready(folder, "new").prepared.identity_id == "new"


def test_an_included_list_keeps_its_defaults_anchor_and_clock_change_to_its_own_items(folder: Path) -> None:
    text = "name: Desk\nanchor: contract.start\ndefaults: {responsible: front-desk, roll: next}\ninclude: access\n"
    write(folder, "desk", text + "items: [{id: own, name: Own, due: 1 day after}]\n")
    found = {one.item.id: one for one in ready(folder, "desk").prepared.items}
    door, own = found["door-code"], found["own"]
    assert (door.responsible.role, own.responsible.role) == ("host", "front-desk")
    assert (door.anchor, own.anchor) == ("signup", "contract.start")
    assert door.due is not None
    assert own.due is not None
    assert (door.due.roll, own.due.roll) == ("none", "next")
    assert door.item.clock_change is not None
    assert (door.item.clock_change.gap, own.item.clock_change) == ("fail", None)


def test_items_are_included_at_the_place_of_the_entry(folder: Path) -> None:
    write(folder, "desk", "name: D\ndefaults: {responsible: host}\nitems:\n  - {id: a, name: A}\n"
          "  - include: [access, plain]\n  - {id: b, name: B}\n")  # fmt: skip
    prepared = ready(folder, "desk").prepared
    assert list(items(prepared)) == ["a", "door-code", "hello", "b"]
    assert list(prepared.tasklist.inputs) == ["doors"]


def test_a_fragment_takes_the_responsible_of_the_list_around_it(folder: Path) -> None:
    write(folder, "bare", "abstract: true\nitems: [{id: x, name: X}]\n")
    for name, role in (("one", "host"), ("two", "front-desk")):
        write(folder, name, f"name: N\ninclude: bare\ndefaults: {{responsible: {role}}}\n")
        assert ready(folder, name).prepared.items[0].responsible.role == role


def test_an_overlay_is_put_on_at_its_location_only(folder: Path) -> None:
    prepared = ready(folder, "used").prepared  # for barcelona alone: the base's overlay of london is of no use
    assert list(prepared.overlays) == []
    write(folder, "desk", "extends: base\nname: Desk\nitems: [{id: tour, notes: From the list}]\noverlays:\n"
          "  london:\n    name: Desk in London\n    defaults: {responsible: host}\n"
          "    items:\n      - {id: tour, notes: From the overlay}\n      - {id: card, drop: true}\n"
          "      - {id: tube, name: Tube map}\n")  # fmt: skip
    prepared = ready(folder, "desk").prepared
    london = prepared.at("london")
    assert prepared.at("barcelona") is prepared
    assert (str(prepared.tasklist.name), str(london.tasklist.name)) == ("Desk", "Desk in London")
    assert list(items(london)) == ["tour", "tube"]
    assert str(items(prepared)["tour"].name) == "Tour with {{ coworker.full_name }}"
    assert str(items(london)["tour"].name) == "Tour of both floors"  # the base's overlay, which its lists have too
    assert str(items(london)["tour"].notes) == "From the overlay"
    assert {one.item.id: one.responsible.role for one in london.items} == {"tour": "host", "tube": "host"}


def test_facts_and_anchors_of_an_overlay_count_for_the_whole_list(folder: Path) -> None:
    write(folder, "desk", "name: D\ndefaults: {responsible: host}\nitems: [{id: a, name: A}]\noverlays:\n"
          "  london: {items: [{id: a, when: contract.desks | length > 1, due: on contract.start}]}\n")  # fmt: skip
    prepared = ready(folder, "desk").prepared
    assert ("contract", "desks") in prepared.facts_named()
    assert prepared.anchors_named() == {"contract.start"}
    assert prepared.needs_contract()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("items", 0, "name"), "lists/base.yaml:9:11"),
        (("items", 0, "notes"), "lists/desk.yaml:5:23"),
        (("overlays", "london", "items", 1, "name"), "lists/base.yaml:16:37"),
        (("overlays", "london", "items", 0, "notes"), "lists/desk.yaml:7:38"),
        (("defaults", "responsible"), "lists/base.yaml:5:25"),
        (("name",), "lists/desk.yaml:3:7"),
    ],
)
def test_every_path_leads_to_the_file_where_the_part_stands(folder: Path, path: Any, place: str) -> None:
    write(folder, "desk", "extends: base\nname: Desk\nitems:\n  - {id: card, notes: Salto}\noverlays:\n"
          "  london: {items: [{id: card, notes: Kisi}]}\n")  # fmt: skip
    assert str(ready(folder, "desk").loaded.place(path)) == place


def test_one_mistake_in_a_base_of_ten_lists_is_told_once(folder: Path) -> None:
    file = folder / "base.yaml"
    file.write_text(file.read_text().replace("full_name", "fullname").replace("responsible: host", "responsible: hst"))
    for number in range(10):
        write(folder, f"list-{number}", f"extends: base\nname: L\ninputs: {{n{number}: {{type: int, default: 1}}}}\n")
    problems = check_folder(Folder(folder, "lists")).problems
    assert [(one.place.file, one.place.line) for one in problems] == [("lists/base.yaml", 12), ("lists/base.yaml", 13)]


def test_a_named_list_is_checked_with_its_bases(folder: Path) -> None:
    file = folder / "access.yaml"
    file.write_text(file.read_text() + "  - {id: x, name: '{{ nme }}'}\n")
    outcome = tasklists("check", "used", "--dir", str(folder))
    assert outcome.code == 2
    assert f"{folder}/access.yaml:11:" in outcome.out
    assert tasklists("check", "plain", "--dir", str(folder)).code == 0


def test_an_abstract_list_is_not_run_and_says_which_lists_are_made_with_it(folder: Path) -> None:
    checked = check_folder(Folder(folder, "lists"))
    assert (sorted(checked.lists), sorted(checked.abstract)) == (["plain", "used"], ["access", "base"])
    with pytest.raises(UserError) as refused:
        ready(folder, "base")
    assert str(refused.value) == "the list 'base' is abstract: it is not run by itself. Lists made with it: used."


def test_an_abstract_list_that_nobody_uses_is_a_warning_with_its_place(folder: Path) -> None:
    write(folder, "lone", "abstract: true\nitems: [{id: x, name: X}]\n")
    outcome = tasklists("check", "--dir", str(folder))
    told = "warning: this list is abstract, and no list extends or includes it [unused-list]"
    assert (outcome.code, outcome.out) == (0, f"{folder}/lone.yaml:2:1: {told}\n")


def test_an_overlay_where_the_list_does_not_apply_is_a_warning(folder: Path) -> None:
    write(folder, "desk", "extends: base\nname: D\napplies: {locations: [london]}\noverlays: {barcelona: {name: B}}\n")
    outcome = tasklists("check", "--dir", str(folder))
    told = "warning: this overlay is never used: applies.locations leaves 'barcelona' out [unused-overlay]"
    assert (outcome.code, outcome.out) == (0, f"{folder}/desk.yaml:5:12: {told}\n")


def test_many_lists_that_extend_one_another_are_checked_quickly(folder: Path) -> None:
    bases = "abstract: true\nextends: base\n"
    for number in range(60):
        write(folder, f"mid-{number}", bases + f"items: [{{id: m{number}, name: M}}]\n")
        text = "include: access\nname: E\noverlays: {london: {name: L}}\n"
        write(folder, f"end-{number}", f"extends: mid-{number}\n{text}")
    outcome = tasklists("check", "--dir", str(folder))
    assert outcome.code == 0, outcome.out
    assert outcome.seconds < 6
