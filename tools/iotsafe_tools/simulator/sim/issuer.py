"""The issuer's side of a SIM: the actions at the factory or over the air, never by APDU."""

import os
from dataclasses import replace
from typing import Any

from . import ecc, pairs, rsa
from . import objects as o
from .administration import Administration
from .plan import Planned, new_objects
from .profile import Profile
from .store import Store


class Issuer:
    """Makes, fills and empties containers. Each call saves the store before it returns.

    Raises ValueError for impossible objects, StoreError if the store can't be written.
    """

    def __init__(
        self, store: Store, profile: Profile, administration: Administration | None = None
    ) -> None:
        self._store = store
        self._profile = profile
        self._administration = administration or Administration(store)

    def objects(self) -> list[o.Container]:
        """Return all objects of the SIM."""
        return self._store.objects()

    def put(self, *items: o.Container) -> None:
        """Add or replace objects, within the numbers that the profile announces."""
        names = {(item.kind, item.id) for item in (*self._store.objects(), *items)}
        for kind, limit in self._profile.limits().items():
            if sum(found is kind for found, _ in names) > limit:
                raise ValueError(f"the SIM has room for {limit} objects of type {kind.name}")
        self._store.put(*items)

    def create(self, planned: Planned) -> None:
        """Make a plan's containers; raise ValueError if one of them exists."""
        for item in planned.containers:
            if self._store.find(item.kind, id=item.id) is not None:
                name = f"{item.kind.name.lower()} object {item.id.hex().upper()}"
                raise ValueError(f"{name} exists already; remove it first")
        self.put(*new_objects([planned]))

    def empty(self, kind: o.Kind, id: bytes) -> None:
        """Delete a container's value: its state becomes 00."""
        self._store.put(o.emptied(self._find(kind, id)))

    def remove(self, kind: o.Kind, id: bytes) -> None:
        """Delete a container with its value."""
        self._store.put(instead_of=[self._find(kind, id)])

    def create_key_pair(
        self,
        id: bytes = b"\x01",
        label: bytes = b"",
        *,
        key_type: int = o.P256,
        usage: int = o.TLS12_KEY,
        functions: int | None = None,
        private_key: Any = None,
        public_id: bytes = b"",
    ) -> bytes:
        """Make and fill the private and the public container; return the point, 65 bytes 04 X Y,
        or the modulus of an RSA key, 256 bytes.

        private_key: used instead of a new one. functions (61): by default signature, or key
        generation and agreement for a volatile pair. public_id: if it differs from `id`; both
        halves then need a label. Replaces an existing pair, and keeps its label unless `label`
        is given.
        """
        if functions is None:
            volatile = ecc.is_volatile(key_type)
            functions = o.KEY_GENERATION | o.KEY_AGREEMENT if volatile else o.SIGNATURE
        family = pairs.module_for(key_type)
        algorithms = rsa.PKCS1 | rsa.PSS if family is rsa else ecc.ECDSA
        key = family.generate(key_type, os.urandom) if private_key is None else private_key
        family.check_private(key_type, key)
        old = self._store.find(o.Kind.PRIVATE, id=id)
        shared = {
            "label": label or (old.label if old else b""),
            "key_type": key_type,
            "usage": usage,
            "functions": functions,
            "algorithm": algorithms if functions & o.SIGNATURE else None,
            "hashes": 0x0001 if functions & o.SIGNATURE else None,
            "agreement": 0x01 if functions & o.KEY_AGREEMENT else None,
        }
        access = o.UPDATE if functions & o.KEY_GENERATION else 0
        private = o.PrivateKey(id=id, **shared, access=access, key=key)
        public = o.PublicKey(id=public_id or id, **shared, **family.public_fields(key))
        self.put(private, public)
        return public.point or public.modulus

    def deactivate(self, kind: o.Kind, id: bytes) -> None:
        """Set state 00: commands can't use the object any more; its value stays."""
        self._store.put(replace(self._find(kind, id), active=False))

    def activate(self, kind: o.Kind, id: bytes) -> None:
        """Undo `deactivate`: set state 01, unless the container is empty."""
        self._store.put(replace(self._find(kind, id), active=True))

    def begin_administration(self, kind: o.Kind, id: bytes) -> None:
        """Begin a remote administration session: commands that touch the object answer 6984.

        During the session the other methods may change the object.
        """
        self._administration.begin(kind, id)

    def end_administration(self, kind: o.Kind, id: bytes) -> None:
        """End the session: the next command that touches the object answers 63CF, or 6989 if it
        fails and the object has changed."""
        self._administration.end(kind, id)

    def administrations(self) -> list[tuple[o.Kind, bytes]]:
        """Return type and ID of the objects under remote administration."""
        return self._administration.running()

    def clear_key_pair(self, id: bytes = b"\x01") -> None:
        """Empty both halves of a pair: their state becomes 00."""
        halves = (self._find(kind, id) for kind in (o.Kind.PRIVATE, o.Kind.PUBLIC))
        self._store.put(*map(o.emptied, halves))

    def write_file(
        self,
        id: bytes = b"\x02",
        data: bytes = b"",
        *,
        label: bytes = b"",
        size: int | None = None,
    ) -> None:
        """Write a file, and make its container if absent; no data empties it (state 00).

        size: bytes of the container; by default unchanged, or the length of the data. label: by
        default unchanged.
        """
        data = bytes(data)
        file = self._store.find(o.Kind.FILE, id=id) or o.File(id=id, size=len(data))
        size = file.size if size is None else size
        self.put(replace(file, label=label or file.label, size=size, content=data))

    def public_key(self, id: bytes = b"\x01") -> bytes:
        """Return the point of a public key, 65 bytes, or b"" from an empty container."""
        return self._find(o.Kind.PUBLIC, id).point

    def point_of(self, id: bytes) -> bytes:
        """Return the point (of RSA, the modulus) that belongs to a private key, whatever the ID of
        its public half; b"" from an empty container."""
        private = self._find(o.Kind.PRIVATE, id)
        if not private.filled:
            return b""
        fields = pairs.module_for(private.key_type).public_fields(private.key)
        return fields.get("point") or fields["modulus"]

    def _find(self, kind: o.Kind, id: bytes) -> o.Container:
        item = self._store.find(kind, id=id)
        if item is None:
            raise ValueError(f"the SIM has no object of type {kind.name} with ID {id.hex()}")
        return item
