"""Asking a person at the terminal for a list's inputs, until each answer is of its type. Never for what is given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.core.model import Input


def ask_input(name: str, told: Input) -> str:
    """Return the answer to an input as it would be given with --set; a wrong one is asked for again."""
    question = str(told.prompt) if told.prompt else f"{name} ({told.type})"
    if told.type == "list":
        return _ask_list(name, question)
    answer: str = click.prompt(question, err=True, value_proc=lambda text: _checked(name, told.type, text))
    return answer


def _ask_list(name: str, question: str) -> str:
    """Ask for one entry after the other; an empty answer ends the list, and one in [ ] is the whole of it."""
    click.echo(f"{question} - one at a time, an empty answer ends the list", err=True)
    entries: list[str] = []
    while True:
        answer = click.prompt(f"{name} {len(entries) + 1}", default="", show_default=False, err=True).strip()
        if answer.startswith("[") and not entries:
            return str(answer)
        if not answer:
            return f"[{', '.join(entries)}]"
        entry = answer if answer.startswith("{") else json.dumps(answer, ensure_ascii=False)
        if _is_sound(name, f"[{entry}]"):
            entries.append(entry)


def _is_sound(name: str, text: str) -> bool:
    try:
        _checked(name, "list", text)
    except click.UsageError as error:
        click.echo(f"Error: {error.message}", err=True)
        return False
    return True


def _checked(name: str, kind: Any, text: str) -> str:
    from engine.core.errors import TasklistsError
    from engine.flows.request import read_input

    try:
        read_input(name, kind, text)
    except TasklistsError as error:
        raise click.UsageError(str(error)) from None
    return text
