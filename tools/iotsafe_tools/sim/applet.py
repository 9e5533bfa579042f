"""The IoT SAFE applet: which command is done where, and what the commands share.

A command is a function `(applet, command) -> Reply` that raises Refused, or TLVError for 6A80.
A further command is one more line in COMMANDS.
"""

from collections.abc import Callable

from . import information, keys, reading, signature, status, tlv
from .apdu import Command, Reply
from .objects import Container, Kind
from .profile import Profile
from .sessions import Sessions
from .status import Refused
from .store import Store

COMMANDS: dict[int, Callable[["Applet", Command], Reply]] = {
    0x24: keys.put_public_key_init,
    0x2A: signature.compute_init,
    0x2B: signature.compute_update,
    0x2C: signature.verify_init,
    0x2D: signature.verify_update,
    0x84: reading.get_random,
    0xB0: reading.read_file,
    0xB9: keys.generate_key_pair,
    0xCB: information.get_data,
    0xCD: keys.read_public_key,
    0xD8: keys.put_public_key_update,
}


class Applet:
    """The applet on one card: objects in `store`, behaviour in `profile`, open `sessions`."""

    def __init__(self, store: Store, profile: Profile, random: Callable[[int], bytes]) -> None:
        self.store = store
        self.profile = profile
        self.random = random
        self.sessions = Sessions()
        self.list_rest = b""  # of the object list, what has not been read yet

    def reset(self) -> None:
        """The card was reset: volatile keys are lost, and sessions unless the profile wedges."""
        self.store.reset()
        self.list_rest = b""
        if not self.profile.wedge:
            self.sessions.clear()

    def process(self, command: Command) -> Reply:
        """Carry out a command of the table; raises Refused with the status word otherwise."""
        if command.ins not in COMMANDS:
            raise Refused(status.UNKNOWN_INS)
        try:
            return COMMANDS[command.ins](self, command)
        except tlv.TLVError:
            raise Refused(status.WRONG_DATA) from None

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
        return item
