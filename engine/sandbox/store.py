"""The records of the sandbox: in memory, and written through to a file where one is to be kept.

A commit of a task is in the commit log and in the file when `commit` returns. Must never
merge, complete or refuse a record.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from engine.sandbox.commit_log import CommitLog
from engine.sandbox.disk import Disk, Record, dump

__all__ = ["Record", "Store", "each_id", "task_id"]

# Two blocks of ids around the ones recorded on a live account. Successive creations take from
# the two in turn, so that an id says nothing about time.
_FIRST_ID = 1416660000
_BLOCK = 100


def task_id(number: int) -> int:
    """The id of the n-th task ever created, counted from 0: unique, near 1.4e9, not monotonic."""
    window, place = divmod(number, 2 * _BLOCK)
    half = _BLOCK if place % 2 == 0 else 0
    return _FIRST_ID + window * 2 * _BLOCK + half + place // 2


class Store:
    """Records by entity and id; tokens; the commit log. OSError or sqlite3.Error when the disk refuses.

    Without a file the records end with the process; the commit log outlives it all the same.
    """

    def __init__(self, file: Path | None = None, commit_log: Path | None = None) -> None:
        self._disk = Disk(file) if file else None
        self._records: dict[str, dict[int, Record]] = {}
        self._tasks_of: dict[int, set[int]] = {}
        self._tokens: dict[str, Record] = {}
        self._commits: list[Record] = []
        self._created = 0
        self._unwritten: dict[tuple[str, int], Record] = {}
        self._news = asyncio.Event()
        lines = self._load(self._disk) if self._disk else []
        self._log = CommitLog(commit_log) if commit_log else None
        if self._log and self._disk:
            self._log.mend(lines[-1] if lines else "", is_all_known=not lines)

    def _load(self, disk: Disk) -> list[str]:
        for entity, record in disk.records():
            self._remember(entity, record)
        self._tokens, self._created = disk.tokens(), disk.created()
        lines = disk.commits()
        self._commits = [json.loads(line) for line in lines]
        return lines

    def close(self) -> None:
        """Let go of the files."""
        self.flush()
        if self._disk:
            self._disk.close()
        if self._log:
            self._log.close()

    def is_empty(self) -> bool:
        """True before the first record."""
        return not self._records

    def all(self, entity: str) -> list[Record]:
        """All records of an entity. They are not copies: read only."""
        return list(self._records.get(entity, {}).values())

    def tasks_of(self, coworker: int) -> list[Record]:
        """The tasks of one coworker. Read only."""
        tasks = self._records.get("coworkertasks", {})
        return [tasks[one] for one in sorted(self._tasks_of.get(coworker, ()))]

    def get(self, entity: str, identifier: object) -> Record | None:
        """One record, or None. Read only."""
        return self._records.get(entity, {}).get(identifier) if isinstance(identifier, int) else None

    def put(self, entity: str, record: Record) -> None:
        """Make or replace a record, without a line in the commit log."""
        self.put_many(entity, [record])

    def put_many(self, entity: str, records: list[Record]) -> None:
        """Make or replace many records in one transaction."""
        with self._transaction() as disk:
            for record in records:
                if disk:
                    disk.write(entity, record)
        for record in records:
            self._remember(entity, record)

    def put_later(self, entity: str, record: Record) -> None:
        """Make or replace a record; the file gets it with the next `flush`."""
        self._remember(entity, record)
        self._unwritten[entity, record["Id"]] = record

    def flush(self) -> None:
        """Write what `put_later` left, unless it was replaced or removed meanwhile."""
        unwritten, self._unwritten = self._unwritten, {}
        late = [(entity, record) for (entity, _), record in unwritten.items()]
        with self._transaction() if late else contextlib.nullcontext() as disk:
            for entity, record in late:
                if disk and self.get(entity, record["Id"]) is record:
                    disk.write(entity, record)

    def remove(self, entity: str, identifier: int) -> bool:
        """Take a record away, without a line in the commit log. False when there was none."""
        if self._disk:
            self._disk.erase(entity, identifier)
        return self._forget(entity, identifier)

    def commit(self, operation: str, record: Record, at: str) -> None:
        """Create, update or delete a task and write the line of the commit log, all on disk on return."""
        told = {"at": at, "op": operation, "id": record["Id"], "record": record}
        line = dump(told) if self._disk or self._log else ""
        with self._transaction() as disk:
            if disk and operation == "delete":
                disk.erase("coworkertasks", record["Id"])
            elif disk:
                disk.write("coworkertasks", record)
            if disk:
                disk.write_commit(line, creates=operation == "create")
            # Last before the end of the transaction: what is in the file and not in the log would be
            # hidden from the auditor, while a line too many is found and taken off by `mend`.
            if self._log:
                self._log.append(line)
        self._created += operation == "create"
        if operation == "delete":
            self._forget("coworkertasks", record["Id"])
        else:
            self._remember("coworkertasks", record)
        self._commits.append(told)
        self._news.set()
        self._news.clear()

    def commits(self, after: int = 0) -> list[Record]:
        """The commit log behind its first `after` lines."""
        return self._commits[after:]

    def committed(self) -> int:
        """How many lines the commit log has."""
        return len(self._commits)

    async def wait_for_commit(self, after: int, seconds: float) -> None:
        """Return when there are more than `after` commits, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.committed() <= after:
                    await self._news.wait()

    def created(self) -> int:
        """How many tasks were ever created, those removed since among them."""
        return self._created

    def token(self, token: str) -> Record | None:
        """What is known of a token."""
        return self._tokens.get(token)

    def keep_token(self, token: str, body: Record) -> None:
        """Remember a token."""
        if self._disk:
            self._disk.write_token(token, body)
        self._tokens[token] = body

    def drop_refresh_tokens(self, client: str) -> None:
        """Forget the refresh tokens of a client id; its access tokens stay good."""
        over = [token for token, body in self._tokens.items() if (body["kind"], body["client"]) == ("refresh", client)]
        for token in over:
            if self._disk:
                self._disk.erase_token(token)
            del self._tokens[token]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Disk | None]:
        if self._disk is None:
            yield None
            return
        with self._disk.transaction():
            yield self._disk

    def _remember(self, entity: str, record: Record) -> None:
        self._forget(entity, record["Id"])
        self._records.setdefault(entity, {})[record["Id"]] = record
        if entity == "coworkertasks":
            self._tasks_of.setdefault(record["CoworkerId"], set()).add(record["Id"])

    def _forget(self, entity: str, identifier: int) -> bool:
        record = self._records.get(entity, {}).pop(identifier, None)
        if record is not None and entity == "coworkertasks":
            self._tasks_of.get(record["CoworkerId"], set()).discard(identifier)
        return record is not None


def each_id(text: str) -> Iterator[int]:
    """The ids of a batch such as `[1,2,3]`; what is no number is left out."""
    for part in text.strip().strip("[]").split(","):
        digits = part.strip()
        if digits.isascii() and digits.isdigit() and len(digits) < 19:
            yield int(digits)
