"""A responsible who is told by the member's own data: a fact that holds an e-mail, or the id of a user. Pure.

It must never repeat what the fact holds in an error: that is a member's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.core.fact_values import Absent, Value
from engine.core.forms import Holder

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\Z")
_ID = re.compile(r"[1-9][0-9]{0,17}\Z")


class NamesNobody(Exception):
    """The fact names nobody: it is empty, or holds something else than a person."""

    def __init__(self, what: str, *, is_empty: bool) -> None:
        super().__init__(what)
        self.is_empty = is_empty


def named_by_fact(path: str, values: Mapping[str, Value]) -> Holder:
    """Return the person that the fact at a dotted path names.

    Raises:
        NamesNobody: it is empty or absent, or is neither an e-mail nor the id of a user.
    """
    value = _value_at(path, values)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if value is None or (isinstance(value, str) and not text):
        raise NamesNobody(f"{path} is empty", is_empty=True)
    if _ID.match(text):
        return Holder(user=int(text), fact=path)
    if _EMAIL.match(text):
        return Holder(email=text, fact=path)
    raise NamesNobody(f"{path} holds neither an e-mail nor the id of a user", is_empty=False)


def _value_at(path: str, values: Mapping[str, Value]) -> Value:
    found: Value = values
    for name in path.split("."):
        if isinstance(found, Absent):
            raise NamesNobody(f"{path} is missing: {found.reason}", is_empty=True)
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    if isinstance(found, Absent):
        raise NamesNobody(f"{path} is missing: {found.reason}", is_empty=True)
    return found
