"""The locations by the names that people use for them, and the secret that each shares with its receivers.

A location's name is the slug of its business less the organisation's word: Acme Barcelona is
barcelona. Must never be read by what answers the API: there a location is a number.
"""

from __future__ import annotations

import json
import random
import re
import string
import unicodedata
from collections.abc import Mapping

from engine.sandbox.modes import SwitchError, find_name
from engine.sandbox.store import Record, Store

_ORGANISATION = "Acme "
_SECRET_SIGNS = string.ascii_letters + string.digits
_SECRET_LENGTH = 40  # above the 32 that a receiver should ask for


def name_of(business: Record) -> str:
    """The short name of a location, such as `barcelona`."""
    text = unicodedata.normalize("NFKD", str(business.get("Name") or "").removeprefix(_ORGANISATION))
    slug = re.sub(r"[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode().lower()).strip("-")
    return slug or str(business["Id"])


def locations(store: Store) -> dict[str, Record]:
    """All locations by their short name, in the order of their ids."""
    return {name_of(one): one for one in sorted(store.all("businesses"), key=lambda one: int(one["Id"]))}


def find_location(store: Store, wanted: object) -> Record:
    """A location by id, short name or full name. SwitchError names the nearest and the known."""
    found = store.get("businesses", int(wanted) if isinstance(wanted, str) and _is_id(wanted) else wanted)
    if found is not None:
        return found
    known = locations(store)
    full = {str(one.get("Name")).lower(): name for name, one in known.items()}
    text = str(wanted).strip()
    return known[find_name(full.get(text.lower(), text), known, "location")]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


class HookSecrets:
    """The shared secret of each location by its id; the same seed gives the same ones."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._seed = seed
        self._given: dict[int, str] = {}

    def of(self, business: int) -> str:
        """The secret of a location; an empty text means none, and unsigned deliveries."""
        if business in self._given:
            return self._given[business]
        # Not a secret worth keeping: it guards made-up people, and has to follow from the seed.
        source = random.Random(f"{self._seed} hook secret {business}")  # noqa: S311
        return "".join(source.choices(_SECRET_SIGNS, k=_SECRET_LENGTH))

    def change(self, wanted: Mapping[str, object]) -> None:
        """Set the secrets of some locations, all or none; null or an empty text means none.

        SwitchError for an unknown location or what is no text.
        """
        found: dict[int, str] = {}
        for name, secret in wanted.items():
            if secret is not None and not isinstance(secret, str):
                raise SwitchError(f"the secret of {name!r} has to be a text")
            found[int(find_location(self._store, name)["Id"])] = secret or ""
        self._given.update(found)

    def reset(self) -> None:
        """Back to those that follow from the seed."""
        self._given.clear()

    def as_dict(self) -> dict[str, str]:
        """All secrets by location, those without one left out."""
        found = {name: self.of(int(one["Id"])) for name, one in locations(self._store).items()}
        return {name: secret for name, secret in found.items() if secret}

    def as_text(self) -> str:
        """The JSON object that a receiver is configured with."""
        return json.dumps(self.as_dict())
