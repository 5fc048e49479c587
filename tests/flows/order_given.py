"""A list whose items come one after the other, and staff who tick tasks off on the sandbox's page, by its forms."""

from __future__ import annotations

import re
from typing import Any

import httpx
from given_account import ASHLEY, Account

ORDERED = """
tasklist: moving-in
name: Moving in
once_per: coworker
anchor: signup
defaults: {responsible: front-desk}
items:
  - {id: papers, name: Sign the papers, gate: true}
  - {id: deposit, name: Take the deposit, gate: true}
  - id: card
    name: Hand out the card
  - id: tour
    name: Show them round
    after: card
    due: 2 days after done
  - {id: photo, name: Take a photo, after: [card, tour]}
"""


def give(account: Account, text: str = ORDERED) -> None:
    account.write("moving-in", text)


def run(account: Account, *arguments: object, coworker: int = ASHLEY, **env: str) -> dict[str, str]:
    """Run the list; the outcome of each item."""
    answer = account.run(*arguments, name="moving-in", coworker=coworker, **env)
    assert answer.code == 0, answer.err
    return answer.outcomes


def waits(account: Account, coworker: int = ASHLEY) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = account.cli("status", "--coworker", coworker, "--format", "json").json["waits"]
    return told


def waiting_for(account: Account, coworker: int = ASHLEY) -> dict[str, list[str]]:
    """Item -> what it waits for, as status tells it."""
    return {item["item"]: item["for"] for wait in waits(account, coworker) for item in wait["items"]}


def task_named(account: Account, name: str, coworker: int = ASHLEY) -> int:
    """The id of a live task, as the page shows it."""
    rows = [row for row in account.far_side.records("coworkertasks") if row["CoworkerId"] == coworker]
    (found,) = (row["Id"] for row in rows if row["Name"] == name)
    return int(found)


def press(account: Account, name: str, button: str = "complete", coworker: int = ASHLEY) -> None:
    """Press the button of a task on its member's page, as a browser does: by the form that stands there."""
    base = account.far_side.base_url
    page = httpx.get(f"{base}/member/{coworker}").text
    row = next(part for part in page.split("<tr ") if f">{name}</bdi></td>" in part)
    action, field, value = _form(row, button)
    answer = httpx.post(f"{base}{action}", data={field: value}, headers={"Origin": base})
    assert answer.status_code == 303, answer.text


def _form(row: str, button: str) -> tuple[str, str, str]:
    found = re.search(rf"action='([^']*/{button}-task)'><input type='hidden' name='(\w+)' value='(\d+)'>", row)
    assert found is not None, f"the page offers no {button} here"
    return found[1], found[2], found[3]
