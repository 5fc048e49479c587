"""A list written out again reads as the same list, and the JSON Schema knows exactly the keys that are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from authoring_given import HERE, tasklists
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring.loader import load
from engine.authoring.nodes import parse, to_data
from engine.authoring.source import source_of
from engine.core.errors import Problems
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.scalars import free
from engine.core.words import EVENTS

SHIPPED = sorted((HERE.parent.parent / "tasklists").glob("*.yaml"))
SLUGS = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6})?", fullmatch=True)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "key")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).filter(
    lambda text: text.strip() and all(sign.isprintable() or sign == "\u00a0" for sign in text)
)
AWKWARD = st.sampled_from(
    [
        "yes",
        "no",
        "on",
        "null",
        "~",
        "12:30",
        "010",
        "1.10",
        "0x1F",
        "true",
        "1e3",
        "2026-02-30",
        "- x",
        "a: b",
        "#x",
        "{{ x }}",
        "[1]",
        "&a",
        "*a",
        "!t",
        "|",
        "'",
        '"',
        "%",
        "@",
        "`",
        "=",
        "<<",
    ]
)
WORDS = TEXTS | AWKWARD
PEOPLE = st.one_of(
    SLUGS,
    st.just("ana@acme.example"),
    st.builds(lambda n: {"user": n}, st.integers(1, 10**9)),
    st.builds(lambda r, p: {"role": r, "pick": p}, SLUGS, st.sampled_from(["first", "rotate"])),
)
ROLLS = st.sampled_from(["next", "previous", "nearest", "none"])
LATE = st.sampled_from(["closing", "keep", "skip", "fail"])
DUES = WORDS | st.fixed_dictionaries(
    {"rule": WORDS}, optional={"roll": ROLLS, "late": LATE, "fallback": WORDS, "not_before": WORDS, "not_after": WORDS}
)
LOOPS = st.builds(
    lambda name, key: {name: "contract.desks"} | ({"key": key} if key else {}), NAMES, st.none() | st.just("desk.code")
)
ONCE = st.sampled_from(["coworker", "membership", "contract", "location", "team"])
SHARED: dict[str, Any] = {
    "notes": WORDS,
    "responsible": PEOPLE,
    "when": WORDS,
    "notify_by_email": st.booleans(),
    "display_to_everyone": st.booleans(),
    "once_per": ONCE,
    "anchor": WORDS,
}
ITEMS = st.fixed_dictionaries(
    {"id": SLUGS, "name": WORDS}, optional=SHARED | {"due": DUES, "for_each": LOOPS, "formerly": SLUGS}
)
INPUTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("text")}, optional={"default": WORDS, "prompt": WORDS}),
    st.fixed_dictionaries({"type": st.just("int")}, optional={"default": st.integers(-(10**17), 10**17)}),
    st.fixed_dictionaries({"type": st.just("bool")}, optional={"default": st.booleans()}),
    st.fixed_dictionaries({"type": st.just("date")}, optional={"default": st.dates().map(str)}),
    st.fixed_dictionaries({"type": st.just("list")}, optional={"default": st.lists(WORDS, max_size=3)}),
)
APPLIES = st.fixed_dictionaries(
    {},
    optional={
        "on": st.lists(st.sampled_from(sorted(EVENTS)), max_size=3),
        "locations": st.lists(SLUGS, max_size=2),
        "tariffs": st.lists(WORDS | st.builds(lambda n: {"tariff": n}, st.integers(1, 10**9)), max_size=3),
        "when": WORDS,
        "wait_until": WORDS,
    },
)
LISTS = st.fixed_dictionaries(
    {"tasklist": SLUGS, "name": WORDS, "items": st.lists(ITEMS, min_size=1, max_size=3)},
    optional={
        "description": WORDS,
        "applies": APPLIES,
        "anchor": WORDS,
        "once_per": ONCE,
        "formerly": SLUGS,
        "inputs": st.dictionaries(NAMES, INPUTS, max_size=2),
        "defaults": st.fixed_dictionaries({}, optional=SHARED | {"roll": ROLLS, "late": LATE}),
    },
)


class _Dumper(yaml.SafeDumper):
    """Writes every text in quotes, and repeats a value instead of pointing back to it."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def dumped(data: object) -> bytes:
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False).encode()


def tasklist_of(data: bytes) -> TaskList:
    return load(TaskList, source_of("x.yaml", data)).model


@settings(max_examples=150, derandomize=True, deadline=None)
@given(LISTS)
def test_a_list_written_out_again_reads_as_the_same_list(written: dict[str, Any]) -> None:
    first = tasklist_of(dumped(written))
    out = _as_yaml(first)
    assert tasklist_of(dumped(out)) == first
    for item, told in zip(first.items, written["items"], strict=True):
        assert (item.id, item.name, item.notes) == (told["id"], told["name"], told.get("notes"))


def _as_yaml(tasklist: TaskList) -> dict[str, Any]:
    """Return a list as its author would write it: short forms for people, plans and loops."""
    data = _without_nothing(json.loads(tasklist.model_dump_json(fallback=str)))
    data["items"] = [_short(item) for item in data["items"]]
    data["defaults"] = _short(data.get("defaults", {}))
    applies = data.get("applies", {})
    if "tariffs" in applies:
        applies["tariffs"] = [plan.get("name", plan) for plan in applies["tariffs"]]
    return data


def _short(item: dict[str, Any]) -> dict[str, Any]:
    who = item.get("responsible")
    if who and "holder" in who:
        item["responsible"] = who["holder"].get("email", who["holder"])
    if loop := item.get("for_each"):
        item["for_each"] = {loop["name"]: loop["source"]} | ({"key": loop["key"]} if "key" in loop else {})
    return item


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nothing(part) for name, part in value.items() if part is not None}
    return [_without_nothing(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "12:30", "08:30", "010", "1.10", "0x1F", "1_000", ".inf", "null", "2026-11-23", "True"]
)
def test_a_plain_word_stays_as_it_was_written(word: str) -> None:
    text = f"tasklist: x\nname: {word}\nitems: [{{id: a, name: {word}, notes: {word}}}]\n"
    found = tasklist_of(text.encode())
    assert (found.name, found.items[0].name, found.items[0].notes) == (word, word, word)


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


def _schema(kind: str) -> dict[str, Any]:
    outcome = tasklists("schema", kind)
    assert outcome.code == 0
    schema: dict[str, Any] = json.loads(outcome.out)
    return schema


def refused(schema: dict[str, Any], value: object, root: dict[str, Any]) -> list[str]:
    """Return why a value does not fit: as much of JSON Schema as ours uses, for data read from YAML."""
    if "$ref" in schema:
        return refused(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    if "anyOf" in schema:
        tries = [refused(other, value, root) for other in schema["anyOf"]]
        return [] if [] in tries else min(tries, key=len)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}
    wanted = schema.get("type")
    names = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    if names and not any(isinstance(value, kinds[name]) for name in names):
        return [f"{value!r} is not {wanted}"]
    found = [f"{value!r} is not in {schema['enum']}"] if "enum" in schema and value not in schema["enum"] else []
    if isinstance(value, list) and "items" in schema:
        found += [told for part in value for told in refused(schema["items"], part, root)]
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [f"{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, part in value.items():
            below = known.get(name, others)
            if below is False:
                found.append(f"{name} is not known")
            elif isinstance(below, dict):
                found += refused(below, part, root)
    return found


def _typed(text: str) -> Any:
    """Return data as an editor sees it, which reads YAML 1.2: `on` is a key, and only true and false are bools."""
    node, _ = parse(source_of("x.yaml", text.encode()))
    return json.loads(json.dumps(free(to_data(node))))


@pytest.mark.parametrize("file", SHIPPED, ids=[file.stem for file in SHIPPED])
def test_the_schema_accepts_the_shipped_files(file: Path) -> None:
    schema = _schema("organisation" if file.stem == "organisation" else "tasklist")
    assert refused(schema, _typed(file.read_text()), schema) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("responsible:", "respnsible:"),
        ("items:", "itms:"),
        ("- id:", "- ident:"),
        ("name: Hand", "nme: Hand"),
        ("tasklist:", "task_list:"),
    ],
)
def test_the_schema_refuses_what_check_refuses(old: str, new: str) -> None:
    text = (HERE / "sound" / "broken.yaml").read_text()
    schema = _schema("tasklist")
    assert refused(schema, _typed(text), schema) == []
    assert refused(schema, _typed(text.replace(old, new)), schema) != []
    with pytest.raises(Problems):
        tasklist_of(text.replace(old, new).encode())


@settings(max_examples=60, derandomize=True, deadline=None)
@given(LISTS)
def test_the_schema_accepts_what_is_read(written: dict[str, Any]) -> None:
    tasklist_of(dumped(written))
    schema = TaskList.model_json_schema()
    assert refused(schema, written, schema) == []


@pytest.mark.parametrize("kind", ["tasklist", "organisation"])
def test_every_object_of_the_schema_that_names_keys_refuses_others(kind: str) -> None:
    schema = _schema(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    closed = [schema, *schema["$defs"].values()]
    assert [part["title"] for part in closed if part.get("additionalProperties") is not False] == []
