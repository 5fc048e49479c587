"""Whatever files say of one another, check ends with sentences; what it finds sound reads the same when written out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from authoring_given import HERE
from hypothesis import given, settings
from hypothesis import strategies as st
from written_lists import dumped, tasklist_of

from engine.authoring.check import check_folder
from engine.authoring.dumping import dumped as written_out
from engine.authoring.folder import Folder
from engine.authoring.nodes import Mapping

NAMES = ("one", "two", "three", "four")
ODD = st.sampled_from(["", "x", 3, True, [], {}, [[]], {"a": {}}, None])
REFERENCES = st.sampled_from(NAMES) | st.lists(st.sampled_from(NAMES), max_size=2)
ITEM_IDS = st.sampled_from(["a", "b", "c"])
ENTRIES = st.one_of(
    st.fixed_dictionaries({"id": ITEM_IDS, "name": st.sampled_from(["A", "B", "C", "{{ coworker.full_name }}"])}),
    st.fixed_dictionaries({"id": ITEM_IDS}, optional={"notes": st.just("N"), "due": st.just("on signup")}),
    st.fixed_dictionaries({"id": ITEM_IDS, "drop": st.sampled_from([True, False])}),
    st.fixed_dictionaries({"include": REFERENCES}),
    ODD,
)
OVERLAY = st.fixed_dictionaries(
    {}, optional={"name": st.just("L"), "items": st.lists(ENTRIES, max_size=2) | ODD, "defaults": ODD, "anchor": ODD}
)
KEYS: dict[str, Any] = {
    "extends": REFERENCES | ODD,
    "include": REFERENCES | ODD,
    "abstract": st.booleans() | ODD,
    "name": st.just("N") | ODD,
    "items": st.lists(ENTRIES, max_size=3) | ODD,
    "overlays": st.dictionaries(st.sampled_from(["barcelona", "london", "paris"]), OVERLAY | ODD, max_size=2) | ODD,
    "defaults": st.just({"responsible": "front-desk"}) | ODD,
    "inputs": st.just({"n": {"type": "int", "default": 1}}) | ODD,
    "applies": st.just({"locations": ["london"]}) | ODD,
}
GIVEN = {"name": st.just("N"), "defaults": st.just({"responsible": "front-desk"})}
OWN_ITEMS = st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True)
TAME_OVERLAY = st.fixed_dictionaries({}, optional={"name": st.just("L"), "defaults": st.just({"late": "skip"})})


def tame(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """A file that is mostly right: items of its own, and at most a list or two before it in the alphabet of NAMES."""
    before = list(NAMES[: NAMES.index(name)])
    reuse = {"extends": st.sampled_from(before), "include": st.sampled_from(before)} if before else {}
    items = OWN_ITEMS.map(lambda found: [{"id": f"{name}-{one}", "name": f"{name} {one}"} for one in found])
    more = {"overlays": st.dictionaries(st.sampled_from(["barcelona", "london"]), TAME_OVERLAY, max_size=2)}
    return st.fixed_dictionaries(GIVEN | {"items": items}, optional=reuse | more | {"abstract": st.booleans()})


TAME = st.fixed_dictionaries({name: tame(name) for name in NAMES})
WILD = st.fixed_dictionaries({}, optional=KEYS)


SOUND: list[tuple[str, int]] = []
"""The sound lists that came up, each with the number of its overlays times that of the other files in it."""


@settings(max_examples=100, derandomize=True, deadline=None)
@given(TAME | st.fixed_dictionaries(dict.fromkeys(NAMES, WILD)))
def any_files(files: dict[str, dict[str, Any]]) -> None:
    """Check four files that extend and include one another at random."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made)
        (path / "organisation.yaml").write_text((HERE / "sound" / "organisation.yaml").read_text())
        for name, told in files.items():
            (path / f"{name}.yaml").write_bytes(dumped({"tasklist": name} | told))
        checked = check_folder(Folder(path, "lists"))
        for problem in checked.problems:
            assert problem.place.file.startswith("lists/")
            text = (path / problem.place.file.removeprefix("lists/")).read_text()
            assert len(text.splitlines()) >= problem.place.line
        for name, prepared in checked.lists.items():
            assert not [problem for problem in checked.of_list[name] if problem.severity == "error"]
            loaded = checked.loaded[name]
            SOUND.append((name, len(loaded.at) * len(loaded.others)))
            for one, model in ((loaded, prepared.tasklist), *((at, at.model) for at in loaded.at.values())):
                assert isinstance(one.node, Mapping)
                assert tasklist_of(written_out(one.node).encode()) == model


def test_any_files_are_checked_to_the_end() -> None:
    SOUND.clear()
    any_files()
    assert len(SOUND) > 50, "sound lists came up"
    assert len([one for one in SOUND if one[1]]) > 3, "some of several files with overlays"
