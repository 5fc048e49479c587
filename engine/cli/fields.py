"""`tasklists fields`: the catalogue of facts."""

from __future__ import annotations

import click

from engine.cli.choices import dir_option, folder_in_use

_EPILOG = """\b
Example:
  tasklists fields coworker.custom
  tasklists fields --format json
"""


@click.command(epilog=_EPILOG)
@click.argument("prefix", default="", metavar="[PREFIX]")
@dir_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(*, prefix: str, folder: str | None, form: str) -> None:
    """List the facts that texts and conditions may name, with type and origin; all, or those of a PREFIX."""
    from engine.core.catalogue import all_facts, in_words, type_of
    from engine.core.scopes import custom_kinds

    organisation = folder_in_use(folder).organisation().model
    given = {name: type_of(value) for place in organisation.locations.values() for name, value in place.vars.items()}
    facts = [
        fact
        for fact in all_facts(custom_kinds(organisation.custom_fields), given)
        if fact.path == prefix or fact.path.startswith(prefix)
    ]
    if form == "json":
        from engine.cli.showing import print_json

        told = [{"path": f.path, "type": in_words(f.type), "from": f.field, "meaning": f.meaning} for f in facts]
        print_json(told)
        return
    from engine.cli.tables import print_table

    rows = [(fact.path, in_words(fact.type), fact.field, fact.meaning) for fact in facts]
    print_table(("fact", "type", "from", "meaning"), rows)
