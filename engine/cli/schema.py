"""`tasklists schema`: the JSON Schema of the files, made from the models, and of what commands print."""

from __future__ import annotations

import warnings
from typing import Any

import click

_EPILOG = """\b
Example:
  tasklists schema > tasklists/tasklist.schema.json
  tasklists schema organisation > tasklists/organisation.schema.json
  tasklists schema run
"""
_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
_FILES = ("tasklist", "organisation", "cases")
_OUTPUTS = (
    *("preview", "run", "resume", "status", "reassign", "audit", "probe"),
    *("inbox", "hooks", "backfill", "config", "check", "show", "explain", "test", "diff", "rehearse", "fields"),
    *("import", "init"),
)


@click.command(epilog=_EPILOG)
@click.argument("kind", type=click.Choice([*_FILES, *_OUTPUTS]), default="tasklist")
def command(*, kind: str) -> None:
    """Print the JSON Schema of task lists, of organisation.yaml, of cases, or of the JSON that a command prints."""
    from engine.cli.showing import print_json

    print_json(file_schema(kind) if kind in _FILES else _DIALECT | _of_output(kind))


def file_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of the files of a kind: tasklist, organisation or cases."""
    return _DIALECT | _of_file(kind)


def _of_file(kind: str) -> dict[str, Any]:
    from pydantic import BaseModel
    from pydantic.json_schema import PydanticJsonSchemaWarning

    from engine.core.cases import CaseFile
    from engine.core.organisation import Organisation
    from engine.core.overlaying import WrittenList

    models: dict[str, type[BaseModel]] = {"organisation": Organisation, "cases": CaseFile}
    model = models.get(kind, WrittenList)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # defaults such as 09:00-18:00 are no JSON
        return model.model_json_schema()


def _of_output(kind: str) -> dict[str, Any]:
    from engine.cli.output_schemas import OUTPUTS

    return OUTPUTS[kind]
