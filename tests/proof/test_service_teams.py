"""A served list with a card for each member and one door sign for their team: joined, killed and started again."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from service_process import Running, until
from service_world import SECRET, ServiceWorld, service_world

COMPANY = """\
tasklist: company
name: Office
applies: {on: [coworker.created, team.created, team.updated]}
defaults: {responsible: front-desk}
items:
  - {id: card, name: "Card of {{ coworker.full_name }}"}
  - {id: sign, once_per: team, name: "Sign of {{ team.name }}"}
  - {id: plate, once_per: team, name: "Plate of {{ team.name }}"}
"""


def _tell_of_team(running: Running, world: ServiceWorld, team: int) -> None:
    body = json.dumps([world.far_side.record("teams", team)]).encode()
    assert running.post("barcelona", "team.updated", body, secret=SECRET) == 202


def _made(world: ServiceWorld) -> Counter[tuple[int, str]]:
    records = (line["record"] for line in world.commits() if line["op"] == "create")
    return Counter((record["CoworkerId"], record["Name"].partition(" ")[0]) for record in records)


def _joined(world: ServiceWorld, number: int) -> tuple[list[int], int]:
    """So many people of one team, the first of whom pays."""
    people = [world.sign_up().id for _ in range(number)]
    teams = [world.far_side.join_team(one, "Vexworth Ltd")["team_id"] for one in people]
    return people, teams[0]


@pytest.mark.parametrize("kills", [0, 4])
def test_a_fifth_member_joins_a_served_team_and_gets_a_card_but_no_second_sign(tmp_path: Path, kills: int) -> None:
    with service_world(tmp_path) as world:
        for name in ("first-week", "hello", "leaving"):
            world.remove(name)
        world.write("company", COMPANY)
        people, team = _joined(world, 4)
        running = world.start()
        try:
            _tell_of_team(running, world, team)
            for number in range(1, kills + 1):
                until(lambda number=number: sum(_made(world).values()) >= number or world.is_idle(), 30, every=0.01)
                running.kill()
                running.end()  # closes its pipe
                running = world.start()
            until(lambda: world.hurry() is not None and world.is_idle() and len(_made(world)) == 6, 60)
            fifth = world.sign_up().id
            world.far_side.join_team(fifth, str(team))
            _tell_of_team(running, world, team)
            until(lambda: world.hurry() is not None and world.is_idle() and (fifth, "Card") in _made(world), 60)
        finally:
            running.end()
        everybody = [*people, fifth]
        wanted = {*((one, "Card") for one in everybody), (people[0], "Sign"), (people[0], "Plate")}
        assert _made(world) == Counter(wanted)
