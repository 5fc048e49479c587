"""Alerts: told once when a cause begins and once when it ends, whatever restarts in between.

What is open and what was told stands in the ledger. Nothing here may wait for a sender on the caller's thread, tell
a member's text, or tell the same cause twice because a process began anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.service.alert_causes import Cause
from engine.service.alert_senders import Notice, NotSent, Sender

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds between two tries of a sender that fails: doubled each time."""

_TOLD: Final = "told: "
_END_TOLD: Final = "end told: "
"""Names of moments: before a cause, with the moment since which the alert was open."""

POLL_SECONDS: Final = 30.0
"""How often the ledger is asked for what other processes raised."""


class AlertRow(Protocol):
    """An alert as the ledger keeps it; moments are UTC."""

    @property
    def cause(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def since(self) -> Instant: ...
    @property
    def told_at(self) -> Instant | None: ...
    @property
    def cleared_at(self) -> Instant | None: ...


class AlertRows(Protocol):
    """The part of `ledger.watch` that alerts need."""

    def raise_alert(self, cause: str, kind: str, text: str, now: Instant) -> bool: ...
    def clear_alert(self, cause: str, now: Instant) -> bool: ...
    def mark_told(self, cause: str, now: Instant) -> bool: ...
    def alerts(self, *, open_only: bool = True) -> Sequence[AlertRow]: ...
    def moment(self, name: str) -> Instant | None: ...
    def set_moment(self, name: str, at: Instant) -> None: ...


@dataclass
class _Letter:
    """One notice under way. `left` are the senders that have not had it yet."""

    notice: Notice
    left: list[Sender]
    is_told: bool = False
    is_marked: bool = False


@dataclass
class _Pause:
    """When a sender that failed is tried again, on the monotonic clock."""

    until: float = 0.0
    seconds: float = 0.0


class Alerter:
    """Keeps alerts in the ledger and tells them from a thread of its own.

    `may_tell` is asked when there is something to tell: of several processes on one ledger, one must say yes.
    """

    def __init__(  # noqa: PLR0913  the ways out, and the seams of tests, by name
        self,
        watch: AlertRows,
        senders: Sequence[Sender],
        *,
        clock: Callable[[], Instant] = Instant.now,
        say: Callable[[str], None] = lambda _: None,
        may_tell: Callable[[], bool] = lambda: True,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._watch = watch
        self._senders = tuple(senders)
        self._clock = clock
        self._say = say
        self._may_tell = may_tell
        self._first_pause = first_pause
        self._letters: dict[tuple[str, str, Instant], _Letter] = {}
        self._pauses = {sender.name: _Pause() for sender in self._senders}
        self._poked = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)

    def raise_(self, cause: Cause) -> bool:
        """Open an alert, unless it is open already; whether it is new."""
        is_new = self._watch.raise_alert(cause.cause, cause.kind, cause.text, self._clock())
        if is_new:
            self._say(f"alert: {cause.text}")
            self._poked.set()
        return is_new

    def clear(self, cause: str) -> None:
        """End an alert; nothing happens if it is not open."""
        self._watch.clear_alert(cause, self._clock())
        self._poked.set()

    def settle(self, found: Iterable[Cause], kinds: Collection[str]) -> None:
        """Open what was found, and end what is open of these kinds and was not found any more."""
        causes = {cause.cause: cause for cause in found}
        known = {row.cause: row for row in self._watch.alerts()}
        for cause in causes.values():
            if cause.cause not in known or known[cause.cause].text != cause.text:
                self.raise_(cause)
        for row in known.values():
            if row.kind in kinds and row.cause not in causes:
                self._say(f"alert over: {row.text}")
                self.clear(row.cause)

    def start(self) -> None:
        """Begin to tell, what an earlier process left untold first. Without a sender nothing is told."""
        if self._senders:
            self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End the thread; what is untold is told by the next process. A try under way is not waited for longer."""
        self._over = True
        self._poked.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _work(self) -> None:
        while not self._over:
            self._poked.clear()
            began = time.monotonic()
            try:
                self._tell()
            except TasklistsError as error:
                self._say(f"alerts cannot be read or marked now: {error.message}")
            self._poked.wait(self._until_next(began))

    def _until_next(self, began: float) -> float:
        """Seconds until a sender that failed is tried again, or the ledger is asked again."""
        waiting = {sender.name for letter in self._letters.values() for sender in letter.left}
        ends = [self._pauses[name].until for name in waiting if self._pauses[name].until > began]
        return max(0.01, min([POLL_SECONDS, *(end - time.monotonic() for end in ends)]))

    def _tell(self) -> None:
        self._gather()
        if not self._letters or not self._may_tell():
            return
        for key, letter in list(self._letters.items()):
            for sender in list(letter.left):
                if not self._over and self._pauses[sender.name].until <= time.monotonic():
                    self._try(sender, letter)
            if letter.is_told and not letter.is_marked:
                self._mark(letter.notice)
                letter.is_marked = True
            if not letter.left:
                del self._letters[key]

    def _gather(self) -> None:
        """Take up what the ledger has to tell, and drop what ended before anybody was told."""
        rows = self._watch.alerts(open_only=False)
        for row in rows:
            if row.cleared_at is not None and not self._was_told(row):
                self._drop((row.cause, "open", row.since))
            notice = self._to_tell(row)
            if notice is not None and (key := (notice.cause, notice.state, notice.since)) not in self._letters:
                self._letters[key] = self._letter(notice)

    def _drop(self, key: tuple[str, str, Instant]) -> None:
        """Nobody was told of it, and it is over; one that was told and could not be marked yet stays."""
        if key in self._letters and not self._letters[key].is_told:
            del self._letters[key]

    def _letter(self, notice: Notice) -> _Letter:
        """An end is told only to those who were told of the beginning; the others need neither any more."""
        opened = self._letters.pop((notice.cause, "open", notice.since), None) if notice.state == "cleared" else None
        missed = opened.left if opened else []
        left = [sender for sender in self._senders if sender not in missed]
        return _Letter(notice, left, is_told=not left)

    def _try(self, sender: Sender, letter: _Letter) -> None:
        pause = self._pauses[sender.name]
        try:
            remark = sender.send(letter.notice)
        except Exception as error:  # noqa: BLE001  whatever it is, the other alerts are told all the same
            why = str(error) if isinstance(error, NotSent) else f"met {type(error).__name__}"
            pause.seconds = min(LONGEST_PAUSE, 2 * pause.seconds or self._first_pause)
            pause.until = time.monotonic() + pause.seconds
            self._say(f"alert not told: {sender.name} {why}; tried again in {pause.seconds:.0f} s")
            return
        if remark:
            self._say(f"alert told, but {sender.name} {remark}")
        pause.seconds = 0.0
        letter.left.remove(sender)
        letter.is_told = True

    def _mark(self, notice: Notice) -> None:
        """Note it as told. The ledger's own mark is for open alerts; what ended has a moment of its own."""
        if notice.state == "cleared":
            self._watch.set_moment(f"{_END_TOLD}{notice.cause}", notice.since)
            return
        row = next((row for row in self._watch.alerts() if row.cause == notice.cause), None)
        is_open = row is not None and row.since == notice.since
        if not is_open or not self._watch.mark_told(notice.cause, self._clock()):
            self._watch.set_moment(f"{_TOLD}{notice.cause}", notice.since)  # it ended while its beginning was told

    def _to_tell(self, row: AlertRow) -> Notice | None:
        """The beginning, unless it was told; the end of what was told, unless that was told too."""
        if row.cleared_at is None:
            return _notice(row, "open") if row.told_at is None else None
        if not self._was_told(row) or self._watch.moment(f"{_END_TOLD}{row.cause}") == row.since:
            return None
        return _notice(row, "cleared")

    def _was_told(self, row: AlertRow) -> bool:
        return row.told_at is not None or self._watch.moment(f"{_TOLD}{row.cause}") == row.since


def _notice(row: AlertRow, state: str) -> Notice:
    return Notice(row.cause, row.kind, row.text, row.since, "open" if state == "open" else "cleared")
