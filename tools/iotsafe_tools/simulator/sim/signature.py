"""COMPUTE SIGNATURE and VERIFY SIGNATURE (7.11 to 7.14), modes 01, 02 and 03."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from . import ecc, pairs, sha2, status, tlv
from . import objects as o
from .apdu import Command, Reply
from .applet import Applet
from .blocks import Blocks
from .sessions import Session
from .status import Refused, require

COMPUTE = 0x2A
VERIFY = 0x2C
TEXT = 0x9B
_MAX_TEXT = 0xFFFFFF
_MAX_LAST_BLOCK = 0x80
_MAX_DIGEST = 0x40
_MAX_TAIL = 0x300  # bytes of a verification that wait for its last block


@dataclass(frozen=True)
class Signing:
    """State of a session between two updates.

    The session does not hold the key: each update uses the object's current state. `hasher` has
    the text so far (mode 01). `tail` has the bytes that the last block completes: in mode 01 the
    signature to verify, in the other modes all data.
    """

    algorithm: int
    mode: int
    hash_id: int
    lenient: bool  # accept a digest whose length is not the hash's
    lengths: str  # the forms of lengths above 7F, and of the signature's length: see `tlv`
    forms: str
    hasher: Any
    blocks: Blocks
    tail: bytes = field(default=b"", repr=False)


_Step = tuple[Signing, bytes, bytes]


# ---- init ----------------------------------------------------------------------------------


def compute_init(applet: Applet, command: Command) -> Reply:
    """COMPUTE SIGNATURE init: open (P1 = 00) or close (01) session P2 on a private key."""
    return _init(applet, command, o.Kind.PRIVATE)


def verify_init(applet: Applet, command: Command) -> Reply:
    """VERIFY SIGNATURE init: open or close session P2 on a public key."""
    return _init(applet, command, o.Kind.PUBLIC)


def _init(applet: Applet, command: Command, kind: o.Kind) -> Reply:
    if command.p1 == 0x01:
        applet.close_session(command)
        return Reply()
    command.expect_p1p2(command.p2)
    decoded = tlv.decode_all(command.data)
    items = dict(decoded)
    mode, hash_id, algorithm = (_number(items, *field) for field in _PARAMETERS)
    if len(decoded) != len(_PARAMETERS) + 1 or not _supported(applet, mode, hash_id, algorithm):
        raise Refused(status.WRONG_DATA)
    item = applet.find_named(kind, items)
    _require_usable(item, algorithm, hash_id)
    work = Signing(
        algorithm=algorithm,
        mode=mode,
        hash_id=hash_id,
        hasher=hashlib.new(ecc.HASHES[hash_id]),
        lenient=applet.profile.lenient_digest,
        lengths=applet.profile.long_lengths,
        forms=applet.profile.command_signature,
        blocks=Blocks(TEXT, _MAX_TEXT, applet.profile.long_lengths),
    )
    session = Session(command.ins, kind, item.id, work)
    applet.sessions.open(command.p2, session, applet.profile.max_sessions)
    return Reply()


# Tag and size of mode of operation, hash, signature algorithm.
_PARAMETERS = ((0xA1, 1), (0x91, 2), (0x92, 1))


def _number(items: dict[int, bytes], tag: int, size: int) -> int:
    value = items.pop(tag, b"")
    if len(value) != size:
        raise tlv.TLVError(f"tag {tag:02X} must have {size} bytes")
    return int.from_bytes(value, "big")


def _supported(applet: Applet, mode: int, hash_id: int, algorithm: int) -> bool:
    return (
        mode in _MODES
        and hash_id in ecc.HASHES
        and bool(hash_id & applet.profile.hashes)
        and algorithm in pairs.ALGORITHMS
        and bool(algorithm & applet.profile.algorithms)
    )


def _require_usable(item: o.PrivateKey | o.PublicKey, algorithm: int, hash_id: int) -> None:
    """Raise Refused 6985 unless the key may be used with this algorithm and hash."""
    require(item.activated and item.allows(algorithm, hash_id))
    require(algorithm in pairs.module_for(item.key_type).ALGORITHMS)


# ---- update --------------------------------------------------------------------------------


def compute_update(applet: Applet, command: Command) -> Reply:
    """COMPUTE SIGNATURE update: answer the last block with the signature in tag 33.

    A refused update leaves the session as it was.
    """
    session = applet.sessions.get(command.p2, COMPUTE)
    last = command.last_block
    item = applet.object_of(session)
    _require_usable(item, session.work.algorithm, session.work.hash_id)
    work, digest, _ = _step(applet, session, command.data, last, signed=False)
    if not last:
        applet.sessions.update(command.p2, replace(session, work=work))
        return Reply()
    profile = applet.profile
    value = pairs.module_for(item.key_type).sign(
        item.key, digest, algorithm=work.algorithm, deterministic=profile.deterministic
    )
    if work.algorithm == ecc.ECDSA and not profile.signature_der:
        value = ecc.der_to_raw(value)
    if profile.flip_signature_byte is not None:
        value = _flipped(value, profile.flip_signature_byte % len(value))
    applet.sessions.close(command.p2, COMPUTE)
    return Reply(tlv.encode_signature(value, profile.signature_length))


def verify_update(applet: Applet, command: Command) -> Reply:
    """VERIFY SIGNATURE update: the signature comes last; 6D01 or 6985 (profile) if it is wrong.

    Data objects that do not fit one APDU, as with RSA, continue in the next block (dialect K1).
    """
    session = applet.sessions.get(command.p2, VERIFY)
    last = command.last_block
    item = applet.object_of(session)
    _require_usable(item, session.work.algorithm, session.work.hash_id)
    work, digest, value = _step(applet, session, command.data, last, signed=True)
    if not last:
        applet.sessions.update(command.p2, replace(session, work=work))
        return Reply()
    family = pairs.module_for(item.key_type)
    if not family.may_be_signature(value):
        raise tlv.TLVError("the signature does not have the algorithm's form")
    good = family.verify(item, digest, value, algorithm=work.algorithm)
    applet.sessions.close(command.p2, VERIFY)
    return Reply(sw=status.OK if good else applet.profile.mismatch_sw)


def _step(applet: Applet, session: Session, data: bytes, last: bool, *, signed: bool) -> _Step:
    """Take one block in the session's mode. A wedged session takes what its profile says: an
    update in its own mode, a digest (9E), a text (9B)."""
    work, mode = session.work, session.work.mode
    if session.wedged:
        ends = applet.profile.wedge_ends
        wanted = {0x9E: ("9E", 0x03), TEXT: ("9B", 0x01)}.get(data[0] if data else None)
        if last and wanted and wanted[0] in ends:
            mode = wanted[1]
            hasher = hashlib.new(ecc.HASHES[work.hash_id])
            blocks = Blocks(TEXT, _MAX_TEXT, work.lengths)
            work = replace(work, hasher=hasher, blocks=blocks, tail=b"")
        elif "update" not in ends:
            raise Refused(status.CONDITIONS)
    return _MODES[mode](work, data, last, signed)


def _flipped(value: bytes, at: int) -> bytes:
    return value[:at] + bytes([value[at] ^ 0xFF]) + value[at + 1 :]


# ---- modes of operation: (state, block, last, signed) -> (state, digest, signature) ----------
# `signed`: a signature follows the data. Digest and signature are valid after the last block only.


def _full_text(work: Signing, block: bytes, last: bool, signed: bool) -> _Step:
    """Mode 01: hash the text in 9B, from one block or many."""
    if work.tail:
        blocks, chunk, rest = work.blocks, b"", block
    else:
        blocks, chunk, rest = work.blocks.take(block, last=last, signed=signed)
    hasher = work.hasher.copy()
    hasher.update(chunk)
    tail = _longer(work.tail, rest)
    value = tlv.decode_signature(tail, work.forms) if signed and last else b""
    return replace(work, blocks=blocks, hasher=hasher, tail=tail), hasher.digest(), value


def _last_block(work: Signing, block: bytes, last: bool, signed: bool) -> _Step:
    """Mode 02: finish the hash from the last block (9A), the host's state (9C), its bytes (9D)."""
    work, data, value = _as_a_whole(work, block, last, signed)
    if not last:
        return work, b"", b""
    tail, state, count = tlv.decode_exactly(data, 0x9A, 0x9C, 0x9D, lengths=work.lengths)
    if not 1 <= len(tail) <= _MAX_LAST_BLOCK or len(count) != 4:
        raise tlv.TLVError("the last block or the count has the wrong size")
    try:
        size = ecc.digest_size(work.hash_id)
        return work, sha2.finish(size, state, int.from_bytes(count, "big"), tail), value
    except ValueError as error:
        raise tlv.TLVError(str(error)) from None


def _final_hash(work: Signing, block: bytes, last: bool, signed: bool) -> _Step:
    """Mode 03: take the digest (9E), of the announced hash's length unless lenient. ECDSA uses at
    most the leftmost 256 bits (FIPS 186-4 6.4)."""
    work, data, value = _as_a_whole(work, block, last, signed)
    if not last:
        return work, b"", b""
    (digest,) = tlv.decode_exactly(data, 0x9E)
    if len(digest) == ecc.digest_size(work.hash_id):
        return work, digest, value
    if not work.lenient or not 1 <= len(digest) <= _MAX_DIGEST:
        raise tlv.TLVError("the digest's length is not the announced hash's")
    if len(digest) not in ecc.DIGEST_SIZES:
        if work.algorithm != ecc.ECDSA:
            raise tlv.TLVError("the padding of RSA needs the digest of a known hash")
        digest = digest[: ecc.COORDINATE].rjust(ecc.COORDINATE, b"\0")
    return work, digest, value


def _as_a_whole(work: Signing, block: bytes, last: bool, signed: bool) -> _Step:
    """Collect blocks; after the last one, return the data objects and the signature's value.

    Raises Refused 6A86 if COMPUTE SIGNATURE sends several blocks: its data fit one.
    """
    if not (last or signed):
        raise Refused(status.WRONG_P1P2)
    tail = _longer(work.tail, block)
    data, value = tail, b""
    if last and signed:
        data, value = tlv.split_signature(tail, work.lengths, work.forms)
    return replace(work, tail=tail), data, value


def _longer(tail: bytes, block: bytes) -> bytes:
    if len(tail) + len(block) > _MAX_TAIL:
        raise tlv.TLVError("the data objects are too long")
    return tail + block


_MODES = {0x01: _full_text, 0x02: _last_block, 0x03: _final_hash}
