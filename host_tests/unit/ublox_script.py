"""Pieces of dialogues with a u-blox modem, for scripted UARTs."""

import modem_script
from modem_script import connected
from sim7080_script import ERROR, OK, RADIO, cme, lines

from cellular import SARAR4

SETTINGS = [
    (b"AT+CMEE=1\r", OK),
    RADIO,
    (b"AT+CGEREP=1\r", OK),
    (b"AT+UPSV=0\r", OK),
    (b"AT+CTZU=1\r", OK),
]
GREETED = (b"AT+CSGT?\r", lines(b'+CSGT: 1,"STARTED"'))
SET_UP = SETTINGS + [GREETED]


def creates(number=0):
    """Return USOCR."""
    return (b"AT+USOCR=6\r", lines(b"+USOCR: %d" % number))


def opens(number=0, answer=OK, host=b"h", port=8883):
    """Return the two commands of a connection."""
    return [creates(number), (b'AT+USOCO=%d,"%s",%d\r' % (number, host, port), answer)]


def sends(data, number=0, took=None, then=b""):
    """Return USOWR of `data`, of which the modem accepts `took` bytes; `then` comes with the
    OK."""
    took = len(data) if took is None else took
    return [
        (b"AT+USOWR=%d,%d\r" % (number, len(data)), b"\r\n@"),
        (data, lines(b"+USOWR: %d,%d" % (number, took)) + then),
    ]


def receives(data=b"", number=0, before=b"", then=b""):
    """Return USORD that gets `data`."""
    head = b'\r\n+USORD: %d,%d,"' % (number, len(data))
    return (b"AT+USORD=%d,1024\r" % number, before + head + data + b'"\r\n' + OK + then)


def controls(value, parameter, number=0):
    """Return USOCTL."""
    return (
        b"AT+USOCTL=%d,%d\r" % (number, parameter),
        lines(b"+USOCTL: %d,%d,%d" % (number, parameter, value)),
    )


def closes(number=0, answer=OK):
    """Return USOCL that does not wait."""
    return (b"AT+USOCL=%d,1\r" % number, answer)


def play(steps, body, driver=SARAR4):
    """Like `modem_script.play`, with this family's set-up."""
    modem_script.play(driver, [SET_UP] + steps, body)


__all__ = ("ERROR", "OK", "cme", "connected", "lines")
