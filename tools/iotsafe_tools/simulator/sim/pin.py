"""PIN 1 of the card (TS 102 221, 9.5 and 11.1.9), for a terminal that leaves it to its user: a
card reader. The simulated modem asks for a PIN itself, with AT+CPIN.
"""

from . import status
from .apdu import Command, Reply
from .status import Refused

TRIES = 3
_REFERENCE = 0x01
_SIZE = 8


class Pin:
    """PIN 1 of 4 to 8 digits. Raises ValueError for another one."""

    def __init__(self, digits: str) -> None:
        if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= _SIZE):
            raise ValueError("a PIN has 4 to 8 digits")
        self._value = digits.encode().ljust(_SIZE, b"\xff")
        self.left = TRIES
        self.verified = False

    def reset(self) -> None:
        """Forget that it was entered, not the tries."""
        self.verified = False

    def verify(self, command: Command) -> Reply:
        """VERIFY PIN: check it or, without data, tell the tries left: 63Cx; 6983: none."""
        command.expect_p1p2(_REFERENCE)
        if not command.data and self.verified:
            return Reply()
        if not self.left:
            raise Refused(status.BLOCKED)
        if not command.data:
            raise Refused(status.TRIES_LEFT | self.left)
        if len(command.data) != _SIZE:
            raise Refused(status.WRONG_LENGTH)
        self.verified = command.data == self._value
        self.left = TRIES if self.verified else self.left - 1
        if not self.verified:
            raise Refused(status.TRIES_LEFT | self.left)
        return Reply()
