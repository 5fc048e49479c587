"""A place inside a text is the place of that very sign in the file, however the text is written in YAML."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring.nodes import parse, to_data
from engine.authoring.places import as_written, place_of
from engine.authoring.source import source_of

STYLES = ["", "'", '"', "|", ">"]
WORDS = st.lists(st.text("ab'\"\\:#{}|éß漢🙂.-", min_size=1, max_size=7), min_size=1, max_size=12)
TEXTS = st.builds(
    lambda words, joints: "".join(a + b for a, b in zip(words, joints, strict=False)).strip(),
    WORDS,
    st.lists(st.sampled_from([" ", "  ", "\n", "\n\n"]), min_size=12, max_size=12),
)


def _written(text: str, style: str, width: int) -> str:
    document = {"items": [{"id": "x", "notes": text}]}

    class Dumper(yaml.SafeDumper):
        pass

    def represent(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        chosen = style if value == text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=chosen or None)

    Dumper.add_representer(str, represent)
    return yaml.dump(document, Dumper=Dumper, allow_unicode=True, width=width)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(text=TEXTS, style=st.sampled_from(STYLES), width=st.sampled_from([12, 40, 200]))
def test_every_sign_of_a_text_is_found_where_it_stands(text: str, style: str, width: int) -> None:
    source = source_of("x.yaml", _written(text, style, width).encode())
    node, _ = parse(source)
    data = to_data(node)["items"][0]["notes"]
    for offset, sign in enumerate(data):
        if offset and not sign.isspace():
            place = place_of(source, node, ("items", 0, "notes"), offset)
            there = source.lines[place.line - 1][place.column - 1 :]
            shown = {"'": "''"} if there.startswith("''") else {'"': '\\"', "\\": "\\\\"}
            assert there.startswith((sign, shown.get(sign, sign), "\\U", "\\x", "\\u")), (data, offset, place)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(mended=TEXTS.filter(lambda text: text and "\n" not in text), style=st.sampled_from(["", "'", '"']))
def test_a_mended_value_pasted_as_written_reads_as_that_value(mended: str, style: str) -> None:
    source = source_of("x.yaml", f"name: {style}text{style}\n".encode())
    node, _ = parse(source)
    pasted = as_written(source, node, ("name",), mended)
    again, _ = parse(source_of("x.yaml", f"name: {pasted}\n".encode()))
    assert to_data(again) == {"name": mended}
