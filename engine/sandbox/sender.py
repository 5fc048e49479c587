"""Sends the deliveries beside the API: few at once, over connections that stay open.

Only to receivers on this machine, unless that was lifted at the start. Must never follow a
redirect, read a long answer, or hold up a call to the API.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from typing import TYPE_CHECKING

from engine.sandbox.hook_text import sign, to_wire
from engine.sandbox.outbox import Sending
from engine.sandbox.state import State

if TYPE_CHECKING:
    import httpx

_LONGEST_IDLE = 60.0  # seconds between two looks at an empty queue; news wake it at once
_LONGEST_ANSWER = 64 * 1024  # bytes; a receiver has nothing to say but its status
_KEPT_OPEN = 3.0  # seconds; shorter than the idle time after which usual servers close
_MOST_SENDERS = 64
_LONGEST_WAIT = 3600.0  # seconds; what S45.timeout-seconds says comes long before
_NOT_HERE = "not sent: the sandbox sends to this machine only; --allow-remote-hooks lifts that"


class Sender:
    """Takes from the outbox what is due until it is cancelled."""

    def __init__(self, state: State, *, allow_remote: bool) -> None:
        self._state = state
        self._allow_remote = allow_remote
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send for ever."""
        outbox = self._state.outbox
        client: httpx.AsyncClient | None = None
        try:
            while True:
                room = min(self._state.modes.number("S45.senders") or 1, _MOST_SENDERS)
                if len(self._under_way) >= room:
                    await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                    continue
                sending = outbox.take()
                if sending is None:
                    await outbox.wait(_LONGEST_IDLE)
                    continue
                client = client or _open_client()
                task = asyncio.create_task(self._send(client, sending))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            if client is not None:
                await client.aclose()

    async def _send(self, client: httpx.AsyncClient, sending: Sending) -> None:
        outbox, hook = self._state.outbox, self._state.store.get("webhooks", sending.hook) or {}
        url = str(hook.get("URL") or "")
        if not self._allow_remote and not is_on_this_machine(url):
            outbox.failed(sending, _NOT_HERE, may_retry=False)
            return
        status, error = await self._post(client, url, sending)
        if status is not None and 200 <= status < 300:
            outbox.arrived(sending, status)
        else:
            outbox.failed(sending, error, status=status)

    async def _post(self, client: httpx.AsyncClient, url: str, sending: Sending) -> tuple[int | None, str]:
        """The status, None without one, and what went wrong in words that hold no address."""
        seconds = self._state.modes.decimal("S45.timeout-seconds")
        try:
            async with asyncio.timeout(seconds):
                return await _ask(client, url, to_wire(sending.text), self._headers(sending))
        except TimeoutError:
            return None, f"no answer in {seconds:g} s"
        except Exception as error:
            # A receiver and its address can be wrong in more ways than one library has errors for.
            return None, f"no answer: {type(error).__name__}"

    def _headers(self, sending: Sending) -> dict[str, str]:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        secret = self._state.secrets.of(sending.business)
        if secret and self._state.modes["S45.header"] == "signed":
            headers["X-Nexudus-Hook-Signature"] = sign(secret, sending.text)
        return headers


async def _ask(client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    async with client.stream("POST", url, content=body, headers=headers) as answer:
        length = 0
        async for chunk in answer.aiter_raw():
            length += len(chunk)
            if length > _LONGEST_ANSWER:
                break
        return answer.status_code, f"HTTP {answer.status_code}"


def _open_client() -> httpx.AsyncClient:
    """Imported with the first delivery: a sandbox without hooks starts without it."""
    import httpx

    limits = httpx.Limits(
        max_connections=_MOST_SENDERS, max_keepalive_connections=_MOST_SENDERS, keepalive_expiry=_KEPT_OPEN
    )
    return httpx.AsyncClient(
        limits=limits, timeout=_LONGEST_WAIT, trust_env=False, follow_redirects=False, headers={"User-Agent": "Nexudus"}
    )


def is_on_this_machine(url: str) -> bool:
    """Whether an address leads to the loopback interface: read as the client reads it, without a name server."""
    import httpx

    with contextlib.suppress(httpx.InvalidURL, ValueError):
        host = httpx.URL(url).host
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    return False
