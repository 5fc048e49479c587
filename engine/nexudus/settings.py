"""How to reach one Nexudus account, read from the environment once.

It must never show a secret: neither in repr, nor in a message, nor by holding it in two places.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from engine.core.errors import UserError

DEFAULT_BASE_URL = "https://spaces.nexudus.com"
"""The host of the token and of every call, whatever the address of the tenant's portal (api.md 1)."""

# One label has at most 63 characters; an IPv6 address comes here without its brackets.
_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|[0-9a-f:.]+")

Auth = Literal["bearer", "basic"]


@dataclass(frozen=True)
class NexudusSettings:
    """One account and one login. `token` wins over the password and is used as it is."""

    base_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    auth: Auth = "bearer"

    @property
    def host(self) -> str:
        """Host and port, as messages name the other side."""
        return urlsplit(self.base_url).netloc


def from_environment(environ: Mapping[str, str]) -> NexudusSettings:
    """The settings of design section 7; each secret also as a file named by `..._FILE`.

    UserError names the variable that is missing or wrong and what to put there.
    """
    for trouble in troubles(environ):
        raise trouble
    return NexudusSettings(
        base_url=base_url_of(environ),
        username=environ.get("NEXUDUS_USERNAME", "").strip(),
        password=secret_of(environ, "NEXUDUS_PASSWORD"),
        token=secret_of(environ, "NEXUDUS_TOKEN").strip(),
        auth=auth_of(environ),
    )


def troubles(environ: Mapping[str, str]) -> list[UserError]:
    """All that is wrong with the account's settings, so that a start can tell it at once; none is raised."""
    single = (
        lambda: base_url_of(environ),
        lambda: auth_of(environ),
        lambda: secret_of(environ, "NEXUDUS_PASSWORD"),
        lambda: secret_of(environ, "NEXUDUS_TOKEN"),
    )
    found = [error for check in single if (error := _raised_by(check)) is not None]
    return found or list(_login_troubles(environ))


def _raised_by(check: Callable[[], object]) -> UserError | None:
    try:
        check()
    except UserError as error:
        return error
    return None


def base_url_of(environ: Mapping[str, str]) -> str:
    """The address of the API without a last slash or /api: NEXUDUS_BASE_URL, else the service's own."""
    return _base_url(environ.get("NEXUDUS_BASE_URL", "").strip() or DEFAULT_BASE_URL)


def auth_of(environ: Mapping[str, str]) -> Auth:
    """The way of logging in: NEXUDUS_AUTH, else bearer."""
    text = environ.get("NEXUDUS_AUTH", "")
    word = text.strip().lower() or "bearer"
    if word == "bearer":
        return "bearer"
    if word == "basic":
        return "basic"
    raise UserError(f"NEXUDUS_AUTH is {text!r}.", advice="Set it to bearer (the default) or to basic.")


def _base_url(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise _wrong_base_url(text, "is no web address")
    if parts.username is not None or parts.password is not None:
        # Not shown back: what stands before the @ may be a password.
        raise UserError(
            "NEXUDUS_BASE_URL holds a login.",
            advice="Put it into NEXUDUS_USERNAME and NEXUDUS_PASSWORD and leave it out of the address.",
        )
    if not _HOST.fullmatch(parts.hostname):
        raise _wrong_base_url(text, "has a host that is no host name")
    if parts.query or parts.fragment:
        raise _wrong_base_url(text, "has a ? or # part")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise _wrong_base_url(text, "is not https, and a password must not travel in the clear")
    path = parts.path.rstrip("/")
    if path.lower().endswith("/api"):
        path = path[:-4].rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # a wrong port raises only when asked for
    except ValueError:
        raise _wrong_base_url(text, "is no web address") from None
    return parts


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, so that plain http leaves no trace on a wire."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong_base_url(text: str, why: str) -> UserError:
    shown = text.rpartition("@")[2] if "@" in text else text
    return UserError(
        f"NEXUDUS_BASE_URL is {shown!r}, which {why}.",
        advice=f"Leave it out, which means {DEFAULT_BASE_URL}, or set it to the address of the sandbox.",
    )


def secret_of(environ: Mapping[str, str], name: str) -> str:
    """The value of `name`, or the content of the file that `name`_FILE names, less one last newline; "" if neither.

    UserError when both are set, or the file cannot be read; it never shows the secret.
    """
    value, file_name = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    if value and file_name:
        raise UserError(f"{name} and {name}_FILE are both set.", advice="Keep one of the two.")
    if not file_name:
        return value
    try:
        text = Path(file_name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(
            f"{name}_FILE names {file_name!r}, which cannot be read: {reason}.",
            advice="Point it to a file that holds the secret and nothing else.",
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def _login_troubles(environ: Mapping[str, str]) -> Iterator[UserError]:
    auth, token = auth_of(environ), secret_of(environ, "NEXUDUS_TOKEN").strip()
    if token:
        yield from _token_troubles(token, auth)
        return
    username = environ.get("NEXUDUS_USERNAME", "").strip()
    if not username:
        yield _missing("NEXUDUS_USERNAME", "e-mail")
    if not secret_of(environ, "NEXUDUS_PASSWORD"):
        yield _missing("NEXUDUS_PASSWORD", "password")
    if auth == "basic" and ":" in username:
        yield UserError(
            "NEXUDUS_USERNAME holds a colon, which basic authentication cannot carry.",
            advice="Set NEXUDUS_AUTH to bearer.",
        )


def _token_troubles(token: str, auth: Auth) -> Iterator[UserError]:
    if auth == "basic":
        yield UserError(
            "NEXUDUS_TOKEN is set, and NEXUDUS_AUTH is basic, which takes no token.",
            advice="Unset NEXUDUS_TOKEN, or set NEXUDUS_AUTH to bearer.",
        )
    if not is_header_safe(token):
        yield UserError(
            "NEXUDUS_TOKEN holds a space or a character that no token has.",
            advice="Copy the access token alone, without quotes and without the word bearer.",
        )


def _missing(name: str, what: str) -> UserError:
    return UserError(
        f"{name} is not set.",
        advice=f"Set {name} to the {what} of an admin user with API access, "
        "or try the sandbox: `tasklists sandbox` prints what to set.",
    )


def is_header_safe(token: str) -> bool:
    """Whether a token may stand in a header: visible ASCII only."""
    return bool(token) and all("!" <= character <= "~" for character in token)
