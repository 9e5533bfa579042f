"""The object plan of a card: the containers of a new SIM, and which of them it fills."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

from . import objects as o
from . import pairs

SECRET_BYTES = 32


@dataclass(frozen=True)
class Planned:
    """One object, or both halves of a key pair (private first), without values.

    `generate`: fill the key pair or the secret key when the SIM is made.
    """

    containers: tuple[o.Container, ...]
    generate: bool = False


def new_objects(plan: Iterable[Planned]) -> list[o.Container]:
    """Return the objects of a new SIM. Each call makes different keys."""
    made: list[o.Container] = []
    for entry in plan:
        made += _filled(entry.containers) if entry.generate else entry.containers
    return made


def _filled(containers: tuple[o.Container, ...]) -> list[o.Container]:
    first = containers[0]
    if isinstance(first, o.SecretKey):
        return [replace(first, value=os.urandom(SECRET_BYTES))]
    family = pairs.module_for(first.key_type)
    key = family.generate(first.key_type, os.urandom)
    values = {o.Kind.PRIVATE: {"key": key}, o.Kind.PUBLIC: family.public_fields(key)}
    return [replace(item, **values[item.kind]) for item in containers]
