"""The issuer's side of a SIM: what is done at the factory or over the air, never by APDU."""

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
    """Makes, fills and empties containers. Each call is stored before it returns.

    Errors: ValueError for objects that can't be, StoreError when the store can't be written.
    """

    def __init__(
        self, store: Store, profile: Profile, administration: Administration | None = None
    ) -> None:
        self._store = store
        self._profile = profile
        self._administration = administration or Administration(store)

    def objects(self) -> list[o.Container]:
        """All objects of the SIM."""
        return self._store.objects()

    def put(self, *items: o.Container) -> None:
        """Add or replace whole objects, within the numbers that the profile announces."""
        names = {(item.kind, item.id) for item in (*self._store.objects(), *items)}
        for kind, limit in self._profile.limits().items():
            if sum(found is kind for found, _ in names) > limit:
                raise ValueError(f"the SIM has room for {limit} objects of type {kind.name}")
        self._store.put(*items)

    def create(self, planned: Planned) -> None:
        """Make containers as an object plan has them; raises ValueError when one is there."""
        for item in planned.containers:
            if self._store.find(item.kind, id=item.id) is not None:
                name = f"{item.kind.name.lower()} object {item.id.hex().upper()}"
                raise ValueError(f"{name} is there already; remove it first")
        self.put(*new_objects([planned]))

    def empty(self, kind: o.Kind, id: bytes) -> None:
        """Take the value out of a container: its state becomes 00."""
        self._store.put(o.emptied(self._find(kind, id)))

    def remove(self, kind: o.Kind, id: bytes) -> None:
        """Take the container away, with its value."""
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
        """Make the private and the public container, filled; return the point, 65 bytes 04 X Y,
        or the modulus of an RSA key, 256 bytes.

        private_key: taken over instead of a new one. functions (61): by default signature, or key
        generation and agreement for a volatile pair. public_id: when it differs from `id`; both
        halves then need a label. An existing pair is replaced, but keeps its label unless there is
        another.
        """
        if functions is None:
            volatile = ecc.is_volatile(key_type)
            functions = o.KEY_GENERATION | o.KEY_AGREEMENT if volatile else o.SIGNATURE
        family = pairs.of(key_type)
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
        """State 00: the object can't be used any more; its value stays."""
        self._store.put(replace(self._find(kind, id), active=False))

    def activate(self, kind: o.Kind, id: bytes) -> None:
        """Undo `deactivate`: state 01, unless the container is empty."""
        self._store.put(replace(self._find(kind, id), active=True))

    def begin_administration(self, kind: o.Kind, id: bytes) -> None:
        """Begin a remote administration session: commands that touch the object answer 6984.

        The object may be changed with the other calls meanwhile.
        """
        self._administration.begin(kind, id)

    def end_administration(self, kind: o.Kind, id: bytes) -> None:
        """End it: the next command that touches the object answers 63CF, or 6989 when it fails
        and the object has changed."""
        self._administration.end(kind, id)

    def administrations(self) -> list[tuple[o.Kind, bytes]]:
        """Type and ID of the objects under remote administration."""
        return self._administration.running()

    def clear_key_pair(self, id: bytes = b"\x01") -> None:
        """Empty both halves: their state becomes 00."""
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
        """Write a file, making its container when there is none; no data empties it (state 00).

        size: bytes of the container; by default as it is, or as long as the data. label: by
        default as it is.
        """
        data = bytes(data)
        file = self._store.find(o.Kind.FILE, id=id) or o.File(id=id, size=len(data))
        size = file.size if size is None else size
        self.put(replace(file, label=label or file.label, size=size, content=data))

    def public_key(self, id: bytes = b"\x01") -> bytes:
        """The point of a public key, 65 bytes; empty when its container is."""
        return self._find(o.Kind.PUBLIC, id).point

    def point_of(self, id: bytes) -> bytes:
        """The point (of RSA, the modulus) that belongs to a private key, wherever its public half
        is; empty when its container is."""
        private = self._find(o.Kind.PRIVATE, id)
        if not private.filled:
            return b""
        fields = pairs.of(private.key_type).public_fields(private.key)
        return fields.get("point") or fields["modulus"]

    def _find(self, kind: o.Kind, id: bytes) -> o.Container:
        item = self._store.find(kind, id=id)
        if item is None:
            raise ValueError(f"the SIM has no object of type {kind.name} with ID {id.hex()}")
        return item
