"""Pieces of dialogues with a SIM7080, for scripted UARTs."""

from mock_uart import ScriptedUART

from cellular import SIM7080

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"

SYNC = [(b"AT\r", b"AT\r\r\nOK\r\n"), (b"ATE0\r", b"ATE0\r" + OK), (b"AT\r", OK)]
SET_UP = [
    (b"AT+CMEE=1\r", OK),
    (b"AT+IFC=0,0\r", OK),
    (b"AT+CLTS?\r", b"\r\n+CLTS: 1\r\n\r\nOK\r\n"),
    (b"AT+IPR?\r", b"\r\n+IPR: 115200\r\n\r\nOK\r\n"),
]


def lines(*texts):
    """Return an answer of these lines, and OK."""
    return b"".join([b"\r\n%s\r\n" % text for text in texts]) + OK


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
