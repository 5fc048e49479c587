"""Which value each setting has now and where it came from, fit to be shown to anybody.

It must never show a secret, nor the login in an address, nor contact anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from engine.core.errors import UserError
from engine.flows.account import ledger_shown
from engine.flows.hooks import checked_public_url
from engine.flows.service_settings import whole, word
from engine.flows.settings_table import SETTINGS, Setting
from engine.nexudus.settings import base_url_of

Source = Literal["environment", "file", "default", "argument"]
Environ = Mapping[str, str]

WRONG: Final = "wrong"
"""Shown instead of a value that cannot be in force: what stands there may be a secret in the wrong place."""

NOT_SET: Final = "not set"


@dataclass(frozen=True)
class InForce:
    """A setting as it holds now. `value` is a text for people."""

    setting: Setting
    value: str
    source: Source


def in_force(environ: Environ, folder: Path | None, *, named: bool = False) -> tuple[InForce, ...]:
    """Return every setting, in the order of the table.

    `folder` is that of the lists, None where there is none; `named` when it was given by argument.
    """
    return tuple(_one(setting, environ, folder, named=named) for setting in SETTINGS)


def _one(setting: Setting, environ: Environ, folder: Path | None, *, named: bool) -> InForce:
    source = _source(setting, environ)
    if setting.name == "TASKLISTS_DIR":
        return InForce(setting, str(folder) if folder else NOT_SET, "argument" if named else source)
    if setting.is_secret:
        told = {"file": "set (from file)", "environment": "set"}.get(source, NOT_SET)
        return InForce(setting, told, source)
    try:
        value = _value(setting, environ, folder)
    except UserError:
        value = WRONG
    return InForce(setting, value or NOT_SET, source)


def _source(setting: Setting, environ: Environ) -> Source:
    if environ.get(setting.name, "").strip():
        return "environment"
    return "file" if setting.has_file and environ.get(f"{setting.name}_FILE", "").strip() else "default"


def _value(setting: Setting, environ: Environ, folder: Path | None) -> str:
    """What is read, by whoever reads it. UserError for what is wrong."""
    given = environ.get(setting.name, "").strip()
    special: dict[str, Callable[[], str]] = {
        "NEXUDUS_BASE_URL": lambda: base_url_of(environ),
        "TASKLISTS_PUBLIC_URL": lambda: checked_public_url(given, insecure=True) if given else "",
        "TASKLISTS_LEDGER": lambda: ledger_shown(environ, folder) if folder else setting.default,
    }
    if setting.name in special:
        return special[setting.name]()
    if setting.kind == "word":
        return word(environ, setting.name)
    if setting.most:
        return str(whole(environ, setting.name))
    if setting.kind == "number" and given and not given.replace(".", "", 1).isdigit():
        raise UserError(f"{setting.name} is no number.")
    return given or setting.default
