"""Random task lists as data, with every key and awkward texts, and how they are written as YAML."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

from engine.authoring.loader import load
from engine.authoring.source import source_of
from engine.core.model import TaskList
from engine.core.words import EVENTS

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
LANGUAGES = st.lists(st.sampled_from(["en", "es", "pt-BR", "zh-Hant", "eu"]), min_size=1, max_size=3, unique=True)
WORDINGS = WORDS | LANGUAGES.flatmap(lambda tags: st.fixed_dictionaries(dict.fromkeys(tags, WORDS)))
PEOPLE = st.one_of(
    SLUGS,
    st.just("ana@acme.example"),
    st.builds(lambda n: {"user": n}, st.integers(1, 10**9)),
    st.builds(lambda r, p: {"role": r, "pick": p}, SLUGS, st.sampled_from(["first", "rotate", "least_loaded"])),
    st.builds(lambda f, r: {"from": f, "fallback": r}, st.just("coworker.custom.account_manager"), SLUGS),
)
ROLLS = st.sampled_from(["next", "previous", "nearest", "none"])
LATE = st.sampled_from(["closing", "keep", "skip", "fail"])
BY_WORDS = st.builds(
    lambda n, unit, side: {"count": n, "unit": unit, side: "contract.start"},
    st.integers(0, 99),
    st.sampled_from(["days", "business days", "weeks"]),
    st.sampled_from(["before", "after"]),
)
DUES = (
    WORDS
    | BY_WORDS
    | st.fixed_dictionaries(
        {"rule": WORDS},
        optional={"roll": ROLLS, "late": LATE, "fallback": WORDS, "not_before": WORDS, "not_after": WORDS},
    )
)
LOOPS = st.builds(
    lambda name, key: {name: "contract.desks"} | ({"key": key} if key else {}), NAMES, st.none() | st.just("desk.code")
)
ONCE = st.sampled_from(["coworker", "membership", "contract", "location", "team"])
SHARED: dict[str, Any] = {
    "notes": WORDINGS,
    "phase": WORDINGS,
    "optional": st.booleans(),
    "create": WORDS,
    "responsible": PEOPLE,
    "when": WORDS,
    "notify_by_email": st.booleans(),
    "display_to_everyone": st.booleans(),
    "once_per": ONCE,
    "anchor": WORDS,
}
LINES = WORDS | st.fixed_dictionaries({"line": WORDINGS}, optional={"when": WORDS})
CLOCKS = st.fixed_dictionaries({}, optional={"gap": st.just("fail"), "overlap": st.sampled_from(["earlier", "later"])})
OF_AN_ITEM: dict[str, Any] = SHARED | {
    "due": DUES,
    "for_each": LOOPS,
    "formerly": SLUGS,
    "checklist": st.lists(LINES, min_size=1, max_size=3),
    "after": SLUGS | st.lists(SLUGS, min_size=1, max_size=2),
    "gate": st.booleans(),
    "same_as": st.just("other/item"),
    "clock_change": CLOCKS,
}
ITEMS = st.fixed_dictionaries({"id": SLUGS, "name": WORDINGS}, optional=OF_AN_ITEM)
CHANGES = st.fixed_dictionaries({"id": SLUGS}, optional={"name": WORDINGS, "notes": WORDS, "drop": st.just(True)})
OVERLAYS = st.dictionaries(
    SLUGS, st.fixed_dictionaries({}, optional={"name": WORDINGS, "items": st.lists(CHANGES, max_size=2)}), max_size=2
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
    {"tasklist": SLUGS, "name": WORDINGS, "items": st.lists(ITEMS, min_size=1, max_size=3)},
    optional={
        "description": WORDS,
        "applies": APPLIES,
        "anchor": WORDS,
        "anchors": st.dictionaries(NAMES, WORDS | st.lists(WORDS, min_size=1, max_size=2), max_size=2),
        "clock_change": CLOCKS,
        "language": WORDS,
        "abstract": st.booleans(),
        "allow": st.sampled_from(["always-true", "unused-day"]) | st.just(["same-name", "no-due"]),
        "extends": SLUGS,
        "include": SLUGS | st.lists(SLUGS, max_size=2),
        "overlays": OVERLAYS,
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
