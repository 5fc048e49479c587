"""`tasklists audit`: the ledger against Nexudus, read-only. Sends no write and makes no ledger."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import dir_option, folder_in_use, no_ledger, redact_option

if TYPE_CHECKING:
    from engine.authoring.folder import Folder
    from engine.core.audit_findings import Finding
    from engine.flows.audit import Audited
    from engine.ledger.view import LedgerView

_FEW = 4
"""So many findings with one sentence are named, more are counted."""

_EPILOG = """\b
Example:
  tasklists audit
  tasklists audit --coworker 1423831744 --format json
  tasklists audit --list new-member --all
"""


@click.command(epilog=_EPILOG)
@click.option("--coworker", "coworker_id", type=int, metavar="ID", help="One coworker, also one not yet remembered.")
@click.option("--list", "tasklist", metavar="NAME", help="The tasks of one list.")
@click.option("--all", "everything", is_flag=True, help="List completed tasks too; else they are only counted.")
@dir_option
@redact_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    *, coworker_id: int | None, tasklist: str | None, everything: bool, folder: str | None, redact: bool, form: str
) -> int:
    """Compare what the ledger remembers with what is in Nexudus. Changes nothing; exits 3 when a person is needed."""
    from engine.cli.main import print_error
    from engine.flows.account import Place, open_to_preview, policy
    from engine.flows.audit import Auditor

    place = folder_in_use(folder)
    organisation = place.organisation().model
    with open_to_preview(Place(os.environ, place.path, organisation)) as account:
        coworkers = _coworkers(account.memory, place, coworker_id, tasklist)
        auditor = Auditor(account.reader, account.memory, policy(os.environ, organisation))
        audited = auditor.audit(coworkers, tasklist=tasklist, progress=_progress if sys.stderr.isatty() else None)
    if account.memory is None:
        click.echo(no_ledger(place), err=True)
    shown = [one for one in audited.findings if everything or one.kind != "completed"]
    _show(audited, [_masked(one) for one in shown] if redact else shown, form)
    if audited.stopped_by is not None:
        print_error(audited.stopped_by)
    return audited.exit_code


def _coworkers(
    memory: LedgerView | None, place: Folder, coworker_id: int | None, tasklist: str | None
) -> tuple[int, ...]:
    """Whom to look at. Raises UserError for a list that neither the ledger nor the folder knows."""
    remembered = memory.coworkers(tasklist) if memory else ()
    if tasklist is not None and not remembered and tasklist not in place.lists():
        place.tasklist(tasklist)  # which says what is wrong with the name
    return remembered if coworker_id is None else (coworker_id,)


def _progress(done: int, total: int) -> None:
    """One line that is written over."""
    click.echo(f"\r\x1b[K{done} of {total} coworkers", err=True, nl=done == total)


def _masked(finding: Finding) -> Finding:
    """The key of a loop may be a text about a member; an id tells nothing."""
    from dataclasses import replace

    return finding if finding.key.isdecimal() or not finding.key else replace(finding, key="[key]")


def _show(audited: Audited, findings: list[Finding], form: str) -> None:
    if form == "json":
        from engine.cli.showing import print_json

        print_json(_as_json(audited, findings))
        return
    from engine.cli.tables import print_table, say

    if findings:
        rows = [(one.kind, str(one.coworker_id), _item(one), str(one.task_id or "")) for one in findings]
        print_table(("kind", "coworker", "item", "task"), rows, least=(9, 10, 20, 10))
        click.echo()
        for line in _details(findings):
            say(line)
        click.echo()
    counts = ", ".join(f"{number} {kind}" for kind, number in audited.counts().items())
    say(f"checked {audited.tasks} tasks of {audited.coworkers} coworkers: {counts}")


def _as_json(audited: Audited, findings: list[Finding]) -> dict[str, Any]:
    return {
        "checked": {"coworkers": audited.coworkers, "tasks": audited.tasks},
        "counts": dict(audited.counts()),
        "findings": [one.to_json() for one in findings],
    }


def _item(finding: Finding) -> str:
    if not finding.item:
        return f"ref: {finding.mark}" if finding.mark else ""
    key = f" [{finding.key}]" if finding.key else ""
    return f"{finding.tasklist}/{finding.item}{key}"


def _details(findings: Iterable[Finding]) -> Iterable[str]:
    """Each sentence once, with whom it is about; then what the engine does, then what a person can do."""
    grouped: dict[tuple[str, str, str, str], list[Finding]] = {}
    for one in findings:
        grouped.setdefault((one.kind, one.what, one.next, one.advice), []).append(one)
    for (kind, what, then, advice), ones in grouped.items():
        names = [_item(one) for one in ones if one.item]
        who = f"{len(ones)} tasks" if len(ones) > _FEW else ", ".join(names) or f"coworker {ones[0].coworker_id}"
        yield f"{kind}: {who}: {what}. Next: {then}." + (f" You: {advice}." if advice else "")
