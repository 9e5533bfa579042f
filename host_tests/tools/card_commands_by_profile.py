"""Every command of the client on every profile of the simulated SIM, as a table.

A cell is what the client's caller sees: "works"; a status word, with which that card refuses; "-",
the card does not offer the command (6D00); "no object": it has no object for the command.
"""

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import iotsafe
from iotsafe import CardError, objects
from iotsafe_tools.simulator.sim import PROFILES, Card, Profile
from iotsafe_tools.simulator.sim import objects as o

WORKS = "works"
NOT_OFFERED = "-"
NO_OBJECT = "no object"

CONTENT = bytes(range(256)) + b"the end of a file of 280"
TEXT = bytes(i % 251 for i in range(300))
# A message whose first 64 bytes are hashed already, and the state of SHA-256 then (16.14).
HASHED = bytes(range(100))
STATE = bytes.fromhex("FC99A2DF88F42A7A7BB9D18033CDC6A20256755F9D5B9A5044A9CC315ABE84A7")
PEER = bytes.fromhex(
    "04D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF6356FBF3CA366CC23E8157854C"
    "13C58D6AAC23F046ADA30F8353E74F33039872AB"
)


class Channel:
    """Calls the card directly, like a reader."""

    def __init__(self, card: Card) -> None:
        self._card = card

    def transmit(self, apdu) -> tuple[memoryview, int]:
        answer = self._card.transmit(bytes(apdu))
        return memoryview(answer)[:-2], int.from_bytes(answer[-2:], "big")


class NoObject(Exception):
    """The card has no object for the command."""


class Probe:
    """A new card of a profile, and the client on it."""

    def __init__(self, name: str) -> None:
        self.card = Card(profile=Profile.named(name))
        self.card.power_on()
        files = [item for item in self.card.store.objects() if item.kind is o.Kind.FILE]
        if files:
            self.card.issuer.write_file(files[0].id, CONTENT)
        if self.card.profile.wedge:  # an earlier client was cut off in the middle
            other = iotsafe.FullApplet(Channel(self.card))
            other.begin(0x2A, bytes.fromhex("840101A1010391020001920104"), "")
            self.card.power_on()
        self.applet = iotsafe.FullApplet(Channel(self.card))

    def find(self, kind: o.Kind, functions: int = 0, access: int = 0, **exact: int) -> bytes:
        """Return the ID of the first object of that kind with these bits; raises NoObject."""
        for item in self.card.store.objects():
            if (
                item.kind is kind
                and getattr(item, "functions", 0) & functions == functions
                and item.access & access == access
                and all(getattr(item, key) == value for key, value in exact.items())
            ):
                return item.id
        raise NoObject

    def public_half(self, id: bytes) -> bytes:
        """Return the ID of the public key with the same label."""
        private = self.card.store.find(o.Kind.PRIVATE, id=id)
        if private is None:
            raise NoObject
        return self.find(o.Kind.PUBLIC, label=private.label)


def _select(p: Probe) -> bool:
    return p.applet.open().aid in p.card.profile.aids


def _application(p: Probe) -> bool:
    found = p.applet.capabilities()
    return (found.max_files, found.hashes, found.max_sessions) == (
        p.card.profile.max_files,
        p.card.profile.hashes,
        p.card.profile.max_sessions,
    )


def _list(p: Probe) -> bool:
    kinds = {o.Kind.PRIVATE: 4, o.Kind.PUBLIC: 5, o.Kind.FILE: 3, o.Kind.SECRET: 6}
    there = {(kinds[item.kind], item.id, item.label) for item in p.card.store.objects()}
    return {(info.kind, info.id, info.label) for info in p.applet.objects()} == there


def _data(kind: int, where: o.Kind) -> Callable[[Probe], bool]:
    def call(p: Probe) -> bool:
        id = p.find(where)
        info = p.applet.object_info(kind, id)
        return (info.kind, info.id) == (kind, id)

    return call


def _random(p: Probe) -> bool:
    return (
        len({p.applet.random(32), p.applet.random(32)}) == 2 and len(p.applet.random(256)) == 256
    )


def _generate(p: Probe) -> bool:
    id = p.find(o.Kind.PRIVATE, o.KEY_GENERATION)
    half = p.public_half(id)
    before = p.card.store.find(o.Kind.PUBLIC, id=half).point
    pair = p.applet.generate_key_pair(id)
    points = [item.point for item in p.card.store.objects() if item.kind is o.Kind.PUBLIC]
    return pair.point in points and pair.point != before


def _put(p: Probe) -> bool:
    id = p.find(o.Kind.PUBLIC, access=o.UPDATE)
    p.applet.put_public_key(id, PEER)
    return p.card.store.find(o.Kind.PUBLIC, id=id).point == PEER


def _read_key(p: Probe) -> bool:
    id = p.public_half(p.card.profile.key_id)
    return p.applet.read_public_key(id) == p.card.store.find(o.Kind.PUBLIC, id=id).point


def _read_file(p: Probe) -> bool:
    id = p.find(o.Kind.FILE)
    read = b""
    while len(read) < len(CONTENT) and (part := p.applet.read_file(id, len(read))):
        read += part
    return read[: len(CONTENT)] == CONTENT


_WHATS = {
    "03": lambda: iotsafe.Digest(hashlib.sha256(TEXT).digest()),
    "01": lambda: iotsafe.Text(TEXT[:100]),
    "01 K1": lambda: iotsafe.Text(TEXT),
    "01 K2": lambda: iotsafe.Text(TEXT, dialect=iotsafe.K2),
    "02": lambda: iotsafe.LastBlock(HASHED[64:], STATE, 64),
}


def _signed(mode: str) -> bytes:
    return {"01": TEXT[:100], "02": HASHED}.get(mode, TEXT)


def _good(p: Probe, id: bytes, text: bytes, signature: bytes) -> bool:
    item = p.card.store.find(o.Kind.PRIVATE, id=id)
    item.key.public_key().verify(signature, text, ec.ECDSA(hashes.SHA256()))
    return True


def _sign(mode: str) -> Callable[[Probe], bool]:
    def call(p: Probe) -> bool:
        id = p.find(o.Kind.PRIVATE, o.SIGNATURE, key_type=o.P256)
        signature = p.applet.compute_signature(id, _WHATS[mode]())
        return _good(p, id, _signed(mode), signature)

    return call


def _verify(mode: str) -> Callable[[Probe], bool]:
    def call(p: Probe) -> bool:
        id = p.find(o.Kind.PRIVATE, o.SIGNATURE, key_type=o.P256)
        key = p.card.store.find(o.Kind.PRIVATE, id=id).key
        signature = key.sign(_signed(mode), ec.ECDSA(hashes.SHA256()))
        return p.applet.verify_signature(p.public_half(id), _WHATS[mode](), signature)

    return call


def _rsa(p: Probe) -> bool:
    id = p.find(o.Kind.PRIVATE, o.SIGNATURE, key_type=0x03)
    signature = p.applet.compute_signature(id, _WHATS["03"](), algorithm=iotsafe.RSA_PKCS1)
    return len(signature) == 256


def _dh(p: Probe) -> bool:
    private = p.find(o.Kind.PRIVATE, o.KEY_AGREEMENT)
    public = p.find(o.Kind.PUBLIC, o.KEY_AGREEMENT, o.UPDATE)
    p.applet.put_public_key(public, PEER)
    if p.card.store.find(o.Kind.PRIVATE, id=private).key is None:
        private = p.applet.generate_key_pair(private).private_id or private
    return len(p.applet.compute_dh(private, public)) == 32


def _prf(mode: int) -> Callable[[Probe], bool]:
    def call(p: Probe) -> bool:
        options: dict = {"secret": b"secret"} if not mode else {"key": p.find(o.Kind.SECRET)}
        if mode == 2:
            options["premaster"] = bytes(32)
        return len(p.applet.compute_prf(b"label and seed", 48, **options)) == 48

    return call


def _hkdf(p: Probe) -> bool:
    return len(p.applet.compute_hkdf(b"", hash=iotsafe.SHA256)) == 32


COMMANDS: dict[str, Callable[[Probe], bool]] = {
    "MANAGE CHANNEL, SELECT": _select,
    "GET RANDOM": _random,
    "GET DATA application": _application,
    "GET DATA object list": _list,
    "GET DATA private key": _data(objects.PRIVATE_KEY, o.Kind.PRIVATE),
    "GET DATA public key": _data(objects.PUBLIC_KEY, o.Kind.PUBLIC),
    "GET DATA secret key": _data(objects.SECRET_KEY, o.Kind.SECRET),
    "GET DATA file": _data(objects.FILE, o.Kind.FILE),
    "READ FILE": _read_file,
    "READ PUBLIC KEY": _read_key,
    "GENERATE KEY PAIR": _generate,
    "PUT PUBLIC KEY": _put,
    **{f"COMPUTE SIGNATURE {mode}": _sign(mode) for mode in _WHATS},
    "COMPUTE SIGNATURE RSA": _rsa,
    **{f"VERIFY SIGNATURE {mode}": _verify(mode) for mode in _WHATS},
    "COMPUTE DH": _dh,
    **{f"COMPUTE PRF {mode:02}": _prf(mode) for mode in range(3)},
    "COMPUTE HKDF": _hkdf,
}


def cell(command: str, profile: str) -> str:
    """Return what the caller sees of one command on a new card of a profile."""
    try:
        return WORKS if COMMANDS[command](Probe(profile)) else "wrong"
    except NoObject:
        return NO_OBJECT
    except iotsafe.AppletNotFound:
        return "6A82"
    except CardError as error:
        return NOT_OFFERED if error.sw == 0x6D00 else f"{error.sw:04X}"


_SIGNS = {WORKS: "ok", NO_OBJECT: "."}


def lines(cells: dict[str, dict[str, str]]) -> list[str]:
    """Return the table as text, the broken cards below the others."""
    text = [
        "commands by profile of the card; ok: works, -: not offered (6D00), .: no object for it",
    ]
    for broken in (False, True):
        names = [name for name in PROFILES if name.startswith("broken") is broken]
        widths = [max(4, len(name.removeprefix("broken-"))) for name in names]
        if broken:
            text.append("cards with a defect:")
        heads = zip(names, widths, strict=True)
        text.append(" " * 25 + " ".join(f"{n.removeprefix('broken-'):>{w}}" for n, w in heads))
        for command, row in cells.items():
            signs = (_SIGNS.get(row[name], row[name]) for name in names)
            columns = zip(signs, widths, strict=True)
            text.append(f"{command:25}" + " ".join(f"{sign:>{w}}" for sign, w in columns))
    return text


def summary(tables: list[dict[str, dict[str, str]]]) -> list[str]:
    """Return the lines of the one table, for the end of the run."""
    return lines(*tables)


def table() -> dict[str, dict[str, str]]:
    """Return {command: {profile: cell}}."""
    return {
        command: {profile: cell(command, profile) for profile in PROFILES} for command in COMMANDS
    }
