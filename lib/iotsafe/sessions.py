"""Opens a session on a card that refuses it because other sessions are open.

An application that was interrupted between init and update leaves its session open on the card.
Some cards keep it open even without power. The remedies, the most harmless first:

1. close the session; then close it for the other commands, which may share the numbers;
2. end it with a last update, first over a digest (9E), then over a text (9B, in both forms of P1
   that were seen), and discard the signature;
3. the same with each other session that the card may have, 0 included; take that number if the
   wanted one stays in use;
4. select the applet again; then close the channel and open another one.

`take_over` does the like for logical channels.
"""

from micropython import const

from .errors import CardError

_CLOSE = const(1)
_SIGN = const(0x2A)
_VERIFY = const(0x2C)
_PUT = const(0x24)
# A card with one session has 6A86 (open) or 6989 (no session is free) for all numbers.
_IN_USE = (0x6A86, 0x6989)
# Refusals to close a session that only the applet gives: it is another command's; administration.
_APPLETS = (0x6985, 0x6984, 0x6989)
# Clients in the field use the sessions 0 to 5; a card may announce more.
_USUAL = const(5)
_MOST = const(15)
# P1 and data of updates that end a session. Their signatures are of no use: the digest is all
# zeros, the text is no handshake.
_UPDATES = (
    (0x80, b"\x9e\x20" + bytes(32)),
    (0x80, b"\x9b\x04\x01\x02\x03\x04"),
    (0x90, b"\x9b\x04\x01\x02\x03\x04"),
)
_NO_SIGNATURE = b"\x33\x00\x40" + b"\x01" * 64


def recover(applet, ins, init, target, refusal):
    """Open a session of `applet` with the command `ins` and the data `init`; return its number.

    `refusal`: the CardError of the first try, with 6A86 or 6989. Raises the CardError of the last
    try.
    """
    apdu = applet.apdu
    wanted = applet.session
    for number, end, argument in _remedies(applet, ins):
        end(apdu, number, argument)
        for session in (wanted, number) if number != wanted else (wanted,):
            try:
                apdu.command(ins, 0, session, init, target=target)
                return session
            except CardError as e:
                if e.sw in _IN_USE:
                    refusal = e
                elif session == wanted:
                    raise
    raise refusal


def _remedies(applet, ins):
    """Yield (session, remedy, its third argument), the most harmless first."""
    wanted = applet.session
    yield wanted, close, ins
    yield from _ends(wanted)
    for number in range(_count(applet.apdu) + 1):
        if number != wanted:
            yield from _ends(number)
    yield wanted, _select, applet.aid
    yield wanted, _open, applet


def _ends(number):
    yield number, _close_all, None
    for update in _UPDATES:
        yield number, _finish, update


def take_over(apdu):
    """Leave no channel of an earlier start open: `apdu` has just opened one, and lower ones are in
    use. Of those on which the applet is selected, use the lowest, and close the others."""
    opened = apdu.number
    ours = []
    for number in range(1, opened):
        apdu.number = number
        try:
            apdu.command(_SIGN, _CLOSE, 1)
        except CardError as e:
            if e.sw not in _APPLETS:  # another application, of the modem
                continue
        except OSError:  # the modem lets nobody use its channels
            continue
        ours.append(number)
    apdu.number = 0
    for number in ours[1:] + [opened] if ours else ():
        apdu.close_number(number)
    apdu.number = ours[0] if ours else opened


def _count(apdu):
    """Return the highest session number to try, from the card's own number of sessions."""
    from .capabilities import parse

    try:
        announced = parse(apdu.command(0xCB, le=0)).max_sessions
    except (CardError, ValueError):
        announced = None
    return min(max(announced or 0, _USUAL), _MOST)


def close(apdu, session, ins):
    """Close a session of the command whose init is `ins`, if it is open."""
    try:
        apdu.command(ins, _CLOSE, session)
    except CardError:
        pass


def _close_all(apdu, session, _):
    for ins in (_SIGN, _VERIFY, _PUT):
        close(apdu, session, ins)


def _finish(apdu, session, update):
    """End a signature or a verification. PUT PUBLIC KEY is left out: it would write a key."""
    p1, data = update
    for ins, more in ((_SIGN, b""), (_VERIFY, _NO_SIGNATURE)):
        try:
            apdu.command(ins + 1, p1, session, data + more, 0)
        except CardError:
            pass


def _select(apdu, _, aid):
    apdu.select(aid)


def _open(_, __, applet):
    applet._open()
