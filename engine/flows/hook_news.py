"""Which failures of a webhook are news: whether ErrorCount ever falls again is documented nowhere (webhooks.md 6).

It must never hide a failure that came after the last one that was got over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from whenever import Instant

from engine.ledger.values import Finding
from engine.nexudus.webhooks import Hook

_NAME: Final = "webhooks got over"


class Memory(Protocol):
    """The part of a ledger that remembers findings."""

    def findings(self) -> Mapping[str, Finding]: ...
    def record_finding(self, question: str, value: object, now: Instant) -> None: ...


class HookNews:
    """Remembers, by webhook, the ErrorCount up to which it is well again. Without a ledger every failure is news."""

    def __init__(self, memory: Memory | None) -> None:
        self._memory = memory

    def news_of(self, hooks: Iterable[Hook]) -> tuple[Hook, ...]:
        """Return the webhooks, those that are on less the failures that they have got over."""
        over = self._over()
        return tuple(
            replace(hook, error_count=0, last_error="")
            if hook.active and hook.error_count and over.get(str(hook.id)) == hook.error_count
            else hook
            for hook in hooks
        )

    def got_over(self, hooks: Collection[Hook], now: Instant) -> None:
        """Note that what failed so far is mended: it delivered since, or somebody switched it on again."""
        failed = {str(hook.id): hook.error_count for hook in hooks if hook.error_count}
        if self._memory is not None and failed:
            self._memory.record_finding(_NAME, self._over() | failed, now)

    def _over(self) -> dict[str, int]:
        found = self._memory.findings().get(_NAME) if self._memory is not None else None
        told = found.value if found is not None else None
        return {str(key): count for key, count in told.items()} if isinstance(told, dict) else {}
