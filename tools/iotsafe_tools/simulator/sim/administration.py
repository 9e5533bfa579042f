"""Remote administration: the issuer works on an object while the device uses the card (section 8).

During a session the card refuses a command that touches the object with 6984. The first such
command after the session reports it: 63CF instead of 9000 or, if the object has changed, 6989
instead of another refusal.
"""

from . import status
from .objects import Container, Kind
from .status import Refused
from .store import Store

_Name = tuple[Kind, bytes]


class Administration:
    """The administration sessions of one card; they survive a reset."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: dict[_Name, Container] = {}  # the object as it was at the beginning
        self._ended: dict[_Name, bool] = {}  # whether the object has changed
        self._touched: set[_Name] = set()  # by the command that is being carried out

    def begin(self, kind: Kind, id: bytes) -> None:
        """Begin a session over an object; raise ValueError if it is absent or in a session."""
        if (kind, id) in self._running:
            raise ValueError(f"the {kind.name} object {id.hex()} is being administered already")
        item = self._store.find(kind, id=id)
        if item is None:
            raise ValueError(f"the SIM has no object of type {kind.name} with ID {id.hex()}")
        self._running[kind, id] = item

    def end(self, kind: Kind, id: bytes) -> None:
        """End the session over an object; raise ValueError if none runs."""
        if (kind, id) not in self._running:
            raise ValueError(f"the {kind.name} object {id.hex()} is not being administered")
        before = self._running.pop((kind, id))
        changed = self._store.find(kind, id=id) != before
        self._ended[kind, id] = changed or self._ended.get((kind, id), False)

    def running(self) -> list[tuple[Kind, bytes]]:
        """Type and ID of the objects under administration."""
        return list(self._running)

    # ---- the applet's side -----------------------------------------------------------

    def command_begins(self) -> None:
        """Note the start of a command, which has touched no object yet."""
        self._touched.clear()

    def touch(self, kind: Kind, id: bytes) -> None:
        """Note that the command uses an object; raise Refused 6984 during its session."""
        if (kind, id) in self._running:
            raise Refused(status.ADMINISTRATION_RUNS)
        self._touched.add((kind, id))

    def outcome(self, sw: int) -> int:
        """Return the command's status word: `sw`, or the one that replaces it."""
        if sw == status.ADMINISTRATION_RUNS:
            return sw
        changes = [self._ended.pop(name) for name in self._touched & self._ended.keys()]
        if not changes:
            return sw
        if sw == status.OK:
            return status.ADMINISTRATION_DONE
        return status.ADMINISTRATION_CHANGED if any(changes) else sw
