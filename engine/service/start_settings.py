"""What `serve` and `worker` are told, read whole before anything starts.

It must never contact anything: whether a server answers is found out later, and told by health and alerts.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.flows.service_settings import ServiceSettings
from engine.nexudus.settings import secret_of
from engine.service.alert_senders import Sender, make_senders


def read_settings(environ: Mapping[str, str], organisation: Organisation, *, hooks_needed: bool) -> ServiceSettings:
    """Return all settings of the service; with `hooks_needed`, for a door.

    Raises:
        SettingsWrong: everything that is wrong with any of them, the ways out for alerts too.
    """
    return ServiceSettings.from_environment(
        environ, organisation, hooks_needed=hooks_needed, also=[lambda: check_senders(environ)]
    )


def senders_of(settings: ServiceSettings) -> tuple[Sender, ...]:
    """Return the ways out for alerts."""
    return make_senders(
        alert_url=settings.alert_url,
        smtp_url=settings.smtp_url,
        alert_from=settings.alert_from,
        alert_to=settings.alert_to,
    )


def check_senders(environ: Mapping[str, str]) -> None:
    """Raise UserError with everything that is wrong with the ways out for alerts.

    A file that cannot be read is told by whoever reads it: here it only counts as set.
    """
    make_senders(
        alert_url=_text(environ, "TASKLISTS_ALERT_URL", "https://a.file.that.cannot.be.read"),
        smtp_url=_text(environ, "TASKLISTS_SMTP_URL", "smtp://a.file.that.cannot.be.read"),
        alert_from=environ.get("TASKLISTS_ALERT_FROM", ""),
        alert_to=environ.get("TASKLISTS_ALERT_TO", ""),
    )


def _text(environ: Mapping[str, str], name: str, unread: str) -> str:
    try:
        return secret_of(environ, name).strip()
    except UserError:
        return unread
