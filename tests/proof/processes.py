"""Processes that run the command line: from a warm nursery, or cold as a user starts them.

Each can be killed and waited for by its own pid. It must never leave one behind: `close` ends what still runs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

RUNNER = Path(__file__).with_name("crash_runner.py")
_START_SECONDS = 60
"""Until a nursery has imported the engine, on a machine that is busy."""


@dataclass
class Child:
    """One run: where its output goes, and how it ended."""

    pid: int
    stdout: Path
    stderr: Path
    code: int | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def signal(self, number: int) -> bool:
        """Send a signal; False if the process has ended."""
        if self.over.is_set():
            return False
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
            return True
        return False

    def wait(self, seconds: float) -> int:
        """The exit code, negative for a signal. TimeoutError, after a SIGKILL, if it does not end."""
        if not self.over.wait(seconds):
            self.signal(signal.SIGUSR1)  # it says where it is
            self.over.wait(1)
            self.signal(signal.SIGKILL)
            self.over.wait(5)
            raise TimeoutError(f"a run did not end within {seconds:g} s: {self.err[-4000:]}")
        assert self.code is not None
        return self.code

    @property
    def out(self) -> str:
        return self.stdout.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        return self.stderr.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Job:
    """What one run is to do, and where."""

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    output: Path
    """Standard output and error go to this path with `.out` and `.err`."""
    terminal: str = ""
    """A terminal that stands for standard input and error instead."""

    def files(self) -> tuple[Path, Path]:
        """Make both files, empty."""
        named = self.output.with_suffix(".out"), self.output.with_suffix(".err")
        for file in named:
            file.touch()
        return named


class Nursery:
    """A warm process that forks runs; safe to use from many threads."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(RUNNER), "--nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._asking = threading.Lock()
        self._told = threading.Condition()
        self._born: list[int] = []
        self._children: dict[int, Child] = {}
        self._early: dict[int, int] = {}
        self._is_over = False
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, job: Job) -> Child:
        """Begin a run."""
        stdout, stderr = job.files()
        asked = {"argv": job.argv, "env": job.env, "cwd": str(job.cwd), "stdin": job.terminal or os.devnull}
        asked |= {"stdout": str(stdout), "stderr": job.terminal or str(stderr)}
        assert self._process.stdin is not None
        with self._asking, self._told:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            if not self._told.wait_for(lambda: self._born or self._is_over, _START_SECONDS) or self._is_over:
                raise OSError("the nursery starts nothing; what it said is on standard error")
            child = Child(self._born.pop(), stdout, stderr)
            self._children[child.pid] = child
            if child.pid in self._early:
                _end(child, self._early.pop(child.pid))
        return child

    def close(self) -> None:
        """End what still runs, then the nursery."""
        for child in list(self._children.values()):
            child.signal(signal.SIGKILL)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            with self._told:
                if "code" not in told:
                    self._born.append(told["pid"])
                elif (child := self._children.pop(told["pid"], None)) is not None:
                    _end(child, told["code"])
                else:
                    self._early[told["pid"]] = told["code"]
                self._told.notify_all()
        with self._told:
            self._is_over = True
            self._told.notify_all()


def _end(child: Child, code: int) -> None:
    child.code = code
    child.over.set()


def start_cold(job: Job) -> Child:
    """Begin a run as a user does: an interpreter of its own from the first instruction on."""
    stdout, stderr = job.files()
    given_by, told_to = Path(job.terminal or os.devnull), Path(job.terminal or stderr)
    with stdout.open("ab") as out, told_to.open("ab") as err, given_by.open("rb") as given:
        process = subprocess.Popen(
            [sys.executable, str(RUNNER), *job.argv],
            env=job.env, cwd=job.cwd, stdin=given, stdout=out, stderr=err, start_new_session=True,
        )  # fmt: skip
    child = Child(process.pid, stdout, stderr)
    threading.Thread(target=lambda: _end(child, process.wait()), daemon=True).start()
    return child


def at_once(work: Callable[[int], None], count: int, workers: int = 4) -> None:
    """Do `work` for 0 to `count`, several at a time; the first failure is raised. Most of a proof is waiting."""
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, range(count)):
            pass


def wait_until(is_so: Any, seconds: float, pause: float = 0.0005) -> bool:
    """Look again and again until something is so; False if it never was."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True
