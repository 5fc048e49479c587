"""Every setting there is: name, meaning, default. Data only; README and `tasklists config` show this table.

It must never hold a rule of its own: how a value is read and what is wrong with it is its reader's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "address", "word", "number", "secret", "folder", "place"]


@dataclass(frozen=True)
class Setting:
    """One environment variable. `default` is what holds without it, as a person would write it; "" is nothing.

    `least` and `most` bound a whole number; `words` are all that a word may be.
    """

    name: str
    meaning: str
    kind: Kind
    default: str = ""
    least: int = 0
    most: int = 0
    words: tuple[str, ...] = ()
    takes_file: bool = False

    @property
    def is_secret(self) -> bool:
        """Whether the value is shown to nobody; then it may also stand in a file named by NAME_FILE."""
        return self.kind == "secret"

    @property
    def has_file(self) -> bool:
        """Whether NAME_FILE may name a file that holds the value."""
        return self.is_secret or self.takes_file


def _secret(name: str, meaning: str) -> Setting:
    return Setting(name, meaning, "secret")


def _word(name: str, meaning: str, *words: str) -> Setting:
    """A choice; the first of `words` is the default."""
    return Setting(name, meaning, "word", words[0], words=words)


def _whole(name: str, meaning: str, default: int, bounds: tuple[int, int]) -> Setting:
    return Setting(name, meaning, "number", str(default), *bounds)


def _seconds(name: str, meaning: str, default: int) -> Setting:
    return Setting(name, f"{meaning}; decimals allowed", "number", str(default))


_MOST_LIMIT = 999_999_999
_DAY = 24 * 60
"""Minutes: what is looked at less than once a day is not watched."""

ACCOUNT = (
    Setting("NEXUDUS_BASE_URL", "where the API is", "address", "https://spaces.nexudus.com"),
    Setting("NEXUDUS_USERNAME", "the e-mail of the login", "text"),
    _secret("NEXUDUS_PASSWORD", "its password"),
    _secret("NEXUDUS_TOKEN", "an access token, used instead of name and password"),
    _word("NEXUDUS_AUTH", "how the password is used: for a token, or on each call", "bearer", "basic"),
)
"""How to reach Nexudus."""

LISTS = (
    Setting("TASKLISTS_DIR", "the folder of the lists", "folder", "./tasklists, else the nearest one upwards"),
    Setting(
        "TASKLISTS_LEDGER",
        "the ledger: a file, or the URL of a PostgreSQL database",
        "place",
        ".tasklists/ledger.db beside the folder of the lists",
        takes_file=True,
    ),
    _word("TASKLISTS_NOTES_REF", "the mark in Notes, by which tasks are found when the ledger is lost", "on", "off"),
    _seconds("TASKLISTS_QUIET_SECONDS", "how long a request without an answer may still arrive", 120),
    _seconds("TASKLISTS_LEASE_SECONDS", "how long a process that died keeps others from its member", 30),
    _whole("TASKLISTS_WRITES_PER_MINUTE", "the account's limit of writes; 0 is none", 60, (0, _MOST_LIMIT)),
    _whole("TASKLISTS_CALLS_PER_MINUTE", "the account's limit of calls; 0 is none", 120, (0, _MOST_LIMIT)),
    _whole("TASKLISTS_CALLS_PER_HOUR", "the account's limit of calls; 0 is none", 5000, (0, _MOST_LIMIT)),
    _whole("TASKLISTS_CALLS_PER_100_MS", "the account's limit of calls; 0 is none", 10, (0, _MOST_LIMIT)),
    _whole("TASKLISTS_WRITES_PER_DAY", "the account's limit of writes; 0 is none", 5000, (0, _MOST_LIMIT)),
)
"""How lists are run, by hand and by the service."""

SERVICE = (
    _secret("TASKLISTS_HOOK_SECRETS", "the shared secrets of the webhooks, one or two a location, as JSON"),
    _secret("TASKLISTS_HOOK_TOKENS", "for hooks that cannot be signed: a secret part of the path by location, as JSON"),
    Setting("TASKLISTS_PUBLIC_URL", "where Nexudus reaches the door, such as https://tasks.acme.example", "address"),
    _whole("TASKLISTS_SETTLE_SECONDS", "how long a burst of deliveries about one member may last", 10, (0, 600)),
    _word("TASKLISTS_SWEEP", "what becomes of members that no delivery told about", "run", "report", "off"),
    _whole("TASKLISTS_SWEEP_MINUTES", "how often they are looked for", 15, (1, _DAY)),
    _whole("TASKLISTS_WAIT_SECONDS", "how often it is asked which tasks were completed", 60, (1, 3600)),
    _whole("TASKLISTS_CANCELLATION_DAYS", "how far ahead a cancellation counts as contract.cancelled", 60, (0, 366)),
    _whole("TASKLISTS_HOOK_CHECK_MINUTES", "how often the webhooks at Nexudus are looked at", 15, (1, _DAY)),
    _word("TASKLISTS_HOOKS_REENABLE", "whether a webhook found switched off is switched on again", "off", "on"),
    _secret("TASKLISTS_ALERT_URL", "where alerts are posted, as JSON"),
    _secret("TASKLISTS_SMTP_URL", "the mail server for alerts: smtp:// or smtps://user:password@host:port"),
    Setting("TASKLISTS_ALERT_FROM", "who such a mail is from", "text", "the first of TASKLISTS_ALERT_TO"),
    Setting("TASKLISTS_ALERT_TO", "who gets it; several with commas", "text"),
    _whole("TASKLISTS_BACKLOG_MINUTES", "how long a delivery may wait before that is an alert", 15, (1, _DAY)),
    _whole("TASKLISTS_WORKERS", "how many members are worked on at once", 4, (1, 64)),
    _whole("TASKLISTS_KEEP_DAYS", "how long settled deliveries are listed", 400, (1, 3660)),
    _word("TASKLISTS_LOG", "the form of the log on standard error: JSON lines, or for people", "json", "text"),
)
"""What only the service reads."""

SETTINGS = (*ACCOUNT, *LISTS, *SERVICE)
"""All, in the order in which they are told."""

BY_NAME = {setting.name: setting for setting in SETTINGS}
