"""What commands print as JSON is what `tasklists schema COMMAND` says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import SandboxProcess, sandbox

from engine.cli.main import run_commands
from engine.cli.output_schemas import OUTPUTS
from engine.core.audit_findings import KINDS

ROOT = Path(__file__).resolve().parent.parent
MEMBER = "1423831744"
_TYPES = {"string": str, "integer": int, "boolean": bool, "null": type(None), "object": dict, "array": list}


def faults(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """Return where a value does not fit the parts of JSON Schema that our schemas use."""
    if "oneOf" in schema:
        return _alternative_faults(value, schema["oneOf"], where)
    if "anyOf" in schema:
        return min((faults(value, one, where) for one in schema["anyOf"]), key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{where} is {value!r}"]
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, _TYPES[name]) and not (name == "integer" and value is True) for name in names):
        return [f"{where} is {type(value).__name__}, not {names}"]
    if isinstance(value, list):
        return [fault for n, part in enumerate(value) for fault in faults(part, schema["items"], f"{where}[{n}]")]
    return list(_object_faults(value, schema, where)) if isinstance(value, dict) else []


def _alternative_faults(value: Any, schemas: list[dict[str, Any]], where: str) -> list[str]:
    fitting = [one for one in schemas if not faults(value, one, where)]
    return [] if len(fitting) == 1 else [f"{where} fits {len(fitting)} of the alternatives"]


def _object_faults(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value)
    for name, part in value.items():
        if name in known:
            yield from faults(part, known[name], f"{where}.{name}")
        elif rest is False:
            yield f"{where}.{name} is not in the schema"
        elif isinstance(rest, dict):
            yield from faults(part, rest, f"{where}.{name}")


@pytest.fixture(scope="module")
def service() -> Iterator[SandboxProcess]:
    with sandbox("--mode", "S50.writes-per-minute=0", "--mode", "S50.calls-per-minute=0") as running:
        yield running


@pytest.fixture
def printed(
    service: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Any:
    for name, value in service.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TASKLISTS_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("TASKLISTS_DIR", str(ROOT / "tasklists"))

    def run(*arguments: str) -> Any:
        run_commands([*arguments, "--format", "json"])
        return json.loads(capfd.readouterr().out)

    return run


def test_preview_run_and_status_print_what_their_schemas_say(printed: Any) -> None:
    for_member = ("new-member", "--coworker", MEMBER)
    assert faults(printed("preview", *for_member), OUTPUTS["preview"]) == []
    first = printed("run", *for_member, "--yes")
    assert faults(first, OUTPUTS["run"]) == []
    assert faults(printed("run", *for_member, "--yes"), OUTPUTS["run"]) == []
    for arguments in ((), ("--coworker", MEMBER), ("--run", first["run_id"])):
        assert faults(printed("status", *arguments), OUTPUTS["status"]) == [], arguments


def test_audit_prints_what_its_schema_says_and_it_names_every_kind(service: SandboxProcess, printed: Any) -> None:
    made = printed("run", "new-member", "--coworker", MEMBER, "--yes")
    assert faults(printed("audit"), OUTPUTS["audit"]) == []
    service.remove_record("coworkertasks", made["results"][0]["task_id"])
    service.put_record("coworkertasks", 5000, CoworkerId=int(MEMBER), BusinessId=1, Name="x", Notes="ref: " + "0" * 16)
    told = printed("audit", "--all")
    assert faults(told, OUTPUTS["audit"]) == []
    assert {finding["kind"] for finding in told["findings"]} == {"removed", "foreign"}
    assert OUTPUTS["audit"]["properties"]["findings"]["items"]["properties"]["kind"] == {"enum": list(KINDS)}
    service.remove_records("coworkertasks")


def test_check_and_fields_print_what_their_schemas_say(printed: Any, tmp_path: Path) -> None:
    assert faults(printed("fields"), OUTPUTS["fields"]) == []
    assert faults(printed("check"), OUTPUTS["check"]) == []
    (tmp_path / "organisation.yaml").write_text("owner: acme\nsince: yes\n")
    broken = printed("check", "--dir", str(tmp_path))
    assert broken["problems"]
    assert faults(broken, OUTPUTS["check"]) == []


@pytest.mark.parametrize("kind", OUTPUTS)
def test_the_schemas_of_outputs_are_printed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_commands(["schema", kind]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: part for name, part in told.items() if name != "$schema"} == OUTPUTS[kind]


def test_a_value_that_does_not_fit_is_found() -> None:
    assert faults({"runs": [], "more": 1}, OUTPUTS["status"]) == ["$ fits 0 of the alternatives"]
    assert faults({"problems": [{"file": 1}], "lists": []}, OUTPUTS["check"])
    assert faults([{"path": "a", "type": "b", "from": "c", "meaning": None}], OUTPUTS["fields"])
