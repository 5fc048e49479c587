"""`tasklists hooks`: the webhooks at Nexudus. Shows, asks, makes what is missing, and leaves those of others alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from engine.cli.choices import can_ask, dir_option, folder_in_use
from engine.cli.hooks_showing import show_done, show_findings, show_hooks, tell_of
from engine.cli.signals import at_a_prompt, stop_on_signals
from engine.core.errors import Problems

if TYPE_CHECKING:
    from engine.core.organisation import Organisation
    from engine.flows.account import Place
    from engine.flows.hook_changes import HookChange
    from engine.flows.hooks import Compared, WantedHook
    from engine.nexudus.webhooks import Hook

_EPILOG = """\b
Example:
  tasklists hooks register --url https://tasks.acme.example
  tasklists hooks check --enable
  tasklists hooks list --format json
  tasklists hooks remove --unused
"""

_LEFT = b"interrupted: a webhook may have been changed already; the same command looks first and goes on\n"

_url = click.option(
    "--url", "given_url", metavar="URL", help="Where Nexudus reaches `tasklists serve`; else TASKLISTS_PUBLIC_URL."
)
_format = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
_insecure = click.option("--insecure", is_flag=True, help="Take a plain http address that is not this machine.")
_yes = click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")


@click.group(epilog=_EPILOG)
def command() -> None:
    """List, register, check and remove the webhooks that start the lists."""


@dataclass(frozen=True)
class _House:
    """What the files and settings say about webhooks."""

    place: Place
    public_url: str
    wanted: tuple[WantedHook, ...]
    signed: frozenset[str]
    """Locations whose deliveries are told by their signature."""

    @property
    def organisation(self) -> Organisation:
        return self.place.organisation


def _house(folder: str | None, given_url: str | None, *, insecure: bool, url_needed: bool = True) -> _House:
    """Raises UserError for files, an address or secrets that are wrong."""
    from engine.authoring.check import check_folder
    from engine.flows.account import Place
    from engine.flows.hooks import checked_public_url, tokens_in_use, wanted_hooks
    from engine.nexudus.hook_secrets import read_hook_secrets

    found = folder_in_use(folder)
    checked = check_folder(found)
    if checked.errors or checked.organisation is None:
        raise Problems(checked.problems)
    organisation = checked.organisation.model
    given = given_url or os.environ.get("TASKLISTS_PUBLIC_URL", "")
    public_url = checked_public_url(given, insecure=insecure) if url_needed or given else ""
    secrets = read_hook_secrets(os.environ, tuple(organisation.locations), needed=False)
    tokens = tokens_in_use(secrets)
    return _House(
        Place(os.environ, found.path, organisation),
        public_url,
        wanted_hooks(checked.lists, organisation, public_url, tokens),
        frozenset(organisation.locations) - set(tokens),
    )


@command.command("list")
@_url
@dir_option
@_format
def list_hooks(*, given_url: str | None, folder: str | None, form: str) -> int:
    """Show the webhooks of our locations, ours and those of others. Changes nothing."""
    from engine.flows.hooks import is_ours

    house = _house(folder, given_url, insecure=True, url_needed=False)
    known = {place.business_id for place in house.organisation.locations.values()}
    everything = _all_hooks(house, only_news=False)
    hooks = [one for one in everything if one.business_id in known or is_ours(one, house.public_url)]
    show_hooks(hooks, house.organisation, house.public_url, form)
    return 0


@command.command()
@_url
@_insecure
@_yes
@dir_option
@_format
def register(*, given_url: str | None, insecure: bool, yes: bool, folder: str | None, form: str) -> int:
    """Make the webhooks that the lists need: one for each location and event. Mends ours that are wrong or off."""
    from engine.flows.hook_changes import to_register

    _must_be_able_to_ask(yes)
    house = _house(folder, given_url, insecure=insecure)
    code = _change(house, to_register, yes=yes, form=form)
    if code is not None:
        _tell_of_secrets(house)
    return code or 0


def _tell_of_secrets(house: _House) -> None:
    """The one step that no API offers (webhooks.md 1: the record has no secret field)."""
    places = sorted({one.location for one in house.wanted} & house.signed)
    if places:
        click.echo(
            f"Now type the shared secret of each location into Nexudus, at that location, under Settings > "
            f"Integrations > Webhooks > Shared secret: {', '.join(places)}. It is the one that "
            "TASKLISTS_HOOK_SECRETS gives to `tasklists serve`; without it deliveries come unsigned and are refused.",
            err=True,
        )


@command.command()
@_url
@click.option("--enable", is_flag=True, help="Switch on again what is off, after asking.")
@_yes
@dir_option
@_format
def check(*, given_url: str | None, enable: bool, yes: bool, folder: str | None, form: str) -> int:
    """Find webhooks that are missing, off, failing or wrong. Exits 3 when there is one."""
    from engine.flows.hook_changes import to_switch_on
    from engine.flows.hook_findings import findings_of
    from engine.flows.hooks import compare

    if enable:
        _must_be_able_to_ask(yes)
    house = _house(folder, given_url, insecure=True)
    if enable:
        _change(house, to_switch_on, yes=yes, form=form, quiet=True)
    compared = compare(house.wanted, _all_hooks(house, only_news=True), house.public_url)
    findings = findings_of(compared, house.organisation)
    show_findings(findings, len(house.wanted), form)
    return 3 if any(one.needs_person for one in findings) else 0


@command.command()
@_url
@click.option("--unused", is_flag=True, help="Only those that no list uses any more, and doubles.")
@_yes
@dir_option
@_format
def remove(*, given_url: str | None, unused: bool, yes: bool, folder: str | None, form: str) -> int:
    """Remove our webhooks from Nexudus: those that lead to an address under URL/hooks/, and no others."""
    from engine.flows.hook_changes import to_remove

    _must_be_able_to_ask(yes)
    house = _house(folder, given_url, insecure=True)
    location_of = house.organisation.location_of
    return _change(house, lambda c: to_remove(c, location_of, unused_only=unused), yes=yes, form=form) or 0


def _must_be_able_to_ask(yes: bool) -> None:
    if not (yes or can_ask()):
        raise click.UsageError("nobody can be asked here: look with `tasklists hooks check`, then add --yes.")


def _all_hooks(house: _House, *, only_news: bool) -> tuple[Hook, ...]:
    """Every webhook that the login sees, perhaps less the failures that it got over; no ledger is made for it."""
    from engine.flows.account import open_to_preview
    from engine.flows.hook_news import HookNews
    from engine.nexudus.webhooks import read_hooks

    with open_to_preview(house.place) as account:
        hooks = read_hooks(account.reader)
        return HookNews(account.memory).news_of(hooks) if only_news else hooks


def _change(
    house: _House,
    changes_of: Callable[[Compared], tuple[HookChange, ...]],
    *,
    yes: bool,
    form: str,
    quiet: bool = False,
) -> int | None:
    """Show what would be done, ask, do it and tell. The exit code; None if it was declined.

    With `quiet` nothing goes to standard output.
    """
    from whenever import Instant

    from engine.cli.making import Countdown
    from engine.flows.account import open_to_run, policy
    from engine.flows.hook_changes import HookWriter
    from engine.flows.hook_news import HookNews
    from engine.flows.hooks import compare

    with stop_on_signals(left=_LEFT) as stop, open_to_run(house.place, stop, Countdown()) as account:
        webhooks = account.client.webhooks
        changes = changes_of(compare(house.wanted, webhooks.all(), house.public_url))
        todo = [change for change in changes if change.verb != "keep"]
        if todo and not yes and not _agreed(todo):
            click.echo("nothing was done", err=True)
            return None
        quiet_seconds = policy(os.environ, house.organisation).quiet_seconds
        writer = HookWriter(
            webhooks, house.public_url, stop=stop, quiet_seconds=quiet_seconds, waiting=Countdown()
        )
        done = writer.apply(changes, tell_of)
        on_again = [one.change.hook for one in done if one.outcome == "updated" and one.change.hook is not None]
        HookNews(account.ledger).got_over(on_again, Instant.now())
    if not quiet:
        show_done(done, form)
    return 3 if any(one.outcome == "failed" for one in done) else 0


def _agreed(changes: Collection[HookChange]) -> bool:
    for change in changes:
        click.echo(f"would {change.verb} {change.location} {change.event}: {change.why}", err=True)
        if change.wanted is not None:
            click.echo(f"  to {change.wanted.shown_url}", err=True)
    with at_a_prompt():
        return click.confirm(f"{len(changes)} webhooks at Nexudus. Go on?", err=True)
