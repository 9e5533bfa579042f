"""The IoT SAFE applet: which command is done where, and what the commands share.

A command is a function `(applet, command) -> Reply` that raises Refused, or TLVError for 6A80.
A further command is one more line in COMMANDS.
"""

from collections.abc import Callable
from dataclasses import replace

from . import derivation, information, keys, reading, signature, status, tlv
from . import objects as o
from .administration import Administration
from .apdu import Command, Reply
from .objects import Container, Kind
from .profile import Profile
from .sessions import Session, Sessions
from .status import Refused, require
from .store import Store

COMMANDS: dict[int, Callable[["Applet", Command], Reply]] = {
    0x24: keys.put_public_key_init,
    0x2A: signature.compute_init,
    0x2B: signature.compute_update,
    0x2C: signature.verify_init,
    0x2D: signature.verify_update,
    0x46: derivation.compute_dh,
    0x48: derivation.compute_prf,
    0x4A: derivation.compute_hkdf,
    0x84: reading.get_random,
    0xB0: reading.read_file,
    0xB9: keys.generate_key_pair,
    0xCB: information.get_data,
    0xCD: keys.read_public_key,
    0xD8: keys.put_public_key_update,
}

# Bits of the application's functions (90) and key derivations (94) -> commands of no use without.
_BY_FUNCTION = {
    o.SIGNATURE: (0x2A, 0x2B, 0x2C, 0x2D),
    o.KEY_GENERATION: (0xB9,),
    o.KEY_AGREEMENT: (0x46,),
    o.KEY_DERIVATION: (0x48, 0x4A),
}
_BY_DERIVATION = {derivation.PRF: (0x48,), derivation.HKDF: (0x4A,)}


class Applet:
    """The applet on one card: objects in `store`, behaviour in `profile`, open `sessions`."""

    def __init__(self, store: Store, profile: Profile, random: Callable[[int], bytes]) -> None:
        self.store = store
        self.profile = profile
        self.random = random
        self.sessions = Sessions()
        self.administration = Administration(store)
        self.list_rest = b""  # of the object list, what has not been read yet

    def reset(self) -> None:
        """The card was reset: volatile keys are lost, and sessions unless the profile wedges."""
        self.store.reset()
        self.list_rest = b""
        if not self.profile.wedge:
            self.sessions.clear()

    def process(self, command: Command) -> Reply:
        """Carry out a command of the table; raises Refused with the status word otherwise."""
        if not self._offers(command.ins):
            raise Refused(status.UNKNOWN_INS)
        self.administration.command_begins()
        try:
            reply = COMMANDS[command.ins](self, command)
        except tlv.TLVError:
            raise Refused(self.administration.outcome(status.WRONG_DATA)) from None
        except Refused as refusal:
            raise Refused(self.administration.outcome(refusal.sw)) from None
        return replace(reply, sw=self.administration.outcome(reply.sw))

    def _offers(self, ins: int) -> bool:
        profile = self.profile
        return (
            ins in COMMANDS
            and ins not in profile.missing
            and all(profile.functions & bit or ins not in of for bit, of in _BY_FUNCTION.items())
            and all(
                profile.derivations & bit or ins not in of for bit, of in _BY_DERIVATION.items()
            )
        )

    def find(self, kind: Kind, data: bytes) -> Container:
        """The object that `data`, one TLV with its ID or its label, names.

        Raises TLVError when it is no such TLV, Refused 6A82 when there is no such object.
        """
        items = tlv.decode_all(data)
        if len(items) != 1:
            raise tlv.TLVError("an object is named by its ID or by its label")
        return self.find_named(kind, dict(items))

    def find_named(self, kind: Kind, items: dict[int, bytes]) -> Container:
        """Like `find`, with the TLV taken out of decoded `items`."""
        id, label = (items.pop(tag, b"") for tag in (kind.tags.id, kind.tags.label))
        if bool(id) == bool(label):
            raise tlv.TLVError("an object is named by its ID or by its label")
        item = self.store.find(kind, id=id, label=label)
        if item is None:
            raise Refused(status.NOT_FOUND)
        self.administration.touch(kind, item.id)
        return item

    def object_of(self, session: Session) -> Container:
        """The object that a session uses, as it stands now; Refused 6985 when it is gone."""
        item = self.store.find(session.kind, id=session.id)
        require(item is not None)
        self.administration.touch(session.kind, session.id)
        return item
