"""What the ledger costs: goals P10 (writing), P11 (a second look) and P12 (size), beside raw sqlite3 in the same run.

CPU time of this process, rounds of ours and of raw sqlite3 in turn, medians with their spread. The raw side writes
the same rows in as many transactions and reads the same columns, without values, errors, or anything remembered.
Nothing here asserts a time: a figure is a figure.

    python tests/benchmarks/ledger.py [--tasks 1000000] [--rounds 200]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from whenever import Instant

from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.ledger.packing import pack_fingerprints
from engine.ledger.values import BatchKey, Intent, NewRun

NOW = Instant("2026-11-23T10:00:00Z")
AT = NOW.timestamp(unit="millisecond")
TASKS = 30
FIELDS = ("Name", "Notes", "DueDate", "ResponsibleId", "BusinessId", "NotifyByEmail", "DisplayToEveryone")
MARKS = dict.fromkeys(FIELDS, "0123456789abcdef")
PAYLOAD = '{"Name":"' + "x" * 500 + '"}'
RANDOM = random.Random(7)
FIRST_ID = 1_416_000_000


def opened(path: Path) -> Ledger:
    since = Instant("2026-11-01T00:00:00Z")
    return open_ledger(path, owner="acme", account="https://acme.example", since=since, now=NOW)


def cpu_of(step: Callable[[], object]) -> float:
    """Microseconds of CPU of one call."""
    start = time.process_time_ns()
    step()
    return (time.process_time_ns() - start) / 1000


def say(name: str, what: str, samples: Sequence[float], goal: str = "") -> None:
    ordered = sorted(samples)
    low, high = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
    print(f"{name:4} {what:52} {statistics.median(ordered):7.1f}  (p10 {low:.1f}, p90 {high:.1f})  {goal}")


def identities() -> list[UUID]:
    return [UUID(bytes=RANDOM.randbytes(16), version=5) for _ in range(TASKS)]


def new_run(coworker_id: int) -> NewRun:
    counts = {"create": TASKS}
    return NewRun("new-member", "0123456789ab", coworker_id, 1421021016, "cli", NOW, "c" * 64, counts, "{}")


def intents(coworker_id: int, chosen: Sequence[UUID]) -> list[Intent]:
    batch = BatchKey("coworker", str(coworker_id), "new-member")
    usual = {"payload": PAYLOAD, "due_at": NOW, "contract_id": FIRST_ID, "event_at": NOW}
    return [Intent(one, f"item-{n}", batch, "0123456789abcdef", **usual) for n, one in enumerate(chosen)]  # type: ignore[arg-type]


def measure_writing(folder: Path, rounds: int) -> None:
    """P10: one coworker after the other, ours and raw in turn."""
    ours: dict[str, list[float]] = {"claim": [], "record": []}
    raw: dict[str, list[float]] = {"claim": [], "record": []}
    commits: list[float] = []
    with opened(folder / "ours.db") as ledger:
        counted = count_commits(ledger, lambda: write_ours(ledger, 1, {"claim": [], "record": []}))
        beside = raw_ledger(folder / "raw.db")
        for number in range(2, rounds + 2):
            write_ours(ledger, FIRST_ID + number, ours)
            write_raw(beside, FIRST_ID + number, raw)
            commits.append(cpu_of(lambda: commit_often(beside)) / TASKS)
        beside.close()
    empty = statistics.median(commits)
    say("P10", "raw sqlite3: a transaction of one small update, us", commits)
    for what in ("claim", "record"):
        say("P10", f"{what}, us a row", ours[what])
        say("P10", f"{what}, raw sqlite3, us a row", raw[what])
    median = {what: statistics.median(ours[what]) for what in ours}
    plain = {what: statistics.median(raw[what]) for what in raw}
    for what, commit in (("claim", empty / TASKS), ("record", empty)):
        print(
            f"P10  {what} beside its commit: {median[what] - commit:.1f} us a row, goal <= 20;"
            f" {median[what] - plain[what]:.1f} us more than raw, {median[what] / plain[what]:.1f}x"
        )
    print(f"P10  commits of a run of {TASKS} tasks: {counted - TASKS} and one an answer, goal 2 and one an answer")


def count_commits(ledger: Ledger, step: Callable[[], object]) -> int:
    seen: list[str] = []
    with ledger._writing() as connection:
        driver = connection.connection.dbapi_connection
    assert driver is not None  # the one connection that writes
    driver.set_trace_callback(seen.append)
    step()
    driver.set_trace_callback(None)
    return seen.count("BEGIN IMMEDIATE")


def write_ours(ledger: Ledger, coworker_id: int, into: dict[str, list[float]]) -> None:
    chosen = identities()
    run_id = ledger.begin_run(new_run(coworker_id))
    meant = intents(coworker_id, chosen)
    into["claim"].append(cpu_of(lambda: ledger.claim(run_id, meant, NOW)) / TASKS)

    def record_all() -> None:
        for number, one in enumerate(chosen):
            ledger.record(run_id, one, "created", now=NOW, task_id=number + 1, fingerprints=MARKS)

    into["record"].append(cpu_of(record_all) / TASKS)
    ledger.finish_run(run_id, {"created": TASKS}, NOW, done=True)


def raw_ledger(path: Path) -> sqlite3.Connection:
    opened(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    fill_items(connection)
    connection.execute("CREATE TABLE tick (id INTEGER PRIMARY KEY, n INTEGER)")
    connection.execute("INSERT INTO tick VALUES (1, 0)")
    return connection


def fill_items(connection: sqlite3.Connection) -> None:
    connection.executemany("INSERT INTO items VALUES (?, ?)", [(n + 1, f"item-{n}") for n in range(TASKS)])


RUN = "INSERT INTO runs VALUES (?, ?, 'new-member', '0123456789ab', ?, 5, 'cli', ?, ?, ?, ?, ?, ?, NULL)"
BATCH = "INSERT INTO batches VALUES (?, ?, 'coworker', ?, 'new-member', '', ?, ?)"
INTENT = (
    "INSERT INTO tasks (coworker_id, identity, state, run_key, batch_key, item_key, at, due_at, contract_id, event_at)"
    " VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?)"
)
SETTLE = "UPDATE tasks SET state = 1, task_id = ?, at = ?, fingerprints = ? WHERE coworker_id = ? AND identity = ?"


def add_run(connection: sqlite3.Connection, key: int, coworker_id: int) -> None:
    counts = ('{"create":30}', '{"created":30}')
    connection.execute(RUN, (key, f"{key:016}", coworker_id, "c" * 64, counts[0], AT, AT, AT, counts[1]))
    connection.execute(BATCH, (key, coworker_id, str(coworker_id), b"12345678", 1))


def write_raw(connection: sqlite3.Connection, coworker_id: int, into: dict[str, list[float]]) -> None:
    chosen = identities()
    add_run(connection, coworker_id, coworker_id)

    def claim() -> None:
        connection.execute("BEGIN IMMEDIATE")
        rows = [
            (coworker_id, one.bytes, coworker_id, coworker_id, n + 1, AT, AT, FIRST_ID, AT)
            for n, one in enumerate(chosen)
        ]
        connection.executemany(INTENT, rows)
        payloads = [(coworker_id, one.bytes, "", PAYLOAD) for one in chosen]
        connection.executemany("INSERT INTO payloads VALUES (?, ?, ?, ?)", payloads)
        connection.execute("COMMIT")

    def record_all() -> None:
        for number, one in enumerate(chosen):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(SETTLE, (number + 1, AT, pack_fingerprints(MARKS), coworker_id, one.bytes))
            gone = "DELETE FROM payloads WHERE coworker_id = ? AND identity = ?"
            connection.execute(gone, (coworker_id, one.bytes))
            connection.execute("COMMIT")

    into["claim"].append(cpu_of(claim) / TASKS)
    into["record"].append(cpu_of(record_all) / TASKS)


def commit_often(connection: sqlite3.Connection) -> None:
    for _ in range(TASKS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE tick SET n = n + 1")
        connection.execute("COMMIT")


def fill(path: Path, tasks: int) -> list[int]:
    """A ledger of settled tasks, 30 a coworker, who came in no order; the coworkers' ids."""
    opened(path).close()
    coworkers = [FIRST_ID + 37 * number for number in range(tasks // TASKS)]
    RANDOM.shuffle(coworkers)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -400000")
    connection.execute("BEGIN IMMEDIATE")
    fill_items(connection)
    rows = "INSERT INTO tasks VALUES (?, ?, 1, ?, ?, ?, NULL, ?, ?, ?, ?, NULL, ?, 1, ?, NULL)"
    connection.execute("INSERT INTO people VALUES (1, 11)")
    for key, coworker_id in enumerate(coworkers, 1):
        add_run(connection, key, coworker_id)
        connection.executemany(rows, settled_rows(key, coworker_id))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return coworkers


def settled_rows(key: int, coworker_id: int) -> Iterator[tuple[object, ...]]:
    for number in range(TASKS):
        packed = b"\xfe\x00" + RANDOM.randbytes(56)  # the size of seven fingerprints
        due = AT + number * 86_400_000
        task_id = 2_000_000_000 + key * TASKS + number
        told = (AT, task_id, due, FIRST_ID + key, packed, due // 1000)  # completed when it was due
        yield (coworker_id, RANDOM.randbytes(16), key, key, number + 1, *told)


LOOK = (
    "SELECT t.identity, t.state, t.at, t.task_id, t.due_at, t.contract_id, t.event_at, t.fingerprints, r.id, r.seen_at,"
    " b.tasklist, i.item FROM tasks t JOIN runs r ON r.key = t.run_key JOIN batches b ON b.key = t.batch_key"
    " JOIN items i ON i.key = t.item_key WHERE t.coworker_id = ? ORDER BY t.identity"
)


def measure_looking(folder: Path, tasks: int, rounds: int) -> float:
    """P11 and P12 at one size; the median of microseconds a task."""
    path = folder / f"{tasks}.db"
    started = time.monotonic()
    coworkers = fill(path, tasks)
    count = f"{tasks:,} tasks"
    print(f"\n{count} filled in {time.monotonic() - started:.0f} s")
    size = path.stat().st_size / len(coworkers) / TASKS
    ours, raw = [], []
    beside = sqlite3.connect(path)
    with opened(path) as ledger:
        for coworker_id in RANDOM.choices(coworkers, k=rounds * 3):
            ours.append(cpu_of(lambda one=coworker_id: ledger.known(one)) / TASKS)  # type: ignore[misc]
            raw.append(cpu_of(lambda one=coworker_id: beside.execute(LOOK, (one,)).fetchall()) / TASKS)  # type: ignore[misc]
    beside.close()
    say("P11", f"known(), us a task, {count}", ours, "goal <= 5")
    say("P11", f"raw sqlite3, rows as tuples, us a task, {count}", raw)
    print(f"P12  bytes a task with its run and batch, {count}: {size:.0f}, goal <= 160")
    return statistics.median(ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    asked = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_writing(folder, asked.rounds)
        few = measure_looking(folder, 10_000, asked.rounds)
        many = measure_looking(folder, asked.tasks, asked.rounds)
        print(f"P11  growth from 10,000 to {asked.tasks:,} tasks: {many / few:.2f}x, goal <= 1.5x")


if __name__ == "__main__":
    main()
