"""One process of the service, put together: what it is made of, in the order in which it starts and ends.

Everything that it decides is decided elsewhere. It must never start half: settings and lists are read whole first.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

from starlette.types import ASGIApp
from whenever import Instant

from engine.authoring.check import check_folder
from engine.authoring.folder import Folder
from engine.core.errors import Problems, UserError
from engine.core.organisation import Organisation
from engine.flows.account import Place, WritingAccount, lease_seconds, ledger_place, open_to_run
from engine.flows.lists_in_use import ListsInUse
from engine.flows.service_settings import ServiceSettings, unknown
from engine.flows.stopping import Stop
from engine.ledger.ledger import Ledger
from engine.ledger.transactions import Also
from engine.nexudus.settings import from_environment
from engine.service import logs
from engine.service.accepting import Accepting
from engine.service.app import make_app
from engine.service.dispatcher import Dispatcher
from engine.service.door import Door
from engine.service.duties import Duties
from engine.service.health import HealthState, health_routes, ledger_write, oldest_waiting, read_gauges, schema_at_head
from engine.service.metrics import Metrics
from engine.service.server import run_server
from engine.service.start_settings import read_settings
from engine.service.work import Workshop

_CLOSE_SECONDS: Final = 5.0
"""For calls under way when the service is told to stop; the duties have 4 s more, and the whole end at most 10 s."""

_LISTEN_SECONDS: Final = 0.1
_LEAST_DEAD_SECONDS: Final = 5.0
"""A worker that gave no sign of life for so long, or for a lease if that is longer, has died."""


@dataclass(frozen=True)
class Setting:
    """All that a process is told before it starts. `works` is False for a door whose work others do."""

    folder: Folder
    environ: Mapping[str, str]
    organisation: Organisation
    settings: ServiceSettings
    works: bool
    takes_hooks: bool
    address: str
    """The ledger's address on PostgreSQL, else empty. It holds the password."""

    def __repr__(self) -> str:
        return f"Setting({self.folder.name!r}, works={self.works})"


def read_setting(
    folder: Folder, environ: Mapping[str, str], *, takes_hooks: bool = True, no_work: bool = False
) -> Setting:
    """Return what a process is told.

    Raises:
        Problems: mistakes in organisation.yaml or a list, all of them.
        UserError: wrong settings, all of them.
    """
    checked = check_folder(folder)
    if checked.errors or checked.organisation is None:
        raise Problems(checked.errors)
    organisation = checked.organisation.model
    settings = read_settings(environ, organisation, hooks_needed=takes_hooks)
    place = ledger_place(environ, folder.path)
    address = place if isinstance(place, str) else ""
    if not address and (no_work or not takes_hooks):
        raise UserError(
            "several processes share the work only over a ledger on PostgreSQL, and this one is a file.",
            advice="Set TASKLISTS_LEDGER to postgresql://..., or run `tasklists serve` alone.",
        )
    return Setting(folder, environ, organisation, settings, not no_work, takes_hooks, address)


class HandsOut(Protocol):
    """Whoever hands out work: the dispatcher's loop, or a worker of the queue."""

    def start(self) -> None: ...
    def wake(self) -> None: ...
    def close(self, seconds: float) -> bool: ...
    @property
    def alive(self) -> bool: ...


class Service:
    """One process: `with Service(setting, stop) as service: service.serve(...)`, or `service.wait()` for a worker."""

    def __init__(self, setting: Setting, stop: Stop) -> None:
        self._setting = setting
        self._stop = stop
        self._stack = ExitStack()
        self._is_done = True

    @property
    def is_done(self) -> bool:
        """Whether all work under way was done when the block ended; what was not is settled by the next start."""
        return self._is_done

    def __enter__(self) -> Self:
        setting = self._setting
        logs.configure(setting.settings.log)
        with ExitStack() as stack:
            place = Place(setting.environ, setting.folder.path, setting.organisation)
            self._account = stack.enter_context(open_to_run(place, self._stop))
            self._metrics = Metrics(server_address=from_environment(setting.environ).host)
            self._account.client.measure_with(self._metrics)
            lists = ListsInUse(setting.folder)
            for line in (*unknown(setting.environ), *_not_told(setting, lists)):
                logs.notice("settings", line)
            self._workshop = self._make_workshop(self._account, lists)
            self._hands_out, self._also = self._make_hands_out(self._account.ledger)
            duties = Duties(setting.settings, self._account, lists, self._workshop, organisation=setting.organisation)
            stack.callback(duties.close)
            duties.start(self._stop)
            if self._hands_out is not None:
                stack.callback(self._close_work, self._hands_out)
                self._hands_out.start()
            stack.callback(self._stop.request)  # first of all, whatever ended the block
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        logs.log().info("the service ended")

    def _close_work(self, hands_out: HandsOut) -> None:
        self._is_done = hands_out.close(_CLOSE_SECONDS)

    def wait(self) -> None:
        """Work until somebody asks to stop."""
        logs.log().info("the worker began")
        with suppress(KeyboardInterrupt):
            asyncio.run(self._until_stopped())

    def serve(self, listening: socket.socket, announce: Callable[[], None]) -> None:
        """Take webhooks on a socket until somebody asks to stop; `announce` is called once they are taken."""
        wake = self._hands_out.wake if self._hands_out is not None else None
        accepting = Accepting(self._account.ledger.inbox, also=self._also, wake=wake)
        try:
            asyncio.run(self._serve(self._make_app(accepting), listening, announce))
        finally:
            accepting.close()

    async def _serve(self, app: ASGIApp, listening: socket.socket, announce: Callable[[], None]) -> None:
        over = asyncio.Event()

        async def listen() -> None:
            await self._until_stopped()
            over.set()

        def started() -> None:
            logs.log().info("the service began")
            announce()

        listener = asyncio.create_task(listen())
        try:
            await run_server(app, listening, stop=over, on_started=started, counts=self._metrics)
        finally:
            listener.cancel()

    async def _until_stopped(self) -> None:
        while not self._stop.requested:
            await asyncio.sleep(_LISTEN_SECONDS)
        logs.log().info("stopping", what="what is under way is finished first")

    def _make_workshop(self, account: WritingAccount, lists: ListsInUse) -> Workshop:
        return Workshop(
            account,
            lists,
            organisation=self._setting.organisation,
            environ=self._setting.environ,
            stop=self._stop,
            settle_seconds=self._setting.settings.settle_seconds,
            metrics=self._metrics,
        )

    def _make_hands_out(self, ledger: Ledger) -> tuple[HandsOut | None, Also | None]:
        """Who hands out work, and what is done in the transaction that takes deliveries in."""
        setting = self._setting
        threads = setting.settings.workers
        if not setting.address:
            return Dispatcher(self._workshop, ledger, self._stop, threads=threads, notice=logs.notice), None
        from engine.service.queue import Deferrer, QueueWorker, make_queue

        make_queue(setting.address, ledger)
        worker = QueueWorker(
            self._workshop,
            ledger,
            self._stop,
            url=setting.address,
            threads=threads,
            dead_seconds=max(_LEAST_DEAD_SECONDS, lease_seconds(setting.environ)),
            notice=logs.notice,
        )
        return worker if setting.works else None, Deferrer().deliveries

    def _make_app(self, accepting: Accepting) -> ASGIApp:
        ledger, setting = self._account.ledger, self._setting
        door = Door(
            setting.settings.hook_secrets, accepting, ledger.watch, key=ledger.fingerprint_key, counts=self._metrics
        )
        hands_out = self._hands_out
        state = HealthState(
            write=ledger_write(ledger),
            at_head=schema_at_head(Place(setting.environ, setting.folder.path, setting.organisation)),
            login_works=lambda: self._account.client.login_works,
            oldest_waiting=lambda: oldest_waiting(ledger, Instant.now()),
            backlog_minutes=setting.settings.backlog_minutes,
            alive=None if hands_out is None else lambda: hands_out.alive,
            gauges=lambda: read_gauges(ledger, Instant.now()),
            metrics=self._metrics,
        )
        return make_app(door, routes=health_routes(state))


def _not_told(setting: Setting, lists: ListsInUse) -> Iterator[str]:
    """What a door starts without, though it will be missed: a sentence each."""
    if not setting.takes_hooks:
        return
    listed = [one.prepared.tasklist.applies for one in lists.ready().values()]
    used = {place for one in listed if one.on for place in one.locations or setting.organisation.locations}
    secrets = setting.settings.hook_secrets
    for place in sorted(used - secrets.secrets.keys() - secrets.tokens.keys()):
        yield (
            f"{place} has no secret in TASKLISTS_HOOK_SECRETS, and lists are used there: its deliveries cannot be "
            "verified, only the sweep finds what they tell"
        )
    if not setting.settings.public_url:
        yield "TASKLISTS_PUBLIC_URL is not set: a webhook that is missing at Nexudus is not noticed"
