"""What a service is told by its environment, read once at the start: everything that is wrong is told at once.

It must never show a secret, contact anything, or let a wrong setting fall back to its default.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self, cast

from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.core.words import nearest
from engine.flows import account
from engine.flows.settings_table import BY_NAME, SERVICE, SETTINGS
from engine.nexudus.settings import secret_of, troubles

if TYPE_CHECKING:
    from engine.flows.sweep import SweepSettings
    from engine.nexudus.hook_secrets import HookSecrets

Environ = Mapping[str, str]
Check = Callable[[], object]
"""Raises UserError for what is wrong."""

_LIMITS: Final = tuple(name for name in BY_NAME if name.startswith(("TASKLISTS_WRITES_", "TASKLISTS_CALLS_")))
_HOOKS: Final = ("TASKLISTS_HOOK_SECRETS", "TASKLISTS_HOOK_TOKENS")


class SettingsWrong(UserError):
    """One or more settings are wrong; `problems` has one line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems), advice="`tasklists config` shows all settings in force.")


@dataclass(frozen=True)
class ServiceSettings:
    """All that `serve` and `worker` are told beside the account itself. Secrets are in no repr."""

    hook_secrets: HookSecrets
    public_url: str
    settle_seconds: int
    sweep: SweepSettings
    sweep_minutes: int
    wait_seconds: int
    hook_check_minutes: int
    hooks_reenable: bool
    alert_url: str = field(repr=False)
    smtp_url: str = field(repr=False)
    alert_from: str
    alert_to: str
    backlog_minutes: int
    workers: int
    keep_days: int
    log: Literal["json", "text"]

    @classmethod
    def from_environment(
        cls, environ: Environ, organisation: Organisation, *, hooks_needed: bool = True, also: Iterable[Check] = ()
    ) -> Self:
        """Read the settings of a service.

        `also` are further checks of whoever starts it. A worker has no door: with `hooks_needed` False it starts
        without secrets.

        Raises:
            SettingsWrong: everything that is wrong with any setting, the account's too.
        """
        wrong = problems(environ, organisation, hooks_needed=hooks_needed, also=also)
        if wrong:
            raise SettingsWrong(wrong)
        return cls(
            hook_secrets=_hook_secrets(environ, organisation, needed=hooks_needed),
            public_url=_public_url(environ),
            settle_seconds=whole(environ, "TASKLISTS_SETTLE_SECONDS"),
            sweep=_sweep(environ),
            sweep_minutes=whole(environ, "TASKLISTS_SWEEP_MINUTES"),
            wait_seconds=whole(environ, "TASKLISTS_WAIT_SECONDS"),
            hook_check_minutes=whole(environ, "TASKLISTS_HOOK_CHECK_MINUTES"),
            hooks_reenable=word(environ, "TASKLISTS_HOOKS_REENABLE") == "on",
            alert_url=secret_of(environ, "TASKLISTS_ALERT_URL").strip(),
            smtp_url=secret_of(environ, "TASKLISTS_SMTP_URL").strip(),
            alert_from=environ.get("TASKLISTS_ALERT_FROM", "").strip(),
            alert_to=environ.get("TASKLISTS_ALERT_TO", "").strip(),
            backlog_minutes=whole(environ, "TASKLISTS_BACKLOG_MINUTES"),
            workers=whole(environ, "TASKLISTS_WORKERS"),
            keep_days=whole(environ, "TASKLISTS_KEEP_DAYS"),
            log=log_form(environ),
        )


def whole(environ: Environ, name: str) -> int:
    """The whole number that a setting of the table says, else its default. UserError outside its bounds."""
    setting = BY_NAME[name]
    text = environ.get(name, "").strip() or setting.default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and setting.least <= int(text) <= setting.most):
        advice = f"Set it to a whole number from {setting.least} to {setting.most}."
        raise UserError(f"{name} is {text!r}.", advice=advice)
    return int(text)


def word(environ: Environ, name: str) -> str:
    """The word that a setting of the table says, without regard to case, else its default. UserError for others."""
    setting = BY_NAME[name]
    text = environ.get(name, "").strip().lower() or setting.default
    if text not in setting.words:
        near = nearest(text, setting.words)
        advice = f"Set it to {' or '.join(setting.words)}" + (f"; nearest: {near}." if near else ".")
        raise UserError(f"{name} is {text!r}.", advice=advice)
    return text


def log_form(environ: Environ) -> Literal["json", "text"]:
    """The form of the log. UserError for a wrong TASKLISTS_LOG."""
    return cast(Literal["json", "text"], word(environ, "TASKLISTS_LOG"))


def problems(
    environ: Environ, organisation: Organisation | None, *, hooks_needed: bool, also: Iterable[Check] = ()
) -> tuple[str, ...]:
    """Everything that is wrong, one line each, each beginning with its setting's name.

    Without an organisation, because its file is wrong, what depends on it is not judged.
    """
    found = list(troubles(environ))
    for check in (*_checks(environ), *_checks_with(environ, organisation, hooks_needed), *also):
        try:
            check()
        except UserError as error:
            found.append(error)
    return tuple(dict.fromkeys(line for error in found for line in _lines(error)))


def unknown(environ: Environ) -> tuple[str, ...]:
    """Names that look like settings and are none: nothing reads them. One line each, with the nearest name."""
    known = {*BY_NAME, *(f"{setting.name}_FILE" for setting in SETTINGS if setting.has_file)}
    strangers = sorted(name for name in environ if name.startswith(("NEXUDUS_", "TASKLISTS_")) and name not in known)
    return tuple(f"{name} is no setting{_meant(name, known)}." for name in strangers)


def _meant(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"; nearest: {near}" if near else ""


def _lines(error: UserError) -> list[str]:
    *lines, last = error.message.splitlines()
    return [*lines, f"{last} {error.advice}".strip()]


def _checks(environ: Environ) -> Iterator[Check]:
    """Checks of single settings, by whatever reads them."""
    yield lambda: account.ledger_place(environ, Path(os.curdir))
    for name in _LIMITS:
        yield lambda name=name: account.limits(_alone(environ, name))  # type: ignore[misc]  # a default binds it now
    yield lambda: account.lease_seconds(environ)
    yield lambda: word(environ, "TASKLISTS_NOTES_REF")
    yield lambda: _public_url(environ)
    for setting in SERVICE:
        if setting.name in _HOOKS:  # read whole below, or not at all
            continue
        reader = {"number": whole, "word": word, "secret": secret_of}.get(setting.kind)
        if reader is not None:
            yield lambda name=setting.name, read=reader: read(environ, name)  # type: ignore[misc]  # as above


def _checks_with(environ: Environ, organisation: Organisation | None, hooks_needed: bool) -> Iterator[Check]:
    if organisation is None:
        for name in _HOOKS:
            yield lambda name=name: secret_of(environ, name)  # type: ignore[misc]  # as above
        return
    yield lambda: account.policy(_alone(environ, "TASKLISTS_QUIET_SECONDS"), organisation)
    yield lambda: _hook_secrets(environ, organisation, needed=hooks_needed)


def _alone(environ: Environ, name: str) -> Environ:
    """An environment of one setting, so that a reader of several tells what is wrong with each."""
    return {name: environ[name]} if name in environ else {}


def _hook_secrets(environ: Environ, organisation: Organisation, *, needed: bool) -> HookSecrets:
    from engine.nexudus.hook_secrets import read_hook_secrets

    return read_hook_secrets(environ, tuple(organisation.locations), needed=needed)


def _public_url(environ: Environ) -> str:
    """Empty when it is not set. Plain http passes here: `hooks register` asks for consent to it."""
    from engine.flows.hooks import checked_public_url

    text = environ.get("TASKLISTS_PUBLIC_URL", "")
    return checked_public_url(text, insecure=True) if text.strip() else ""


def _sweep(environ: Environ) -> SweepSettings:
    from engine.flows.sweep import SweepSettings

    mode = cast(Literal["run", "report", "off"], word(environ, "TASKLISTS_SWEEP"))
    return SweepSettings(mode, whole(environ, "TASKLISTS_CANCELLATION_DAYS"))
