"""What the tests of the Quectel family share: commands with their answers, a connected socket."""

import modem_script
from sim7080_script import OK, RADIO, lines

import cellular

CMEE = (b"AT+CMEE=1\r", OK)
PORT = b'AT+QURCCFG="urcport","uart1"\r'
SET_UP = [CMEE, RADIO, (PORT, OK), (b"AT+CTZU?\r", lines(b"+CTZU: 3"))]
INACTIVE = (b"AT+QIACT?\r", OK)

OPEN = b'AT+QIOPEN=1,0,"TCP","h",8883,0,0\r'
CLOSE = (b"AT+QICLOSE=0\r", OK)
STATE = b"AT+QISTATE=1,0\r"


def urc(text):
    """Return a URC."""
    return b"\r\n" + text + b"\r\n"


def state(number, cid=0):
    """Return an answer to QISTATE."""
    line = b'+QISTATE: %d,"TCP","104.155.82.190",1883,22742,%d,1,0,0,"uart1"' % (cid, number)
    return lines(line)


def sends(data, result=b"SEND OK"):
    """Return QISEND of `data`."""
    return [(b"AT+QISEND=0,%d\r" % len(data), b"\r\n> "), (data, urc(result))]


def receives(data=b"", before=b"", then=b""):
    """Return QIRD that gets `data`; b"": no data."""
    answer = b"%d\r\n%s" % (len(data), data) if data else b"0"
    return (b"AT+QIRD=0,1460\r", before + urc(b"+QIRD: " + answer) + OK + then)


def play(steps, body, set_up=SET_UP):
    """Like `modem_script.play`, with this family's set-up."""
    modem_script.play(cellular.BG95, [set_up] + steps, body)


def talk(steps, body):
    """Run `body(socket, modem, clock)` with a connected socket."""

    def connected(modem, clock):
        socket = modem.socket()
        socket.connect(("h", 8883))
        body(socket, modem, clock)

    play([(OPEN, [OK, urc(b"+QIOPEN: 0,0")])] + steps, connected)
