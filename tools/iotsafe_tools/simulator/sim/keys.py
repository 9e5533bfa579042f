"""GENERATE KEY PAIR, READ PUBLIC KEY, PUT PUBLIC KEY (7.6 to 7.9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from . import objects as o
from . import pairs, tlv
from .apdu import Command, Reply
from .applet import Applet
from .blocks import Blocks
from .sessions import Session
from .status import require

KEY = 0x34
_TEMPLATE = 0x49
_MAX_KEY_OBJECT = 0x140  # an RSA key has 0x110 bytes


def encode_key(public: o.PublicKey) -> bytes:
    """Return 34 { 49 { 86 { 04 X Y } } }, or 34 { 49 { 81 modulus, 82 exponent } }."""
    value = pairs.module_for(public.key_type).encode_public(public)
    return tlv.encode(KEY, tlv.encode(_TEMPLATE, value))


def _decode_key(key_type: int, value: bytes) -> dict[str, Any]:
    """Return a public key's fields from tag 34's value, in 49 or bare. Raises TLVError."""
    items = tlv.decode_all(value)
    if [tag for tag, _ in items] == [_TEMPLATE]:
        items = tlv.decode_all(items[0][1])
    return pairs.module_for(key_type).decode_public(key_type, items)


def _public_half(applet: Applet, private: o.PrivateKey) -> o.PublicKey | None:
    """Return the pair's public key: of the same label or, without labels, the same ID."""
    name = {"label": private.label} if private.label else {"id": private.id}
    return applet.store.find(o.Kind.PUBLIC, **name)


def _new_id(applet: Applet, half: o.Container) -> bytes:
    """Return the next ID of the same length that no object of the type has."""
    size, number = len(half.id), int.from_bytes(half.id, "big")
    while applet.store.find(half.kind, id=(id := number.to_bytes(size, "big"))) is not None:
        number = (number + 1) % (1 << 8 * size)
    return id


def generate_key_pair(applet: Applet, command: Command) -> Reply:
    """GENERATE KEY PAIR: fill both halves; 6985 unless section 6's conditions hold."""
    command.expect_p1p2(0x0000)
    private = applet.find(o.Kind.PRIVATE, command.data)
    public = _public_half(applet, private)
    require(public is not None)
    applet.administration.touch(public.kind, public.id)
    require(public.access & o.READ)
    require(private.functions & public.functions & o.KEY_GENERATION)
    require(private.key_type == public.key_type)
    require(private.active and public.active)
    require(not any(applet.sessions.in_use(half.kind, half.id) for half in (private, public)))
    family = pairs.module_for(private.key_type)
    key = family.generate(private.key_type, applet.random)
    old = (private, public)
    private, public = replace(private, key=key), replace(public, **family.public_fields(key))
    if applet.profile.new_ids:
        private, public = (replace(half, id=_new_id(applet, half)) for half in (private, public))
    applet.store.put(private, public, instead_of=old)
    ids = tlv.encode(o.Kind.PRIVATE.tags.id, private.id)
    ids += tlv.encode(o.Kind.PUBLIC.tags.id, public.id)
    key_object = encode_key(public)
    answers = {"full": ids + key_object, "ids": ids, "key": key_object, "none": b""}
    return Reply(answers[applet.profile.keygen_response])


def read_public_key(applet: Applet, command: Command) -> Reply:
    """READ PUBLIC KEY: return the key in tag 34; 6985 if unreadable or empty."""
    command.expect_p1p2(0x0000)
    public = applet.find(o.Kind.PUBLIC, command.data)
    require(public.access & o.READ and public.activated)
    return Reply(encode_key(public))


@dataclass(frozen=True)
class _Putting:
    """A public key during PUT PUBLIC KEY: its progress, and its bytes so far."""

    blocks: Blocks
    value: bytes


def put_public_key_init(applet: Applet, command: Command) -> Reply:
    """PUT PUBLIC KEY init: open (P1 = 00) or close (01) session P2."""
    if command.p1 == 0x01:
        applet.close_session(command)
        return Reply()
    command.expect_p1p2(command.p2)
    public = applet.find(o.Kind.PUBLIC, command.data)
    require(public.access & o.UPDATE and public.active)
    session = Session(
        command.ins, public.kind, public.id, _Putting(Blocks(KEY, _MAX_KEY_OBJECT), b"")
    )
    applet.sessions.open(command.p2, session, applet.profile.max_sessions)
    return Reply()


def put_public_key_update(applet: Applet, command: Command) -> Reply:
    """PUT PUBLIC KEY update: take the key (34). The last block writes it and ends the session.

    6A80 for a point that is not on the curve, 6985 if the object may no longer be written.
    """
    last = command.last_block
    session = applet.sessions.get(command.p2, 0x24)
    public = applet.object_of(session)
    require(public.access & o.UPDATE and public.active)
    blocks, chunk, _ = session.work.blocks.take(command.data, last=last)
    work = _Putting(blocks, session.work.value + chunk)
    if last:
        applet.store.put(replace(public, **_decode_key(public.key_type, work.value)))
        applet.sessions.close(command.p2, session.ins)
    else:
        applet.sessions.update(command.p2, replace(session, work=work))
    return Reply()
