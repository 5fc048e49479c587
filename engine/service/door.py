"""The door for webhooks: verify, store, answer. Only then does anybody think about what was sent.

It must never answer 2xx before a delivery is on the disk, 5xx for what a sender sent, or more than a path and a reason.
How much is read, and for how long, is settled before anything comes here (bounded.py). What was tampered with where the
signature does not look does no harm: of a body only ids are used, later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from starlette.types import Message, Receive, Scope, Send
from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.words import EVENTS
from engine.ledger.service_values import Accepted, NewDelivery, Proof
from engine.nexudus import signature
from engine.nexudus.hook_secrets import HookSecrets
from engine.service.accepting import Accepting
from engine.service.door_memory import DoorMemory, KeptUnverified, RemembersDoors

PREFIX: Final = "/hooks/"

RETRY_AFTER_SECONDS: Final = 10
"""When to come again after a 503: longer than a ledger is locked, shorter than any known retry of a sender."""


class Counts(Protocol):
    """Where the door counts. Labels are locations and events of ours, or `other`; never anything a sender wrote."""

    def received(self, location: str, event: str, outcome: str) -> None:
        """One request and what came of it: one of OUTCOMES, or status_N for one refused before it was read."""

    def accepted_seconds(self, seconds: float) -> None:
        """From the whole request read to the answer, of a delivery that was answered 202."""


OUTCOMES: Final = (
    "secret_1",
    "secret_2",
    "token_1",
    "token_2",
    "unverified",
    "bad_signature",
    "bad_token",
    "not_text",
    "not_stored",
    "unknown_path",
    "wrong_method",
)
"""secret_N and token_N are stored deliveries, by what proved them: N=2 is the one listed second."""


class NoCounts:
    """Counts nothing."""

    def received(self, location: str, event: str, outcome: str) -> None: ...
    def accepted_seconds(self, seconds: float) -> None: ...


class Answer(NamedTuple):
    """A status and a JSON object."""

    status: int
    body: Mapping[str, object]
    headers: tuple[tuple[bytes, bytes], ...] = ()


class _Place(NamedTuple):
    location: str
    event: str
    token: str | None


class _Proof(NamedTuple):
    proof: Proof
    outcome: str


def error(status: int, code: str, message: str, *headers: tuple[bytes, bytes]) -> Answer:
    """An answer that says what is wrong; the message must hold nothing that a sender sent."""
    return Answer(status, {"error": {"code": code, "message": message}}, headers)


_UNKNOWN = error(404, "unknown_path", "There is no such location, event or path here.")
_WRONG_METHOD = error(405, "wrong_method", "Deliveries come by POST.", (b"allow", b"POST"))
_NOT_TEXT = error(400, "not_text", "The body is not UTF-8 text, so no signature can be right for it.")
_BAD_SIGNATURE = error(401, "bad_signature", "The signature is missing, or not made with the secret of this location.")
_BAD_TOKEN = error(401, "bad_token", "The last part of the path is not a token of this location.")
_NOT_STORED = error(
    503,
    "not_stored",
    "The delivery could not be stored just now. Send it again.",
    (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
)


class Door:
    """POST /hooks/{location}/{event}, and /hooks/{location}/{event}/{token} where a location has tokens."""

    def __init__(  # noqa: PLR0913 - what the door leans on, all by name
        self,
        secrets: HookSecrets,
        accepting: Accepting,
        watch: RemembersDoors,
        *,
        key: bytes,
        counts: Counts | None = None,
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        """`key` is the ledger's fingerprint key; `watch` the ledger's memory of doors."""
        self._secrets = secrets
        self._accepting = accepting
        self._counts: Counts = counts or NoCounts()
        self._clock = clock
        marks = {location: secrets.mark(location, key) for location in secrets.locations}
        self._memory = DoorMemory(watch, marks.__getitem__, clock)
        self._kept = KeptUnverified(time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as an ASGI application."""
        started = time.perf_counter()
        answer = await self._answer(scope, receive)
        if answer is None:
            return
        await send_json(send, answer)
        if answer.status == 202:
            self._counts.accepted_seconds(time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        place = self._place(scope["path"])
        if place is None:
            return self._counted(None, "unknown_path", _UNKNOWN)
        if scope["method"] != "POST":
            return self._counted(place, "wrong_method", _WRONG_METHOD)
        body = await read_body(receive)
        if body is None:  # the sender went away
            return None
        try:
            return await self._judge(place, body, scope["headers"])
        except TasklistsError:  # the ledger is locked, full or gone
            return self._counted(place, "not_stored", _NOT_STORED)

    def _place(self, path: str) -> _Place | None:
        parts = path.removeprefix(PREFIX).split("/")
        if not path.startswith(PREFIX) or len(parts) not in {2, 3}:
            return None
        location, event = parts[:2]
        if location not in self._secrets.locations or event not in EVENTS:
            return None
        if len(parts) == 2:
            return _Place(location, event, None)
        return _Place(location, event, parts[2]) if location in self._secrets.tokens else None

    async def _judge(self, place: _Place, body: bytes, headers: list[tuple[bytes, bytes]]) -> Answer:
        if place.token is None and not signature.is_text(body):
            return self._counted(place, "not_text", _NOT_TEXT)
        proof = self._proof(place, body, headers)
        if proof is not None:
            await self._memory.verified(place.location, place.event)
            accepted = await self._accepting.accept(self._delivery(place, body, proof.proof))
            return self._counted(place, proof.outcome, _stored(accepted))
        if await self._memory.is_refused(place.location, place.event):
            if place.token is None:
                return self._counted(place, "bad_signature", _BAD_SIGNATURE)
            return self._counted(place, "bad_token", _BAD_TOKEN)
        return self._counted(place, "unverified", _stored(await self._keep_aside(place, body)))

    def _proof(self, place: _Place, body: bytes, headers: list[tuple[bytes, bytes]]) -> _Proof | None:
        if place.token is not None:
            index = self._secrets.token_index(place.location, place.token)
            return None if index is None else _Proof("token", f"token_{index + 1}")
        given = [value for name, value in headers if name == signature.HEADER]
        secrets = self._secrets.secrets.get(place.location, ())
        # Two headers are nobody's usual delivery, and which one would count?
        index = signature.matches(secrets, body, given[0]) if len(given) == 1 else None
        return None if index is None else _Proof("signature", f"secret_{index + 1}")

    async def _keep_aside(self, place: _Place, body: bytes) -> Accepted:
        digest = self._kept.digest(place.location, place.event, body)
        known = self._kept.answer_for(digest)
        if known is None:
            known = await self._accepting.accept(self._delivery(place, body, "unverified"))
            self._kept.note(digest, known)
        return known

    def _delivery(self, place: _Place, body: bytes, proof: Proof) -> NewDelivery:
        return NewDelivery(place.location, place.event, body, proof, self._clock())

    def _counted(self, place: _Place | None, outcome: str, answer: Answer) -> Answer:
        location, event = (place.location, place.event) if place else ("other", "other")
        self._counts.received(location, event, outcome)
        return answer


def _stored(accepted: Accepted) -> Answer:
    return Answer(202, {"id": accepted.id})


async def read_body(receive: Receive) -> bytes | None:
    """The whole body; None when the sender went away before its end."""
    chunks: list[bytes] = []
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def send_json(send: Send, answer: Answer) -> None:
    """One whole answer as compact JSON."""
    body = json.dumps(answer.body, separators=(",", ":")).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
