"""A file with many mistakes is told of all of them, each in its place, and of nothing that only follows from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from authoring_given import sound_folder, tasklists

MANY = """tasklist: broken
name: "Welcome {{ coworker.fullname }}"
descripton: First week
applies: {on: [contract.create], when: coworker.activ}
anchor: contract.begin
defaults: {notify_by_email: yes}
inputs: {keys: {type: number}}
items:
  - id: Access Card
    name: 'It''s {{ coworker.fullnam }}''s card'
    responsible: front-desk
    due: 1 working day before contract.start
  - id: tour
    name: Tour
    respnsible: hst
    notes: |
      First line, {{ inputs.keys }}.
      Card: {{ location.vars.card_sistem }}.

      {{ coworker.ful_name }} came.
  - id: locker
    for_each: contract.desks
    name: Locker for {{ desk.name }} {{ coworker.nme }}
    responsible: {role: host, pick: any}
    due: {rule: on contract.start at 4pm, roll: nxt}
  - Hand out the key
  - id: tour
    name: "Second \\"tour\\" \\u2603 {{ coworker.fullname | uper }}"
    responsible: front-desk
    notify_by_email: false
    notes: >-
      folded
      text {{ team.nam }}
"""

WANTED = {
    "2:19": "no fact coworker.fullname",
    "3:1": "the key 'descripton'",
    "4:16": "this word is not known here",
    "4:40": "no fact coworker.activ",
    "5:9": "no anchor 'contract.begin'",
    "6:29": "this must be true or false",
    "7:23": "this word is not known here",
    "9:9": "an id is made of",
    "10:21": "no fact coworker.fullnam",
    "12:12": "unknown unit",
    "15:5": "the key 'respnsible'",
    "15:17": "there is no role 'hst'",
    "18:16": "no fact location.vars.card_sistem",
    "20:10": "no fact coworker.ful_name",
    "22:15": "for_each names the thing",
    "23:41": "no fact coworker.nme",
    "24:37": "this word is not known here",
    "25:38": "not a time of day",
    "25:49": "this word is not known here",
    "26:5": "this must be a mapping",
    "27:9": "two items have the id 'tour'",
    "28:38": "no fact coworker.fullname",
    "28:58": "no filter uper",
    "33:15": "no fact team.nam",
}


def _found(out: str) -> dict[str, str]:
    """Return place -> sentence of every line of output."""
    places = (line.removeprefix("lists/broken.yaml:").split(": ", 1) for line in out.splitlines())
    return {place: told for place, told in places if told}


def test_every_mistake_of_a_file_is_told_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sound_folder(tmp_path) / "broken.yaml").write_text(MANY)
    monkeypatch.chdir(tmp_path)
    outcome = tasklists("check", "--dir", "lists")
    found = _found(outcome.out)
    assert {place: WANTED[place] for place in WANTED if WANTED[place] not in found.get(place, "")} == {}
    assert sorted(set(found) - set(WANTED)) == []
    assert outcome.err.endswith(f"{len(WANTED)} problems, 0 warnings\n")
    assert outcome.code == 2


def test_mistakes_of_several_files_are_told_together(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "organisation.yaml").write_text(
        (folder / "organisation.yaml")
        .read_text()
        .replace("calendar: spain", "calendar: spian")
        .replace("Custom7", "Custom77")
        + "roels: {}\n"
    )
    (folder / "broken.yaml").write_text("tasklist: broken\nname: Welcome\nitem: []\n")
    (folder / "other.yaml").write_text("tasklist: other\nname: [\n")
    outcome = tasklists("check", "--dir", str(folder))
    places = [line.removeprefix(f"{folder}/").split(": ")[0] for line in outcome.out.splitlines()]
    assert places == [
        "broken.yaml:3:1",
        "broken.yaml:3:7",
        "organisation.yaml:4:25",
        "organisation.yaml:10:15",
        "organisation.yaml:23:1",
        "other.yaml:2:7",
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_places_are_the_same_with_every_line_ending(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sound_folder(tmp_path) / "broken.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + MANY.replace("\n", ending).encode())
    monkeypatch.chdir(tmp_path)
    assert set(_found(tasklists("check", "--dir", "lists").out)) == set(WANTED)
