"""What the token endpoint answers. Pure.

It must never put a token, a password or the answer's own text into a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from whenever import Instant

from engine.nexudus.answers import Broken, RetrySafe
from engine.nexudus.errors import API_USER_ADVICE, LoginRefused, PasswordMustBeReset, SecondFactorWanted
from engine.nexudus.settings import is_header_safe
from engine.nexudus.throttle import retry_after
from engine.nexudus.wire import decoded, is_page


@dataclass(frozen=True)
class Token:
    """An access token and the seconds it lives, None where the answer does not say."""

    access_token: str = field(repr=False)
    lives: float | None


@dataclass(frozen=True)
class Denied:
    """No token, and asking again would not change it. `error` makes a fresh exception each time."""

    kind: type[LoginRefused]
    message: str
    advice: str

    def error(self) -> LoginRefused:
        return self.kind(self.message, advice=self.advice)


_WRONG_LOGIN = Denied(
    LoginRefused,
    "Nexudus refused the login.",
    "Check NEXUDUS_USERNAME (the e-mail of an admin user with API access) and NEXUDUS_PASSWORD.",
)
_REASONS = {
    "invalid_grant": _WRONG_LOGIN,
    "two_factor_auth_check": Denied(
        SecondFactorWanted, "The login wants a two-factor code, which no program can give.", API_USER_ADVICE
    ),
    "must_reset_password": Denied(
        PasswordMustBeReset,
        "The login must set a new password first.",
        "Log in to Nexudus once with it, set a new password, and put that into NEXUDUS_PASSWORD. "
        + API_USER_ADVICE,
    ),
}


def judge_grant(
    status: int, headers: Mapping[str, str], body: bytes, now: Instant
) -> Token | Denied | RetrySafe | Broken:
    """The class of an answer of the token endpoint; bad credentials come as 400 or as 401 (api.md 1)."""
    if status in {409, 429}:
        return RetrySafe("too many calls", retry_after(headers, body, now), throttled=True)
    if 300 <= status < 400:
        return Broken("a redirect", status, is_api=False)
    if is_page(headers, body) or status == 404:
        return Broken("a web page", status, is_api=False)
    value = decoded(body)
    if not isinstance(value, dict):
        return _WRONG_LOGIN if status == 401 else Broken(f"answer {status} to the login", status)
    if status == 200:
        return _token(value)
    return _denied(status, value)


def _denied(status: int, value: Mapping[str, object]) -> Denied | Broken:
    said = {text for text in value.values() if isinstance(text, str)}
    # The two final errors are looked for first: one of them may come as the text of an invalid_grant.
    for reason in ("two_factor_auth_check", "must_reset_password", "invalid_grant"):
        if any(reason in text for text in said):
            return _REASONS[reason]
    return _WRONG_LOGIN if status == 401 else Broken(f"answer {status} to the login", status)


def _token(value: Mapping[str, object]) -> Token | Broken:
    token, lives = value.get("access_token"), value.get("expires_in")
    if not isinstance(token, str) or not is_header_safe(token):
        return Broken("a login without a token", 200)
    if isinstance(lives, bool) or not isinstance(lives, int | float) or not 0 < lives < 1e9:
        return Token(token, None)
    return Token(token, float(lives))
