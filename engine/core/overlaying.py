"""What a file may say besides what a list is: changes of another list's items, includes, overlays per location.

Models of the written form, for the JSON Schema that editors use, and the words that the rules of overlays are made
of. Nothing is expanded from these: authoring puts them to effect first.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.core.forms import Model
from engine.core.model import Defaults, Item, ListNames, TaskList
from engine.core.scalars import Flag, Text, slug
from engine.core.wordings import AnyWording

FIXED_IN_ITEMS = ("once_per", "for_each", "same_as", "formerly")
"""Keys of an item that its tasks' identity hangs on: no overlay changes them."""


class WrittenItem(Item):
    """One entry under `items`: an item, a change of one that is known already, or the items of another list."""

    id: Annotated[str, slug("an id")] | None = None  # type: ignore[assignment]  # an include has none
    name: AnyWording | None = None  # type: ignore[assignment]  # a change says only what differs
    drop: Flag | None = None
    """Takes out the item of this id."""
    include: ListNames = ()
    """The items of other lists, at this place."""


class Overlay(Model):
    """What a list says otherwise at one location."""

    name: AnyWording | None = None
    description: Text | None = None
    defaults: Defaults = Field(default_factory=Defaults)
    items: tuple[WrittenItem, ...] = ()


OVERLAY_KEYS = tuple(Overlay.model_fields)


class WrittenList(TaskList):
    """A task list's file: one that stands for itself, or says how it differs from another."""

    name: AnyWording | None = None  # type: ignore[assignment]  # the extended list may have it
    overlays: dict[Annotated[str, slug("a location")], Overlay] = Field(default_factory=dict)
    items: tuple[WrittenItem, ...] = ()
