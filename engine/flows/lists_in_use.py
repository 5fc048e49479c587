"""The lists as they are on disk now, for a process that runs for months: read again only when a file changed.

A file that has a mistake never stands for an older version of itself, and never hides that it starts on an event. The
owner that the process began with is the only one: with another, everything would be made a second time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.authoring.check import Checked, Ready, check_folder
from engine.authoring.folder import ORGANISATION, Folder
from engine.core.errors import Problem, UserError
from engine.core.organisation import Organisation
from engine.core.overriding import with_overrides
from engine.core.triggers import Starts, is_per_team, starts_of
from engine.core.words import nearest
from engine.flows.request import Request, with_defaults
from engine.flows.run import Job
from engine.flows.version import version_of

_MOST_TOLD: Final = 3
"""Mistakes named in one reason; `check` tells all of them."""


class BrokenList(UserError):
    """A list's file, or organisation.yaml, has mistakes now; their places are told."""


class NoSuchList(UserError):
    """A list's file is gone."""


_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class _Seen:
    """The folder as it was read last."""

    stamp: _Stamp = ()
    ready: Mapping[str, Ready] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, Starts] = field(default_factory=dict)
    formers: Mapping[str, str] = field(default_factory=dict)
    organisation: Organisation | None = None
    trouble: str = ""
    """What is wrong with organisation.yaml, which all lists need."""


class ListsInUse:
    """One folder of lists, shared by all threads of a process."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._owner = ""

    def ready(self) -> Mapping[str, Ready]:
        """Return the sound lists by name. Raises UserError when the folder cannot be read."""
        return self._now().ready

    def broken(self) -> Mapping[str, str]:
        """Return the lists that cannot be used now, each with its first mistakes; errors as `ready`."""
        return self._now().broken

    def starts(self) -> Mapping[str, Starts]:
        """Return what starts each list, sound or broken; errors as `ready`."""
        return self._now().starts

    def formers(self) -> Mapping[str, str]:
        """Return the former name of each list that was renamed, sound or broken; errors as `ready`."""
        return self._now().formers

    def organisation(self) -> Organisation:
        """Return organisation.yaml as it is now. Raises BrokenList with its mistakes, and as `ready`."""
        seen = self._now()
        if seen.organisation is None:
            raise BrokenList(seen.trouble)
        return seen.organisation

    def one(self, name: str) -> Ready:
        """Return one list, by its name or by that which it had. Raises BrokenList or NoSuchList, and as `ready`."""
        seen = self._now()
        present = name if name in seen.starts else _renamed(name, seen.formers)
        if present in seen.ready:
            return seen.ready[present]
        if present in seen.broken:
            raise BrokenList(seen.broken[present])
        close = nearest(name, seen.starts)
        advice = f"Is it {close} now?" if close else "Put it back, or discard what waits for it."
        raise NoSuchList(f"there is no task list {name!r} in {self.folder.name} any more.", advice=advice)

    def job(self, name: str, request: Request) -> Job:
        """Return the job of a list and a request; errors as `one`."""
        ready = self.one(name)
        prepared = with_overrides(ready.prepared, request.overrides)
        request = with_defaults(prepared.tasklist, request)
        return Job(prepared, request, version_of(ready.prepared, ready.data))

    def _now(self) -> _Seen:
        with self._lock:
            stamp = self._stamp()
            if self._seen is None or self._seen.stamp != stamp:
                self._seen = self._read(stamp)
            return self._seen

    def _stamp(self) -> _Stamp:
        try:
            with os.scandir(self.folder.path) as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith((".yaml", ".yml", ".ics")))
        except OSError as error:
            raise UserError(f"{self.folder.name} cannot be read: {error.strerror}.") from error
        return tuple(self._stamp_of(name) for name in names)

    def _stamp_of(self, name: str) -> tuple[str, int, int, int]:
        try:
            found = (self.folder.path / name).stat()
        except OSError:  # a link that leads to nothing, or a file that is being replaced
            return name, 0, 0, 0
        return name, found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self, stamp: _Stamp) -> _Seen:
        try:
            checked = check_folder(self.folder)
            names = self.folder.lists()
        except OSError as error:
            raise UserError(f"{self.folder.name} cannot be read: {error.strerror}.") from error
        mistakes: dict[str, list[Problem]] = {}
        for problem in checked.errors:
            mistakes.setdefault(problem.place.file, []).append(problem)
        own = (file for file in mistakes if file == self._file(ORGANISATION) or file.endswith(".ics"))
        organisation, trouble = self._organisation(checked, [problem for file in own for problem in mistakes[file]])
        ready: dict[str, Ready] = {}
        broken: dict[str, str] = {}
        lists = [name for name in names if name not in checked.abstract]
        for name in lists:
            wrong = _mistakes_of(name, checked, mistakes.get(self._file(f"{name}.yaml"), ()))
            if trouble or wrong or name not in checked.lists:
                broken[name] = trouble or _told(wrong)
            else:
                ready[name] = Ready(checked.lists[name], checked.loaded[name], ())
        starts = {name: self._starts(name, checked) for name in lists}
        formers = {name: former for name in lists if (former := self._former(name, checked))}
        return _Seen(stamp, ready, broken, starts, formers, organisation, trouble)

    def _organisation(self, checked: Checked, mistakes: Iterable[Problem]) -> tuple[Organisation | None, str]:
        found = checked.organisation.model if checked.organisation else None
        told = _told(mistakes)
        if found is None or told:
            return None, told or f"{self._file(ORGANISATION)} has mistakes"
        self._owner = self._owner or found.owner
        if found.owner != self._owner:
            changed = f"the owner was {self._owner!r} when this process began, and is {found.owner!r} now"
            return None, f"{self._file(ORGANISATION)}: {changed}; it never changes"
        return found, ""

    def _starts(self, name: str, checked: Checked) -> Starts:
        """What a list's file says of its start, as far as it can be read."""
        if name in checked.loaded:
            return starts_of(checked.loaded[name].model)
        try:
            loaded = self.folder.tasklist_mended(name)
        except UserError:
            return Starts(None)
        doubtful = loaded.doubtful
        hidden = () in doubtful or any(path[0] == "applies" and path[1:2] in ((), ("on",)) for path in doubtful if path)
        return Starts(None, is_per_team(loaded.model)) if hidden else starts_of(loaded.model)

    def _former(self, name: str, checked: Checked) -> str:
        if name in checked.loaded:
            return checked.loaded[name].model.formerly or ""
        try:
            return self.folder.tasklist_mended(name).model.formerly or ""
        except UserError:
            return ""

    def _file(self, name: str) -> str:
        return f"{self.folder.name}/{name}"


def _mistakes_of(name: str, checked: Checked, in_its_file: Iterable[Problem]) -> list[Problem]:
    """Return the errors of a list: those in its own file, and those in the lists that it is made of."""
    reached = (problem for problem in checked.of_list.get(name, ()) if problem.severity == "error")
    return sorted({*in_its_file, *reached})


def _renamed(name: str, formers: Mapping[str, str]) -> str:
    return next((present for present, former in formers.items() if former == name), name)


def _told(problems: Iterable[Problem]) -> str:
    found = list(problems)
    more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return "; ".join(map(str, found[:_MOST_TOLD])) + more


