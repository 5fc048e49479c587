"""Parse, dump, parse gives the same list: for generated lists, for those of the repository, and for effective ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from authoring_given import HERE, sound_folder, tasklists
from hypothesis import given, settings
from written_lists import LISTS, dumped, tasklist_of

from engine.authoring.dumping import dumped as written_out
from engine.authoring.loader import load, parse_mapping
from engine.authoring.nodes import Node, Scalar, Sequence, to_data
from engine.authoring.source import source_of
from engine.core.organisation import Organisation

ROOT = HERE.parent.parent
LISTS_OF_THE_REPOSITORY = sorted(
    path
    for path in [*(ROOT / "tasklists").glob("*.yaml"), *(ROOT / "tests").rglob("*.yaml")]
    if "broken" not in path.parts
    and path.name != "organisation.yaml"
    and path.read_text("utf-8").find("tasklist:") >= 0
)


def again(data: bytes) -> str:
    """A file written out by the engine."""
    return written_out(parse_mapping(source_of("x.yaml", data))[0])


def shape(node: Node) -> Any:
    """A tree with whether each text stood plain, without places."""
    if isinstance(node, Scalar):
        return node.text, node.quoted or node.block
    if isinstance(node, Sequence):
        return [shape(part) for part in node.parts]
    return {key.text: shape(value) for key, value in node.entries}


@settings(max_examples=150, derandomize=True, deadline=None)
@given(LISTS)
def test_a_list_written_out_again_reads_as_the_same_list(written: dict[str, Any]) -> None:
    data = dumped(written)
    assert tasklist_of(again(data).encode()) == tasklist_of(data)
    assert again(again(data).encode()) == again(data)
    first, second = (parse_mapping(source_of("x.yaml", text))[0] for text in (data, again(data).encode()))
    assert shape(second) == shape(first)


@pytest.mark.parametrize("path", LISTS_OF_THE_REPOSITORY, ids=[path.stem for path in LISTS_OF_THE_REPOSITORY])
def test_every_list_of_the_repository_reads_the_same_when_written_out(path: Path) -> None:
    first, second = (
        parse_mapping(source_of("x.yaml", text))[0] for text in (path.read_bytes(), again(path.read_bytes()).encode())
    )
    assert to_data(second) == to_data(first)
    assert shape(second) == shape(first)


@pytest.mark.parametrize("name", ["new-member", "offboarding", "private-office", "team-member", "virtual-office"])
def test_the_effective_list_that_is_shown_reads_as_the_list(name: str) -> None:
    outcome = tasklists("show", name, "--dir", str(ROOT / "tasklists"), "--format", "yaml")
    assert tasklist_of(outcome.out.encode()) == tasklist_of((ROOT / "tasklists" / f"{name}.yaml").read_bytes())


def test_an_extended_list_shown_as_yaml_is_a_sound_list_of_its_own(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "second.yaml").write_text(
        "tasklist: second\nextends: broken\nitems:\n  - {id: access-card, due: 2 days after signup}\n"
        "overlays: {london: {items: [{id: access-card, name: Fob}]}}\n"
    )
    for options in ((), ("--location", "london")):
        shown = tasklists("show", "second", "--dir", str(folder), "--format", "yaml", *options)
        assert shown.code == 0, shown
        other = tmp_path / f"alone{len(options)}"
        other.mkdir()
        (other / "organisation.yaml").write_text((folder / "organisation.yaml").read_text())
        (other / "second.yaml").write_text(shown.out)
        assert tasklists("check", "--dir", str(other)).code == 0
        once_more = tasklists("show", "second", "--dir", str(other), "--format", "json")
        assert ('"Fob"' in once_more.out) == bool(options)
        assert "2 days after signup" in once_more.out


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "12:30", "08:30", "010", "1.10", "0x1F", "1_000", ".inf", "null", "2026-11-23", "True"]
)
def test_a_plain_word_stays_as_it_was_written(word: str) -> None:
    text = f"tasklist: x\nname: {word}\nitems: [{{id: a, name: {word}, notes: {word}}}]\n"
    found = tasklist_of(text.encode())
    assert [str(text) for text in (found.name, found.items[0].name, found.items[0].notes)] == [word] * 3


def test_free_maps_type_true_false_and_whole_numbers_only() -> None:
    text = (
        (HERE / "sound" / "organisation.yaml")
        .read_text()
        .replace(
            "vars: {card_system: Kisi, floor: 1}",
            'vars: {a: true, b: "true", c: 12, d: 012, e: 1.10, f: yes, g: 12:30, h: "12", i: -3, j: True}',
        )
    )
    found = load(Organisation, source_of("x.yaml", text.encode())).model.locations["london"].vars
    assert found == {
        "a": True,
        "b": "true",
        "c": 12,
        "d": "012",
        "e": "1.10",
        "f": "yes",
        "g": "12:30",
        "h": "12",
        "i": -3,
        "j": "True",
    }
