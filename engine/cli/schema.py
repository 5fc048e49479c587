"""`tasklists schema`: the JSON Schema of the files, made from the models."""

from __future__ import annotations

import warnings

import click

_EPILOG = """\b
Example:
  tasklists schema > tasklists/tasklist.schema.json
  tasklists schema organisation > tasklists/organisation.schema.json
"""


@click.command(epilog=_EPILOG)
@click.argument("kind", type=click.Choice(["tasklist", "organisation"]), default="tasklist")
def command(*, kind: str) -> None:
    """Print the JSON Schema of task lists, or of organisation.yaml, for completion in an editor."""
    from pydantic.json_schema import PydanticJsonSchemaWarning

    from engine.cli.showing import print_json
    from engine.core.model import TaskList
    from engine.core.organisation import Organisation

    model = Organisation if kind == "organisation" else TaskList
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # defaults such as 09:00-18:00 are no JSON
        schema = model.model_json_schema()
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema)
