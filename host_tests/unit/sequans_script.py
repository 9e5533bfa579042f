"""Pieces of dialogues with a Sequans modem, for scripted UARTs."""

import modem_script
from mock_uart import ScriptedUART
from sim7080_script import ERROR, OK, RADIO, SYNC, cme, lines

from cellular import GM02S

SET_UP = [(b"AT+CMEE=1\r", OK), RADIO, (b"AT+CGEREP=1\r", OK)]


def opens(number=1, host=b"h", port=8883, answer=OK, configured=OK):
    """Return the three commands of a connection; `answer` is the answer of SQNSD."""
    return [
        (b"AT+SQNSCFG=%d,1,300,0,600,50\r" % number, configured),
        (b"AT+SQNSCFGEXT=%d,1,0,0,0,0\r" % number, OK),
        (b'AT+SQNSD=%d,0,%d,"%s",0,0,1\r' % (number, port, host), answer),
    ]


def sends(data, number=1, then=b""):
    """Return SQNSSENDEXT of `data`; `then` comes with the OK."""
    return [(b"AT+SQNSSENDEXT=%d,%d\r" % (number, len(data)), b"\r\n> "), (data, OK + then)]


def receives(data=b"", number=1, before=b"", then=b""):
    """Return SQNSRECV that gets `data`."""
    head = b"\r\n+SQNSRECV: %d,%d\r\n" % (number, len(data))
    return (
        b"AT+SQNSRECV=%d,1500\r" % number,
        before + head + data + b"\r\n" + OK + then,
    )


def refuses(number=1, answer=None):
    """Return SQNSRECV of a connection without data."""
    return (b"AT+SQNSRECV=%d,1500\r" % number, answer or cme(4))


def states(*numbers):
    """Return SQNSS: `numbers` are connected, the others are not."""
    up = [b'+SQNSS: %d,2,"10.0.0.1",1024,"10.0.0.2",8883' % number for number in numbers]
    down = [b"+SQNSS: %d,0" % number for number in range(1, 7) if number not in numbers]
    return (b"AT+SQNSS\r", lines(*(up + down)))


def closes(number=1, answer=OK):
    """Return SQNSH from the host."""
    return (b"AT+SQNSH=%d\r" % number, answer)


def started(steps, driver=GM02S, uart=ScriptedUART):
    """Return (modem, UART): a driver after power-up; `steps` come after that."""
    line = uart(SYNC + SET_UP + steps)
    modem = driver(line)
    modem.power_up()
    return modem, line


def play(steps, body, driver=GM02S):
    """Like `modem_script.play`, with this family's set-up."""
    modem_script.play(driver, [SET_UP] + steps, body)


__all__ = ("ERROR", "OK", "cme", "lines")
