"""The state of the IoT SAFE applet on one card, and what its commands (commands.py) share."""

from collections.abc import Callable

from . import status, tlv
from .administration import Administration
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
        self.list_rest = b""  # of the object list, what has not been read yet

    def reset(self) -> None:
        """The card was reset: volatile keys are lost, and sessions unless the profile wedges."""
        self.store.reset()
        self.list_rest = b""
        if not self.profile.wedge:
            self.sessions.clear()

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
