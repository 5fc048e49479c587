"""A facts file for a list that has items for a coworker and for their team: two sets of facts, those of each person.

Pure. It must never take one person's facts for the other's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.core.facts import Facts
from engine.core.facts_json import dump_facts, load_facts
from engine.core.plan import Situation

_PART = "team_part"
_REASON = "team_left_out"


@dataclass(frozen=True)
class Saved:
    """What a facts file holds. `team` is what the team's part was planned from; without it `left_out` may say why."""

    facts: Facts
    situation: Situation
    team: tuple[Facts, Situation] | None = None
    left_out: str = ""


def dump_saved(saved: Saved) -> str:
    """Return the text of a facts file; without a team's part it is that of `dump_facts`."""
    text = dump_facts(saved.facts, saved.situation)
    if saved.team is None and not saved.left_out:
        return text
    told = json.loads(text)
    told[_PART] = None if saved.team is None else json.loads(dump_facts(*saved.team))
    told[_REASON] = saved.left_out
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def load_saved(text: str, name: str) -> Saved:
    """Return what a facts file holds. Raises UserError when it is none, with the key that is missing or wrong."""
    facts, situation = load_facts(text, name)
    told = json.loads(text)
    part, left_out = told.get(_PART), told.get(_REASON)
    team = None if part is None else load_facts(json.dumps(part, ensure_ascii=False), f"{name}, {_PART}")
    return Saved(facts, situation, team, left_out if isinstance(left_out, str) else "")
