"""Runs the command line in processes that can be made to die at a boundary; the engine's own code is unchanged.

    python tests/proof/crash_runner.py run new-member --coworker 1 --yes     one run, as CRASH_AT=name:nth says
    python tests/proof/crash_runner.py --nursery                             a warm process that forks such runs

Environment of a run: CRASH_AT (boundaries.py), CENSUS (a file for how often each boundary was reached), LOUD=1
(every logger of the process at DEBUG, on standard error), HASTE=n (waits pass n times as fast, and the clock with
them), CLOCK_AHEAD=n (seconds).

The nursery reads one JSON object a line (`argv env cwd stdin stdout stderr`, the last three are files) and prints
`{"pid": n}` at the start and `{"pid": n, "code": c}` at the end of each; c is negative for a signal. Each run is a
process of its own: all that is saved is importing the engine again. It ends when its input does.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import json
import logging
import os
import pkgutil
import select
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT)]

from boundaries import Crash, install  # noqa: E402  the path comes first

until_the_end = ExitStack()
"""What must stay as long as the process does."""

_LEFT_OUT = ("engine.sandbox", "engine.cli.sandbox", "engine.cli.demo", "engine.ledger.migrations")
"""The far side is never in this process, and migrations are found by Alembic alone."""


def run(arguments: list[str], crash: Crash) -> int:
    """Call the command line and return its exit code, or die on the way."""
    from engine.cli.main import main

    crash.arm(os.environ.get("CRASH_AT", ""))
    faulthandler.register(signal.SIGUSR1, all_threads=True)  # for whoever wonders why it does not end
    if os.environ.get("LOUD"):
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
        logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
    if os.environ.get("HASTE") or os.environ.get("CLOCK_AHEAD"):
        hasten(float(os.environ.get("HASTE") or 1), float(os.environ.get("CLOCK_AHEAD") or 0))
    try:
        main(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    finally:
        if os.environ.get("CENSUS"):
            crash.write_census(Path(os.environ["CENSUS"]))
    return 0


def hasten(times: float, ahead: float) -> None:
    """Let every wait of a run take a fraction of its time, while the clock that it reads moves on by all of it."""
    from whenever import Instant, patch_current_time

    from engine.flows.stopping import Stop

    clock = until_the_end.enter_context(
        patch_current_time(Instant.now().add(seconds=ahead), keep_ticking=True)
    )
    sleep = Stop.sleep

    def shorter(self: Stop, seconds: float) -> None:
        sleep(self, seconds / times)
        clock.shift(seconds=seconds - seconds / times)

    cast(Any, Stop).sleep = shorter


def warm_up() -> None:
    """Import all that a run may import, and let no collection touch it again: forks share the pages."""
    import engine

    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if not module.name.startswith(_LEFT_OUT):
            importlib.import_module(module.name)
    for name in ("alembic.command", "alembic.config", "sqlalchemy.dialects.sqlite", "holidays.countries"):
        importlib.import_module(name)
    gc.freeze()


def tell(found: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


class Nursery:
    """Forks a process for each line that it is given, and tells how each one ended."""

    def __init__(self) -> None:
        self._wake, far_end = os.pipe()
        os.set_blocking(far_end, False)
        signal.set_wakeup_fd(far_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._lines = b""

    def serve(self) -> dict[str, Any] | None:
        """Return in each child with what it is to do, and in the parent with None once the input has ended."""
        while True:
            ready, _, _ = select.select([0, self._wake], [], [])
            if self._wake in ready:
                os.read(self._wake, 512)
                self._reap()
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    return None
                *whole, self._lines = (self._lines + data).split(b"\n")
                for line in whole:
                    if (asked := self._fork(json.loads(line))) is not None:
                        return asked

    def _fork(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        pid = os.fork()
        if pid:
            tell({"pid": pid})
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        return asked

    @staticmethod
    def _reap() -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            tell({"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def stand_in(asked: dict[str, Any]) -> list[str]:
    """Take on the environment, folder and files of a run; return its arguments."""
    os.setpgid(0, 0)  # a signal meant for one run reaches no other
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    for number, (name, flags) in enumerate(
        (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY | os.O_APPEND), ("stderr", os.O_WRONLY | os.O_APPEND))
    ):
        file = os.open(asked[name], flags | os.O_NOCTTY)
        os.dup2(file, number)
        os.close(file)
    return list(asked["argv"])


def main() -> int:
    crash = Crash()
    install(crash)
    if sys.argv[1:] != ["--nursery"]:
        return run(sys.argv[1:], crash)
    warm_up()
    asked = Nursery().serve()
    if asked is None:
        return 0
    code = run(stand_in(asked), crash)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # taking a warm interpreter apart is long, and no part of a run


if __name__ == "__main__":
    sys.exit(main())
