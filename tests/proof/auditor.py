"""Counts what a run did wrong, from two files alone: the plan saved before it, and the commit log of the far side.

    python tests/proof/auditor.py PLAN.json... COMMITS.jsonl [--login api@acme.example]

It must never import the engine, read its ledger or ask the far side: whoever is judged gives no evidence here.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Key = tuple[int, str]
"""A coworker and an identity (TaskItemUniqueId, lower case)."""

SENT = ("Name", "Notes", "DueDate", "ResponsibleId", "BusinessId", "CoworkerId", "NotifyByEmail", "DisplayToEveryone")
"""The fields of a payload that the far side keeps; TaskListName is read-only there."""

_MAY_EXIST = {"create", "keep", "adopt", "update"}


@dataclass(frozen=True)
class Audit:
    """The four counts of promises.md section 5, with what each one found; `others` is what other hands made."""

    planned: int = 0
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    orphan: tuple[str, ...] = ()
    others: int = 0

    @property
    def clean(self) -> bool:
        """Whether every planned task was made once, as planned, and nothing else was made."""
        return not (self.lost or self.doubled or self.wrong or self.orphan)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {name: len(getattr(self, name)) for name in ("lost", "doubled", "wrong", "orphan")}

    def __str__(self) -> str:
        told = ", ".join(f"{name} {number}" for name, number in self.counts.items())
        return f"{self.planned} planned: {told}"


def audit(plans: Iterable[Mapping[str, Any]], commits: Iterable[Mapping[str, Any]], *, login: str = "") -> Audit:
    """Judge a commit log from its beginning by the plans that were saved before the first run.

    `plans` are the objects that `preview --format json` prints, `commits` the lines `{at, op, id, record}`.
    `login`, if given, is the engine's: what another login wrote, or the far side itself ("by" in the line),
    is counted as `others` and judged no further.
    """
    planned, may_exist = _read_plans(plans)
    made = _Made(login)
    for line in commits:
        made.add(line)
    return Audit(
        planned=len(planned),
        lost=tuple(_name(key) for key in planned if not made.alive(key)),
        doubled=tuple(f"{_name(key)}: {number} times" for key, number in made.creations.items() if number > 1),
        wrong=tuple(_differences(planned, made)),
        orphan=tuple(_name(key) for key in made.creations if key not in may_exist),
        others=made.others,
    )


def _read_plans(plans: Iterable[Mapping[str, Any]]) -> tuple[dict[Key, Mapping[str, Any]], set[Key]]:
    """The payloads that are to be made, and all identities that may rightly be there."""
    planned: dict[Key, Mapping[str, Any]] = {}
    may_exist: set[Key] = set()
    for plan in plans:
        for action in plan["actions"]:
            payload = action["payload"]
            key = (int(payload["CoworkerId"]), str(action["task_item_unique_id"]).lower())
            if action["action"] == "create":
                planned.setdefault(key, payload)
            if action["action"] in _MAY_EXIST:
                may_exist.add(key)
    return planned, may_exist


@dataclass
class _Made:
    """What the commit log tells: creations by coworker and identity, and what stands now."""

    login: str
    creations: Counter[Key] = field(default_factory=Counter)
    standing: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    others: int = 0
    _keys: dict[int, Key] = field(default_factory=dict)

    def add(self, line: Mapping[str, Any]) -> None:
        number, record, op = int(line["id"]), line["record"], line["op"]
        if op == "create" and not self._is_ours(line):
            self.others += 1
        elif op == "create":
            key = _key_of(number, record)
            self.creations[key] += 1
            self._keys[number], self.standing[number] = key, record
        elif number not in self._keys:
            return  # whatever happens to a task of other hands is no affair of the plan
        elif op == "delete" and "by" not in line:
            del self.standing[number]
        elif op == "update" and self._is_ours(line):
            self.standing[number] = record

    def alive(self, key: Key) -> bool:
        return any(self._keys[number] == key for number in self.standing)

    def of(self, key: Key) -> list[tuple[int, Mapping[str, Any]]]:
        return [(number, record) for number, record in self.standing.items() if self._keys[number] == key]

    def _is_ours(self, line: Mapping[str, Any]) -> bool:
        by = line["record"].get("UpdatedBy")
        return "by" not in line and (not self.login or by is None or by == self.login)


def _key_of(number: int, record: Mapping[str, Any]) -> Key:
    """A task without an identity is nobody's plan: its own Id keeps it apart from all others."""
    identity = str(record.get("TaskItemUniqueId") or f"task {number} without an identity").lower()
    return int(record.get("CoworkerId") or 0), identity


def _differences(planned: Mapping[Key, Mapping[str, Any]], made: _Made) -> Iterable[str]:
    for key, payload in planned.items():
        for number, record in made.of(key):
            fields = [name for name in SENT if not _same(name, payload.get(name), record.get(name))]
            if fields:
                told = "; ".join(f"{name} {record.get(name)!r}, planned {payload.get(name)!r}" for name in fields)
                yield f"{_name(key)}, task {number}: {told}"


def _same(name: str, planned: object, kept: object) -> bool:
    if name == "DueDate" and isinstance(planned, str) and isinstance(kept, str):
        return _moment(planned) == _moment(kept)
    return planned == kept and isinstance(planned, bool) == isinstance(kept, bool)


def _moment(text: str) -> datetime:
    """In UTC; one without a zone is UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _name(key: Key) -> str:
    return f"{key[1]} of coworker {key[0]}"


def read_commits(path: Path) -> list[dict[str, Any]]:
    """The lines of a commit log; a last line without its end was never acknowledged, and does not count."""
    if not path.exists():
        return []
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.split("\n") if line]


def main(arguments: list[str]) -> int:
    """Print the counts, then one line for each thing found; 0 if there is none."""
    login = ""
    if "--login" in arguments:
        place = arguments.index("--login")
        login = arguments[place + 1]
        del arguments[place : place + 2]
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    *plans, commits = map(Path, arguments)
    found = audit([json.loads(path.read_text(encoding="utf-8")) for path in plans], read_commits(commits), login=login)
    print(found)
    for kind in found.counts:
        for told in getattr(found, kind):
            print(f"  {kind}: {told}")
    return 0 if found.clean else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
