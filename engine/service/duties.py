"""What a process of the service does by the clock: the sweep, webhooks, alerts, runs that were left, old rows.

Each has a thread where it may wait for Nexudus, so that none holds up another. It must never do anything that a
person switched off.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.organisation import Organisation
from engine.flows.account import WritingAccount
from engine.flows.hook_news import HookNews
from engine.flows.hooks import WantedHook, tokens_in_use, wanted_hooks
from engine.flows.lists_in_use import ListsInUse
from engine.flows.service_settings import ServiceSettings
from engine.flows.stopping import Stop
from engine.flows.sweep import Sweep
from engine.flows.sweep_moments import note_refused
from engine.flows.tenure import new_holder
from engine.ledger.values import Lease
from engine.nexudus.errors import LoginRefused, RoleMissing
from engine.service import logs
from engine.service.alert_causes import Situation, evaluate
from engine.service.alerts import Alerter
from engine.service.hook_watch import HookWatch, Watched
from engine.service.ledger_sight import look_at_ledger
from engine.service.plan_sight import unknown_plans
from engine.service.schedule import Duty, Schedule
from engine.service.start_settings import senders_of
from engine.service.sweep_sight import look_at_sweep
from engine.service.work import Workshop

_LOOK_SECONDS: Final = 10.0
_RECOVER_SECONDS: Final = 30.0
_LOGIN_SECONDS: Final = 30.0
_DAY_SECONDS: Final = 86_400.0
_TELLING_SECONDS: Final = 60.0
_JOIN_SECONDS: Final = 2.0


class Duties:
    """The duties of one process, begun by `start` and ended by `close` once the stop was asked for."""

    def __init__(
        self,
        settings: ServiceSettings,
        account: WritingAccount,
        lists: ListsInUse,
        workshop: Workshop,
        *,
        organisation: Organisation,
    ) -> None:
        self._settings = settings
        self._account = account
        self._ledger = account.ledger
        self._lists = lists
        self._workshop = workshop
        self._holder = new_holder()
        self._sweep = Sweep(account.reader, account.ledger, lists, organisation, settings=settings.sweep)
        self._hooks = HookWatch(
            account.client.webhooks,
            Watched(lists.organisation, self._wanted, settings.public_url),
            HookNews(account.ledger),
            reenable=settings.hooks_reenable,
            say=logs.say,
        )
        self._alerter = Alerter(self._ledger.watch, senders_of(settings), say=logs.say, may_tell=self._may_tell)
        self._telling: Lease | None = None
        self._began = Instant.now()
        self._schedules: list[Schedule] = []

    def start(self, stop: Stop) -> None:
        """Note when the service first started and what its lists cover, and begin."""
        now = Instant.now()
        self._sweep.first_start(now)
        self._sweep.see_lists(now)
        self._alerter.start()
        hook_seconds, sweep_seconds = self._settings.hook_check_minutes * 60.0, self._settings.sweep_minutes * 60.0
        groups = {
            "looking": [Duty("alerts", _LOOK_SECONDS, self._look)],
            "login": [Duty("login", _LOGIN_SECONDS, self._log_in, alone=False)],
            "recovering": [
                Duty("recovery", _RECOVER_SECONDS, self._workshop.recover, after=_RECOVER_SECONDS / 6),
                Duty("forgetting", _DAY_SECONDS, self._forget, after=60.0),
            ],
            "waiting": [Duty("waiting tasks", self._settings.wait_seconds, self._workshop.poll, after=1.5)],
            "sweeping": [Duty("sweep", sweep_seconds, lambda: self._sweep_once(stop), after=1.0)],
            "watching": [Duty("webhooks", hook_seconds, self._watch_hooks, after=2.0)],
        }
        for name, duties in groups.items():
            schedule = Schedule(name, duties, self._ledger, holder=self._holder, stop=stop, notice=logs.notice)
            schedule.start()
            self._schedules.append(schedule)

    def close(self) -> None:
        """Wait a moment for what is under way; a duty that is cut off begins anew at the next start."""
        for schedule in self._schedules:
            schedule.join(_JOIN_SECONDS / len(self._schedules))
        self._alerter.stop()
        if self._telling is not None:
            with suppress(TasklistsError):  # kept, it only makes the next process wait until it ends
                self._ledger.give_back_lease(self._telling)

    def _log_in(self) -> None:
        """Ask who we are until Nexudus has said so: readiness wants a login that works."""
        if not self._account.client.login_works:
            self._account.reader.me()

    def _look(self) -> None:
        now, every = Instant.now(), self._settings.sweep_minutes
        seen = look_at_ledger(self._ledger, now, doubt_minutes=self._settings.backlog_minutes)
        swept = Situation(sweep="")
        if self._settings.sweep.mode == "run":  # the others note no sweep as finished
            swept = look_at_sweep(self._ledger.watch, now, sweep_minutes=every, began=self._began)
        lists = tuple(self._lists.broken())
        self._settle(replace(seen, lists=lists, sweep=swept.sweep, sweep_refused=swept.sweep_refused))

    def _watch_hooks(self) -> None:
        looked = self._hooks.look()
        plans = unknown_plans(self._account.reader, {n: one.prepared for n, one in self._lists.ready().items()})
        self._settle(Situation(hooks=looked.findings, hooks_unwatched=looked.unwatched, plans=plans))

    def _settle(self, seen: Situation) -> None:
        causes = evaluate(seen, Instant.now(), backlog_minutes=self._settings.backlog_minutes)
        self._alerter.settle(causes, seen.kinds())

    def _sweep_once(self, stop: Stop) -> None:
        try:
            swept = self._sweep.run(stop)
        except (LoginRefused, RoleMissing):  # told by the schedule; the alert is for whoever reads no log
            note_refused(self._ledger.watch, Instant.now())
            raise
        if swept.why:
            what = "" if swept.finished else "not finished, the next one looks back as far: "
            logs.notice("sweep", f"{what}{swept.why}")
        if swept.missing:
            what = "asked for" if self._settings.sweep.mode == "run" else "only reported (TASKLISTS_SWEEP=report)"
            logs.log().info("the sweep found what no delivery told", count=len(swept.missing), what=what)
        for one in swept.missing if self._settings.sweep.mode == "report" else ():
            logs.log().info("missing", tasklist=one.tasklist, coworker_id=one.coworker_id, on=one.event)

    def _forget(self) -> None:
        before = Instant.now().subtract(hours=24 * self._settings.keep_days)
        self._ledger.inbox.forget_settled(before)
        self._ledger.forget_ended_waits(before)

    def _wanted(self) -> tuple[WantedHook, ...]:
        lists = {name: one.prepared for name, one in self._lists.ready().items()}
        tokens = tokens_in_use(self._settings.hook_secrets)
        return wanted_hooks(lists, self._lists.organisation(), self._settings.public_url, tokens)

    def _may_tell(self) -> bool:
        """Of several processes on one ledger one tells, for as long as it lives."""
        try:
            self._telling = self._ledger.take_lease(
                "tell alerts", holder=self._holder, seconds=_TELLING_SECONDS, now=Instant.now()
            )
        except TasklistsError:
            return False
        return self._telling is not None
