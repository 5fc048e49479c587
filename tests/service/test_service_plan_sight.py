"""Plans that lists name, against the plans of a real sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_process import SandboxProcess, sandbox

from engine.authoring.check import check_folder
from engine.authoring.folder import Folder
from engine.core.prepared import Prepared
from engine.nexudus.client import NexudusReader, NoPace
from engine.nexudus.settings import from_environment
from engine.service.plan_sight import unknown_plans

ORGANISATION = Path(__file__).parent.parent / "flows" / "lists" / "organisation.yaml"


@pytest.fixture(scope="module")
def far_side() -> Iterator[SandboxProcess]:
    with sandbox() as running:
        yield running


@pytest.fixture
def reader(far_side: SandboxProcess) -> Iterator[NexudusReader]:
    with NexudusReader(from_environment(far_side.env), pace=NoPace()) as reader:
        yield reader
    far_side.clear_faults()


def lists_for(folder: Path, **tariffs: str) -> dict[str, Prepared]:
    (folder / "organisation.yaml").write_text(ORGANISATION.read_text())
    for name, plans in tariffs.items():
        item = "[{id: one, name: One, responsible: front-desk, due: on signup}]"
        text = f"tasklist: {name}\nname: N\napplies: {{tariffs: {plans}}}\nitems: {item}\n"
        (folder / f"{name}.yaml").write_text(text)
    checked = check_folder(Folder(folder, "lists"))
    assert checked.errors == ()
    return checked.lists


def test_only_plans_that_no_plan_bears_are_named(
    far_side: SandboxProcess, reader: NexudusReader, tmp_path: Path
) -> None:
    known = far_side.records("tariffs")[0]
    right = f"[' {known['Name'].upper()} ', {{tariff: {known['Id']}}}]"
    lists = lists_for(tmp_path, right=right, wrong=f"[Gold, {known['Name']}, {{tariff: 4711}}]")
    assert unknown_plans(reader, lists) == {"wrong": {"Gold", "4711"}}


def test_lists_without_plans_cost_no_call(far_side: SandboxProcess, reader: NexudusReader, tmp_path: Path) -> None:
    far_side.clear_requests()
    assert unknown_plans(reader, lists_for(tmp_path, all="[]")) == {}
    assert far_side.requests() == []


@pytest.mark.parametrize("fault", ["bad-gateway-on-read", "endless-pages"])
def test_what_nexudus_does_not_tell_now_is_not_known_to_be_missing(
    far_side: SandboxProcess, reader: NexudusReader, tmp_path: Path, fault: str
) -> None:
    lists = lists_for(tmp_path, wrong="[Gold]")
    far_side.set_fault(fault, "1.0:tariffs")
    assert unknown_plans(reader, lists) is None
