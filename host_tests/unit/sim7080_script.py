"""Pieces of dialogues with a SIM7080, for scripted UARTs."""

from at_script import OK, SYNC
from mock_uart import ScriptedUART
from virtual_time import Clock, TimedUART, running

from cellular import SIM7080

ERROR = b"\r\nERROR\r\n"

RADIO = (b"AT+CFUN?\r", b"\r\n+CFUN: 1\r\n" + OK)
SIMCOM = [
    (b"AT+CMEE=1\r", OK),
    RADIO,
    (b"AT+IFC=0,0\r", OK),
    (b"AT+CLTS?\r", b"\r\n+CLTS: 1\r\n\r\nOK\r\n"),
    (b"AT+IPR?\r", b"\r\n+IPR: 115200\r\n\r\nOK\r\n"),
]
SET_UP = SIMCOM + [(b"AT+CGNSPWR=0\r", OK)]


def lines(*texts):
    """Return an answer of these lines, and OK."""
    return b"".join([b"\r\n%s\r\n" % text for text in texts]) + OK


# The context of the registration is the wanted one already: "internet".
STORED = (b"AT+CGDCONT?\r", lines(b'+CGDCONT: 1,"IP","internet","0.0.0.0",0,0'))
KNOWN = [STORED, (b"AT+CGAUTH?\r", lines(b"+CGAUTH: 1,0"))]


def defines(login=None, apn=b"internet", kind=b"IP"):
    """Return the commands that store a context off the air; `login`: the command for that."""
    return [
        (b"AT+CFUN=4\r", OK),
        (b'AT+CGDCONT=1,"%s","%s"\r' % (kind, apn), OK),
        (login or b"AT+CGAUTH=1,0\r", OK),
        (b"AT+CFUN=1\r", OK),
    ]


REGISTERED = [(b"AT+CEREG=1\r", OK), (b"AT+CEREG?\r", lines(b"+CEREG: 1,1"))]


ADDRESS = (b"AT+CNACT?\r", lines(b'+CNACT: 0,1,"10.94.36.44"', b'+CNACT: 1,0,"0.0.0.0"'))
NO_ADDRESS = (b"AT+CNACT?\r", lines(b'+CNACT: 0,0,"0.0.0.0"', b'+CNACT: 1,1,"10.1.1.1"'))


def cme(code):
    """Return a refusal."""
    return b"\r\n+CME ERROR: %d\r\n" % code


def opens(cid=0, result=0, before=b"", host=b"h", port=8883):
    """Return CAOPEN; `before` comes in front of its answer."""
    return (
        b'AT+CAOPEN=%d,0,"TCP","%s",%d\r' % (cid, host, port),
        before + lines(b"+CAOPEN: %d,%d" % (cid, result)),
    )


def sends(data, cid=0, then=b""):
    """Return CASEND of `data`; `then` comes with the OK."""
    return [(b"AT+CASEND=%d,%d\r" % (cid, len(data)), b"\r\n>"), (data, OK + then)]


def receives(data=b"", cid=0, before=b"", then=b""):
    """Return CARECV that gets `data`; b"": no data."""
    answer = b"%d,%s" % (len(data), data) if data else b"0"
    return (
        b"AT+CARECV=%d,1460\r" % cid,
        before + b"\r\n+CARECV: " + answer + b"\r\n" + OK + then,
    )


def closes(cid=0, answer=OK):
    """Return CACLOSE."""
    return (b"AT+CACLOSE=%d\r" % cid, answer)


def started(steps, uart=ScriptedUART, power_key=None):
    """Return (modem, UART): a driver after power-up; `steps` come after that."""
    line = uart(SYNC + SET_UP + steps)
    modem = SIM7080(line, power_key)
    modem.power_up()
    return modem, line


def timed(clock, steps):
    """Return a driver after power-up. The answer of a step is bytes, which come after 2 ms, or a
    list as in `TimedUART`."""
    script = [
        (want, reply if isinstance(reply, list) else [(2, reply)])
        for want, reply in SYNC + SET_UP + steps
    ]
    modem = SIM7080(TimedUART(clock, script))
    modem.power_up()
    return modem


def play(steps, body):
    """Run `body(modem, clock)` on a modem after power-up; it must use up `steps`."""
    clock = Clock()
    with running(clock):
        modem, uart = started(steps)
        body(modem, clock)
        modem.at.poll()
        uart.done()


def at_once(steps):
    """Return these steps for a TimedUART whose answers come after 2 ms."""
    return [(want, [(2, reply)]) for want, reply in steps]
