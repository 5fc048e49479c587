"""Who calls: token and refresh grants, bearer and basic, and which role a call needs.

Must never write a password anywhere.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from urllib.parse import parse_qsl

from engine.sandbox.answers import Answer, json_answer
from engine.sandbox.entities import Entity
from engine.sandbox.state import Call, State
from engine.sandbox.store import Record

# The one password of every login that may log in: nothing here is worth a better one.
PASSWORD = "sandbox-password"  # noqa: S105 - made up and documented
LOGIN = "api@acme.example"
_ACCESS_SECONDS = 604_799  # seven days less one second, as in every documented example
_REFRESH_SECONDS = 15 * 86_400  # documented life of a refresh token


def grant_token(state: State, call: Call, struck: str = "") -> Answer:
    """POST /api/token, by form body only. `struck`: the final error that a fault asks for, if any."""
    if "json" in call.headers.get("content-type", ""):
        return json_answer({"error": "unsupported_grant_type"}, 400)
    form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    client = call.headers.get("client_id") or form.get("client_id", "")
    if form.get("grant_type") == "refresh_token":
        return _refresh(state, form.get("refresh_token", ""), client)
    if form.get("grant_type") != "password":
        return json_answer({"error": "unsupported_grant_type"}, 400)
    user = _log_in(state, form.get("username", ""), form.get("password", ""))
    if user is None:
        return _bad_credentials(state, "The user name or password is incorrect.")
    if struck:
        error = "two_factor_auth_check" if struck == "two-factor" else "must_reset_password"
        return json_answer({"error": error}, 400)
    return _issue(state, user, client or str(user["Email"]))


def identify(state: State, call: Call) -> Record | None:
    """The user behind a bearer token or basic credentials; None when there is none, or a token is over."""
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _basic(state, value.strip())
    if scheme.lower() != "bearer":
        return None
    token = state.store.token(value.strip())
    if token is None or token["kind"] != "access" or token["until"] <= state.clock.seconds():
        return None
    return state.store.get("users", token["user"])


def may_administrate(user: Record) -> bool:
    """False for a portal member: their token is good, but not here."""
    return not user.get("_portal_member")


def has_role(user: Record, entity: Entity, action: str) -> bool:
    """A user without listed roles is an unrestricted admin; List and Read are separate roles."""
    roles = user.get("UserRoles") or []
    return not entity.role or not roles or f"{entity.kind}-{action}" in roles


def _log_in(state: State, email: str, password: str) -> Record | None:
    if not secrets.compare_digest(password.encode(), PASSWORD.encode()):
        return None
    for user in state.store.all("users"):
        if user["Email"].lower() == email.lower() and user["Active"] and user.get("_login"):
            return user
    return None


def _basic(state: State, value: str) -> Record | None:
    try:
        email, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return _log_in(state, email, password)


def _bad_credentials(state: State, description: str) -> Answer:
    body = {"error": "invalid_grant", "error_description": description}
    return json_answer(body, int(state.modes["S05"]))


def _refresh(state: State, token: str, client: str) -> Answer:
    """A client id is not asked for; one that is sent has to be the one of the token."""
    known = state.store.token(token)
    is_good = known is not None and known["kind"] == "refresh" and known["until"] > state.clock.seconds()
    user = state.store.get("users", known["user"]) if known is not None and is_good else None
    if known is None or user is None or client not in {"", known["client"]}:
        return _bad_credentials(state, "The refresh token is not valid.")
    return _issue(state, user, known["client"])


def _issue(state: State, user: Record, client: str) -> Answer:
    """New tokens. Earlier refresh tokens of the client id are over, earlier access tokens are not."""
    state.store.drop_refresh_tokens(client)
    access, refresh = secrets.token_urlsafe(48), secrets.token_hex(32)
    now = state.clock.seconds()
    for token, kind, seconds in ((access, "access", _ACCESS_SECONDS), (refresh, "refresh", _REFRESH_SECONDS)):
        body = {"kind": kind, "user": user["Id"], "client": client, "until": now + seconds}
        state.store.keep_token(token, body)
    return json_answer(
        {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": _ACCESS_SECONDS,
            "refresh_token": refresh,
        }
    )
