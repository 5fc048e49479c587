"""The JSON Schema for editors knows exactly the keys that are read, also of lists that say how they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from authoring_given import HERE, tasklists
from hypothesis import given, settings
from written_lists import LISTS, dumped, tasklist_of

from engine.authoring.nodes import parse, to_data
from engine.authoring.source import source_of
from engine.core.errors import Problems
from engine.core.overlaying import WrittenList
from engine.core.scalars import free

SHIPPED = sorted((HERE.parent.parent / "tasklists").glob("*.yaml"))


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
    schema = WrittenList.model_json_schema()
    assert refused(schema, written, schema) == []


@pytest.mark.parametrize("kind", ["tasklist", "organisation"])
def test_every_object_of_the_schema_that_names_keys_refuses_others(kind: str) -> None:
    schema = _schema(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    closed = [schema, *schema["$defs"].values()]
    assert [part["title"] for part in closed if part.get("additionalProperties") is not False] == []
