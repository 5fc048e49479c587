"""What organisation.yaml says of people: who holds which role, and which roles stand in. Frozen models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from engine.core.forms import AnyHolder, Model
from engine.core.scalars import slug


def _as_holders(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Holders = Annotated[
    tuple[AnyHolder, ...],
    BeforeValidator(_as_holders),
    WithJsonSchema({"description": "a person, or a list of persons: e-mails or {user: NUMBER}"}),
]
RoleName = Annotated[str, slug("a role")]


class Role(Model):
    """A role everywhere: who holds it where a location names nobody, and which roles stand in for it."""

    holders: Holders = ()
    fallback: tuple[RoleName, ...] = ()
