"""Each modem family for the tests of the modem reference: after power-up, with a connection 0."""

from mock_uart import ScriptedUART
from sim7080_script import ERROR, OK, RADIO, SYNC, cme, lines
from virtual_time import Clock, running

import cellular

_CGEREP = [(b"AT+CGEREP=1\r", OK)]
_SIMCOM = [
    (b"AT+IFC=0,0\r", OK),
    (b"AT+CLTS?\r", lines(b"+CLTS: 1")),
    (b"AT+IPR?\r", lines(b"+IPR: 115200")),
]
_QUECTEL = [(b'AT+QURCCFG="urcport","uart1"\r', OK), (b"AT+CTZU?\r", lines(b"+CTZU: 3"))]
_UBLOX = _CGEREP + [
    (b"AT+UPSV=0\r", OK),
    (b"AT+CTZU=1\r", OK),
    (b"AT+CSGT?\r", lines(b'+CSGT: 1,"STARTED"')),
]
_SET_UP = {
    "sim7080": _SIMCOM + [(b"AT+CGNSPWR=0\r", OK)],
    "sim7000": _SIMCOM,
    "bg95": _QUECTEL,
    "sara-r4": _UBLOX,
    "sara-r5": _UBLOX,
    "gm02s": _CGEREP,
    "gms01q": _CGEREP,
    "tx62": _CGEREP + [(b"AT+CTZU=1\r", OK)],
}
_SERVICE = [
    (b'AT^SISS=0,"srvType","Socket"\r', OK),
    (b'AT^SISS=0,"conId","1"\r', OK),
    (b'AT^SISS=0,"address","socktcp://h:8883"\r', OK),
]
_SEQUANS = [(b"AT+SQNSCFG=1,1,300,0,600,50\r", OK), (b"AT+SQNSCFGEXT=1,1,0,0,0,0\r", OK)]
_CREATE = [(b"AT+USOCR=6\r", lines(b"+USOCR: 0"))]

# The commands before the one that connects, that command, and its successful end.
OPENS = {
    "sim7080": ([], b'AT+CAOPEN=0,0,"TCP","h",8883\r', lines(b"+CAOPEN: 0,0")),
    "sim7000": ([], b'AT+CIPSTART=0,"TCP","h",8883\r', [OK, b"\r\n0, CONNECT OK\r\n"]),
    "bg95": ([], b'AT+QIOPEN=1,0,"TCP","h",8883,0,0\r', [OK, b"\r\n+QIOPEN: 0,0\r\n"]),
    "sara-r4": (_CREATE, b'AT+USOCO=0,"h",8883\r', OK),
    "sara-r5": (_CREATE, b'AT+USOCO=0,"h",8883\r', OK),
    "gm02s": (_SEQUANS, b'AT+SQNSD=1,0,8883,"h",0,0,1\r', OK),
    "gms01q": (_SEQUANS, b'AT+SQNSD=1,0,8883,"h",0,0,1\r', OK),
    "tx62": (_SERVICE, b"AT^SISO=0\r", OK + b"\r\n^SISW: 0,1\r\n"),
}


def opens(name, answer=None):
    """Return the commands of a connection to h, port 8883; the last one ends in `answer` (None:
    success)."""
    before, command, good = OPENS[name]
    return before + [(command, good if answer is None else answer)]


def ask(command, *answer):
    """Return a command, and an answer of these lines with OK."""
    return (b"AT" + command + b"\r", lines(*answer))


def play(name, steps, body, connected=False, whole=True):
    """Run `body(modem)` on a modem after power-up, or `body(modem, socket)` if `connected`.
    `steps` come after that; `body` must use them up, unless `whole` is False. Return what `body`
    returns."""
    clock = Clock(nap=100)
    with running(clock):
        set_up = SYNC + [(b"AT+CMEE=1\r", OK), RADIO] + _SET_UP[name]
        uart = ScriptedUART(set_up + (opens(name) if connected else []) + steps)
        modem = cellular.driver(name)(uart)
        modem.power_up()
        if connected:
            socket = modem.socket()
            socket.connect(("h", 8883))
            found = body(modem, socket)
        else:
            found = body(modem)
        for _ in range(3):
            modem.at.poll()
        if whole:
            uart.done()
    return found


__all__ = ("ERROR", "OK", "cme", "lines")
