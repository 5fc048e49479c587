"""The ways out for an alert: a POST to one address, and a mail. One call, one try, ten seconds.

They must never follow a redirect, send a password over a line that others can read, or show an address or a
password in an error.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final, Literal, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from whenever import Instant

from engine.core.errors import UserError
from engine.nexudus.settings import is_loopback

SECONDS: Final = 10.0
"""For one try: an alert that takes longer is tried again, and others wait behind it."""

SERVICE: Final = "tasklists"
_PORTS: Final = {"smtp": 587, "smtps": 465}
_ADDRESS: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True)
class Notice:
    """What is told: a cause that began, or one that ended. `since` is UTC."""

    cause: str
    kind: str
    text: str
    since: Instant
    state: Literal["open", "cleared"]

    def to_json(self) -> dict[str, Any]:
        return {
            "cause": self.cause,
            "kind": self.kind,
            "text": self.text,
            "since": str(self.since),
            "state": self.state,
            "service": SERVICE,
        }


class NotSent(Exception):
    """A try that failed; its words are ours and hold no address."""


class Sender(Protocol):
    """One way out."""

    name: str

    def send(self, notice: Notice) -> str:
        """Tell it once; what is to be said about it, mostly nothing. NotSent if nobody may have got it."""


class UrlSender:
    """Posts alerts as JSON to exactly one address."""

    name = "the alert URL"

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, notice: Notice) -> str:
        """Any 2xx is a success; what the answer says is not read."""
        import asyncio

        import httpx

        try:
            status = asyncio.run(self._post(notice))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise NotSent(f"gave no answer ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise NotSent(f"answered {status}")
        return ""

    async def _post(self, notice: Notice) -> int:
        import asyncio

        import httpx

        async with (
            asyncio.timeout(SECONDS),  # of all together: a time limit of the library is one for each read
            httpx.AsyncClient(follow_redirects=False, timeout=SECONDS) as client,
            client.stream("POST", self._url, json=notice.to_json()) as answer,
        ):
            return answer.status_code


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in. `context` says whose certificates are believed."""

    host: str
    port: int
    is_tls: bool
    username: str = ""
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)


class MailSender:
    """Mails alerts; STARTTLS wherever the server offers it."""

    name = "the mail server"

    def __init__(self, server: MailServer, *, sender: str, to: tuple[str, ...]) -> None:
        self._server = server
        self._from = sender
        self._to = to

    def send(self, notice: Notice) -> str:
        """Hand one mail in. With one recipient taken it is sent: a second try would mail that one again."""
        try:
            with self._connected() as line:
                self._secure(line)
                if self._server.username:
                    line.login(self._server.username, self._server.password)
                refused = line.send_message(self._mail(notice))
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"answered {error.smtp_code}") from None  # less its words, which may repeat the login
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotSent(f"took no mail ({type(error).__name__})") from None
        return f"refused {len(refused)} of {len(self._to)} recipients" if refused else ""

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.is_tls:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=self._context())
        return smtplib.SMTP(server.host, server.port, timeout=SECONDS)

    def _secure(self, line: smtplib.SMTP) -> None:
        if self._server.is_tls:
            return
        line.ehlo()
        if line.has_extn("starttls"):
            line.starttls(context=self._context())
        elif self._server.username and not is_loopback(self._server.host):
            raise NotSent("offers no STARTTLS, and a password must not travel in the clear")

    def _context(self) -> ssl.SSLContext:
        return self._server.context or ssl.create_default_context()

    def _mail(self, notice: Notice) -> EmailMessage:
        word = "ended" if notice.state == "cleared" else "alert"
        mail = EmailMessage()
        mail["From"], mail["To"] = self._from, ", ".join(self._to)
        mail["Subject"] = f"[{SERVICE}] {word}: {' '.join(notice.text.split())[:120]}"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{notice.text}\n\nstate: {notice.state}\ncause: {notice.cause}\nsince: {notice.since}\n")
        return mail


def make_senders(*, alert_url: str, smtp_url: str, alert_from: str, alert_to: str) -> tuple[Sender, ...]:
    """Return the ways out that are set; empty texts are not set. `alert_to` has commas between addresses.

    Raises:
        UserError: everything that is wrong with them, without any secret.
    """
    wrong: list[str] = []
    found: list[Sender] = []
    if alert_url and not _is_web(_split(alert_url)):
        wrong.append("TASKLISTS_ALERT_URL is no web address.")
    elif alert_url:
        found.append(UrlSender(alert_url))
    server = _mail_server(smtp_url, wrong) if smtp_url else None
    to = tuple(part.strip() for part in alert_to.split(",") if part.strip())
    sender = alert_from.strip() or next(iter(to), "")
    if smtp_url and not to:
        wrong.append("TASKLISTS_SMTP_URL is set, and TASKLISTS_ALERT_TO is not.")
    if to and not smtp_url:
        wrong.append("TASKLISTS_ALERT_TO is set, and TASKLISTS_SMTP_URL is not.")
    named = [("TASKLISTS_ALERT_TO", one) for one in to] + ([("TASKLISTS_ALERT_FROM", sender)] if sender else [])
    wrong += [f"{name} holds {one!r}, which is no e-mail." for name, one in named if not _ADDRESS.fullmatch(one)]
    if wrong:
        raise UserError("\n".join(dict.fromkeys(wrong)), advice="See `tasklists config` for what is in force.")
    if server is not None:
        found.append(MailSender(server, sender=sender, to=to))
    return tuple(found)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a wrong port raises only when asked for
    except ValueError:
        return None
    return parts if parts.hostname else None


def _is_web(parts: SplitResult | None) -> bool:
    return parts is not None and parts.scheme in {"https", "http"}


def _mail_server(url: str, wrong: list[str]) -> MailServer | None:
    parts = _split(url)
    if parts is None or parts.scheme not in _PORTS:
        wrong.append("TASKLISTS_SMTP_URL is not smtp://host or smtps://user:password@host:port.")
        return None
    return MailServer(
        parts.hostname or "",
        parts.port or _PORTS[parts.scheme],
        parts.scheme == "smtps",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
