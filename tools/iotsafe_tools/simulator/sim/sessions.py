"""Open sessions of the applet (section 10.1)."""

from dataclasses import dataclass, replace
from typing import Any

from . import status
from .status import Refused


@dataclass(frozen=True)
class Session:
    """One command between init and last update.

    `ins` is the INS of the init command; `kind` and `id` name the object in use; `work` is the
    command's own state, replaced after each update. `wedged`: it was open at a reset of the card
    and survived; the profile says what ends it.
    """

    ins: int
    kind: Any
    id: bytes
    work: Any
    wedged: bool = False


class Sessions:
    """Sessions by number: one number space for all commands, shared by all channels."""

    def __init__(self) -> None:
        self._open: dict[int, Session] = {}

    def open(self, number: int, session: Session, limit: int) -> None:
        """Open a session; Refused 6A86 if its number is in use, 6989 if `limit` are open."""
        if number in self._open:
            raise Refused(status.WRONG_P1P2)
        if len(self._open) >= limit:
            raise Refused(status.NO_SESSION_LEFT)
        self._open[number] = session

    def get(self, number: int, ins: int) -> Session:
        """Return the session that `ins` opened under this number; raise Refused 6985 if none."""
        session = self._open.get(number)
        if session is None or session.ins != ins:
            raise Refused(status.CONDITIONS)
        return session

    def update(self, number: int, session: Session) -> None:
        """Replace the session's state."""
        self._open[number] = session

    def close(self, number: int, ins: int) -> None:
        """End a session, if it is open; raise Refused 6985 if another command opened it."""
        if number in self._open:
            self.get(number, ins)
            del self._open[number]

    def is_wedged(self, number: int) -> bool:
        """Whether this session is open since before the card's reset."""
        return number in self._open and self._open[number].wedged

    def wedge(self) -> None:
        """Keep all sessions over a reset."""
        self._open = {number: replace(s, wedged=True) for number, s in self._open.items()}

    def end_wedged(self) -> None:
        """End the sessions that are open since before the card's reset."""
        self._open = {number: s for number, s in self._open.items() if not s.wedged}

    def in_use(self, kind: Any, id: bytes) -> bool:
        """Whether an open session works with this object."""
        return any((s.kind, s.id) == (kind, id) for s in self._open.values())

    def clear(self) -> None:
        """Forget all sessions: the card was reset."""
        self._open.clear()
