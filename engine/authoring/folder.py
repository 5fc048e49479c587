"""The folder of the user's files: which one is in use, what is in it, and nothing outside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.authoring.loader import Loaded, load
from engine.authoring.source import Source, read_source
from engine.core.errors import Problem, Problems, UserError
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.scalars import SLUG
from engine.core.words import nearest

ORGANISATION = "organisation.yaml"


@dataclass(frozen=True)
class Folder:
    """A folder of task lists. `path` is absolute; `name` is how it is shown in places."""

    path: Path
    name: str

    def lists(self) -> tuple[str, ...]:
        """Return the ids of all task lists, by file name."""
        return tuple(sorted(p.stem for p in self.path.glob("*.yaml") if p.name != ORGANISATION))

    def organisation(self) -> Loaded[Organisation]:
        """Load organisation.yaml. Raises Problems or UserError."""
        return load(Organisation, self._read(ORGANISATION))

    def tasklist(self, tasklist_id: str) -> Loaded[TaskList]:
        """Load one task list by its id. Raises Problems or UserError; an unknown id names the nearest."""
        if not re.fullmatch(SLUG, tasklist_id):
            raise UserError(
                f"{tasklist_id!r} is no task list's id: lower-case letters, digits and hyphens.",
                advice=self._advice(tasklist_id),
            )
        if not (self.path / f"{tasklist_id}.yaml").exists():
            raise UserError(
                f"there is no task list {tasklist_id!r} in {self.name}.", advice=self._advice(tasklist_id)
            )
        loaded = load(TaskList, self._read(f"{tasklist_id}.yaml"))
        if loaded.model.tasklist != tasklist_id:
            what = "the id of a task list equals its file name"
            place = loaded.place(("tasklist",))
            raise Problems([Problem(place, what, found=repr(loaded.model.tasklist), corrected=tasklist_id)])
        return loaded

    def _advice(self, tasklist_id: str) -> str:
        names = self.lists()
        close = nearest(tasklist_id, names)
        return f"Did you mean {close}?" if close else f"There are: {', '.join(names) or 'none yet'}."

    def _read(self, file_name: str) -> Source:
        path = self.path / file_name
        shown = f"{self.name}/{file_name}"
        if path.is_symlink() and not path.resolve().is_relative_to(self.path.resolve()):
            raise UserError(
                f"{shown} is a link that leads out of the folder.", advice="Put the file itself there."
            )
        return read_source(path, shown)


def find_folder(named: str | None, environ: Mapping[str, str], here: Path) -> Folder:
    """Return the folder in use: `--dir`, else TASKLISTS_DIR, else ./tasklists, else the nearest one upwards.

    Raises:
        UserError: there is none, or the named one has no organisation.yaml.
    """
    wanted = named or environ.get("TASKLISTS_DIR")
    if wanted:
        path = (here / wanted).resolve()
        if not (path / ORGANISATION).is_file():
            raise UserError(
                f"{wanted} holds no {ORGANISATION}.", advice="Name the folder of your task lists with --dir."
            )
        return Folder(path, wanted.rstrip("/") or "/")
    for folder in (here, *here.parents):
        if (folder / "tasklists" / ORGANISATION).is_file():
            path = folder / "tasklists"
            return Folder(path, "tasklists" if folder == here else str(path))
    raise UserError(
        f"there is no folder tasklists with an {ORGANISATION} here or above.",
        advice="Go to the folder that holds it, or name it with --dir or TASKLISTS_DIR.",
    )
