"""A tree back to YAML text that reads as the same tree: quotes and blocks are kept, for types hang on them.

Only makes text. It must never write to a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import yaml

from engine.authoring.nodes import Mapping, Node, Scalar, Sequence

Remark = Callable[[Node], tuple[str, ...]]
"""Lines of comment that stand before an item."""

_WIDE = 1_000_000
"""No line is folded: a folded plain text is harder to read than a long line."""


def dumped(node: Mapping, remark: Remark | None = None) -> str:
    """Return a list as YAML; `remark` gives the comments before each item."""
    parts = []
    for key, value in node.entries:
        if key.text == "items" and isinstance(value, Sequence) and value.parts:
            parts.append("items:\n" + "".join(_item(item, remark) for item in value.parts))
        else:
            parts.append(_text(Mapping(((key, value),), 0, 0)))
    return "".join(parts)


def _item(item: Node, remark: Remark | None) -> str:
    comments = "".join(f"  # {line}\n" for line in (remark(item) if remark else ()))
    lines = _text(Sequence((item,), 0, 0)).splitlines(keepends=True)
    return comments + "".join(f"  {line}" if line.strip() else line for line in lines)


def _text(node: Node) -> str:
    events = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False), *_events(node)]
    events += [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    text: str = yaml.emit(events, allow_unicode=True, width=_WIDE)
    return text


def _events(node: Node) -> Iterator[yaml.Event]:
    if isinstance(node, Scalar):
        plain = not node.quoted and not node.block
        style = '"' if node.quoted else "|" if node.block else None
        yield yaml.ScalarEvent(None, None, (plain, True), node.text, style=style)
    elif isinstance(node, Sequence):
        yield yaml.SequenceStartEvent(None, None, True, flow_style=False)
        for part in node.parts:
            yield from _events(part)
        yield yaml.SequenceEndEvent()
    else:
        yield yaml.MappingStartEvent(None, None, True, flow_style=False)
        for key, value in node.entries:
            yield from _events(key)
            yield from _events(value)
        yield yaml.MappingEndEvent()
