"""The log of the service: one line for each event, on standard error, as JSON or for people.

It must never hold a member's text or a secret. So only fields that are known to hold none are let through, of an
exception its type and the lines of code it passed, and of what libraries log the words that stand in their source.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars, merge_contextvars
from whenever import Instant

Form = Literal["json", "text"]
Event = MutableMapping[str, Any]

IDS: Final = ("delivery_id", "job_id", "run_id", "coworker_id", "contract_id", "team_id", "record_id", "task_id")
"""What a line is about. Bound once by `about`, they stand in each line until the end of the block."""

FIELDS: Final = frozenset(
    {"at", "level", "event", "left_out", "error", "where", "logger"}
    | {"what", "tasklist", "location", "on", "state", "outcome", "cause", "duty", "due_at", "tries"}
    | {"count", "seconds", "url", "pid", "signal", "version"}
    | set(IDS)
)
"""All that a line may hold. `what` is a sentence of ours without any data of a member, `on` the event of a delivery."""

_LONGEST: Final = 500
"""Characters of one value: a sentence is shorter, and whatever is longer was copied from somewhere."""

_FRAMES: Final = 6
_ROUTED: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "alembic", "procrastinate", "sqlalchemy")
_OURS: Final = "tasklists"
"""Loggers of ours by this name say nothing but what may be said, so their arguments are shown."""


def configure(form: Form, stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to `stream`, standard error if none is given.

    Ours from INFO on, libraries' from WARNING on. Also threads that end by a fault: Python would print its message.
    """
    lines = _Lines(stream or sys.stderr, _as_json if form == "json" else _as_text)
    structlog.configure(
        processors=[merge_contextvars, _stamp, _kept, lines.render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Routed(lines)]
    root.setLevel(logging.WARNING)
    for name in _ROUTED:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = [], True, False
        logger.setLevel(logging.WARNING)
    threading.excepthook = _thread_ended
    sys.excepthook = _process_ended


def log() -> structlog.typing.FilteringBoundLogger:
    """Return the logger: `log().info("job done", job_id=..., tasklist=...)`, with names of FIELDS alone."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def about(**ids: object) -> AbstractContextManager[None]:
    """Bind ids to each line of this thread or task until the block ends."""
    return bound_contextvars(**ids)


def notice(kind: str, sentence: str) -> None:
    """Tell what is wrong: a kind of work, and a sentence without any data of a member."""
    log().warning("trouble", duty=kind, what=sentence)


def say(sentence: str) -> None:
    """Tell what goes on, in a sentence without any data of a member."""
    log().info("note", what=sentence)


class _Lines:
    """Writes lines whole, whichever thread they come from. A stream that is gone ends nothing."""

    def __init__(self, stream: TextIO, form: Callable[[Event], str]) -> None:
        self._stream = stream
        self._form = form
        self._guard = threading.Lock()

    def render(self, _logger: object, _method: str, event: Event) -> str:
        """The last processor: one line of text."""
        return self._form(event)

    def msg(self, line: str) -> None:
        """Write one line at once."""
        try:
            with self._guard:
                self._stream.write(f"{line}\n")
                self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = msg


def _stamp(_logger: object, method: str, event: Event) -> Event:
    return {"at": _moment(Instant.now()), "level": method, "event": event.pop("event", ""), **event}


def _kept(_logger: object, _method: str, event: Event) -> Event:
    """Only what FIELDS names; the names of all else are told, for whoever wrote the line."""
    fault = event.pop("exc_info", None)
    if fault:
        found = sys.exc_info()[1] if fault is True else fault
        event = {**event, **_of_fault(found if isinstance(found, BaseException) else None)}
    kept = {name: _plain(value) for name, value in event.items() if name in FIELDS}
    dropped = sorted(name for name in event if name not in FIELDS)
    return {**kept, "left_out": dropped} if dropped else kept


def _of_fault(fault: BaseException | None) -> Event:
    if fault is None:
        return {}
    frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES:]
    return {"error": type(fault).__name__, "where": ", ".join(f"{_module(f.filename)}:{f.lineno}" for f in frames)}


def _module(path: str) -> str:
    """The last two parts of a file's path: enough to find it, nothing about the machine."""
    return "/".join(PurePath(path).parts[-2:])


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON knows no infinity
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Instant):
        return _moment(value)
    if isinstance(value, str):
        text = str(value)  # of a subclass the plain text
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
    return type(value).__name__  # never its repr: that may hold anything


def _moment(moment: Instant) -> str:
    return str(moment.round("millisecond", mode="floor"))


def _as_json(event: Event) -> str:
    return json.dumps(event)  # ASCII alone: no newline, U+2028 or escape of a terminal gets through


def _as_text(event: Event) -> str:
    first = (event.get("at", ""), f"{event.get('level', ''):7}", _shown(event.get("event", "")))
    rest = (f"{name}={_shown(value)}" for name, value in event.items() if name not in {"at", "level", "event"})
    return " ".join((*first, *rest))


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    is_plain = text.isascii() and text.isprintable() and "=" not in text and '"' not in text
    return text if is_plain else json.dumps(text)


class _Routed(logging.Handler):
    """Takes what libraries log into the same lines."""

    def __init__(self, lines: _Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            told = {**get_contextvars(), "event": "log", "logger": record.name, "what": _words(record)}
            fault = record.exc_info[1] if record.exc_info else None
            event = _kept(None, "", _stamp(None, record.levelname.lower(), {**told, **_of_fault(fault)}))
            self._lines.msg(self._lines.render(None, "", event))
        except Exception:  # noqa: BLE001 - whatever a library logs must not end who logged it
            self._lines.msg('{"level": "error", "event": "a line could not be logged"}')


def _words(record: logging.LogRecord) -> str:
    """What stands in the source: a library's arguments may be a request, a row or a member's name."""
    if record.name.partition(".")[0] == _OURS:
        return record.getMessage()
    return next(iter(str(record.msg).splitlines()), "")


def _thread_ended(told: threading.ExceptHookArgs) -> None:
    log().error("a thread ended by a fault", exc_info=told.exc_value)


def _process_ended(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, fault, trace)
    else:
        log().critical("the process ends by a fault", exc_info=fault)
