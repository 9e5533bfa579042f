"""The state of the IoT SAFE applet on one card, which its commands (commands.py) share."""

from collections.abc import Callable

from . import status, tlv
from .administration import Administration
from .apdu import Command
from .objects import Container, Kind
from .profile import Profile
from .sessions import Session, Sessions
from .status import Refused, require
from .store import Store


class Applet:
    """The applet on one card: objects in `store`, behaviour in `profile`, open `sessions`."""

    def __init__(self, store: Store, profile: Profile, random: Callable[[int], bytes]) -> None:
        self.store = store
        self.profile = profile
        self.random = random
        self.sessions = Sessions()
        self.administration = Administration(store)
        self.list_rest = b""  # the part of the object list that is still to be read

    def reset(self) -> None:
        """Reset: lose volatile keys and, unless the profile keeps them, sessions."""
        self.store.reset()
        self.list_rest = b""
        if self.profile.wedge:
            self.sessions.wedge()
        else:
            self.sessions.clear()

    def happened(self, event: str) -> None:
        """End wedged sessions if the profile says that `event` (select, channel) does it."""
        if event in self.profile.wedge_ends:
            self.sessions.end_wedged()

    def close_session(self, command: Command) -> None:
        """Close session P2 of a command, for its init with P1 = 01. A wedged session stays open,
        unless the profile says that this ends it."""
        command.expect_no_data()
        if "close" in self.profile.wedge_ends or not self.sessions.is_wedged(command.p2):
            self.sessions.close(command.p2, command.ins)

    def find(self, kind: Kind, data: bytes) -> Container:
        """Return the object that `data`, one TLV with its ID or its label, names.

        Raises TLVError if `data` is not such a TLV, Refused 6A82 if the object is absent.
        """
        items = tlv.decode_all(data)
        if len(items) != 1:
            raise tlv.TLVError("an object is named by its ID or by its label")
        return self.find_named(kind, dict(items))

    def find_named(self, kind: Kind, items: dict[int, bytes]) -> Container:
        """Like `find`, but take the TLV out of decoded `items`."""
        id, label = (items.pop(tag, b"") for tag in (kind.tags.id, kind.tags.label))
        if bool(id) == bool(label):
            raise tlv.TLVError("an object is named by its ID or by its label")
        item = self.store.find(kind, id=id, label=label)
        if item is None:
            raise Refused(status.NOT_FOUND)
        self.administration.touch(kind, item.id)
        return item

    def object_of(self, session: Session) -> Container:
        """Return the current state of a session's object; raise Refused 6985 if it is gone."""
        item = self.store.find(session.kind, id=session.id)
        require(item is not None)
        self.administration.touch(session.kind, session.id)
        return item
