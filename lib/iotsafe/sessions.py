"""Opens a session on a card that refuses it because other sessions are open.

An application that was interrupted between init and update leaves its session open on the card.
Some cards keep it open even without power. The remedies, the cheapest first:

1. close the session; then close it for the other commands, which may share the numbers;
2. end it with a last update over a digest of zeros, and discard the answer (some cards need this);
3. take another session number.
"""

from micropython import const

from .errors import CardError

_CLOSE = const(1)
_LAST = const(0x80)
_OPEN = const(0x6A86)
_FULL = const(0x6989)
# Init and update of the commands with sessions: COMPUTE and VERIFY SIGNATURE, PUT PUBLIC KEY.
_COMMANDS = ((0x2A, 0x2B), (0x2C, 0x2D), (0x24, 0xD8))
# The session numbers that clients in the field use.
_NUMBERS = (1, 0, 2, 3, 4, 5)
_DUMMY = b"\x9e\x20" + bytes(32)


def recover(apdu, ins, session, init, target, refusal):
    """Open a session with `ins` and the data `init`, and return its number.

    `refusal`: the CardError of the first try, with 6A86 (this number is open) or 6989 (no session
    is free). Raises the CardError of the last try.
    """
    if refusal.sw == _FULL:
        for number in _NUMBERS:
            _close_all(apdu, ins, number)
    for end in (close, _close_all, _finish, None):
        for number in (session,) if end else _NUMBERS:
            if end:
                end(apdu, ins, number)
            try:
                apdu.command(ins, 0, number, init, target=target)
                return number
            except CardError as e:
                if e.sw not in (_OPEN, _FULL):
                    raise
                refusal = e
    raise refusal


def close(apdu, ins, session):
    """Close a session of the command whose init is `ins`, if it is open."""
    try:
        apdu.command(ins, _CLOSE, session)
    except CardError:
        pass


def _close_all(apdu, _, session):
    for ins, _ in _COMMANDS:
        close(apdu, ins, session)


def _finish(apdu, _, session):
    for _, update in _COMMANDS:
        try:
            apdu.command(update, _LAST, session, _DUMMY, 0)
        except CardError:
            pass
