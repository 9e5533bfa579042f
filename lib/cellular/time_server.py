"""The time from a server through the modem's sockets: NTP (RFC 5905), then a web server's Date.

Loaded when neither the network nor the modem knows the time. Nothing authenticates these answers:
one that is earlier than the firmware, or than `modem.clock_floor`, does not count.
"""

import sys
from os import urandom

from micropython import const

from .clock import month_days

_NTP_PORT = const(123)
_SIZE = const(48)  # bytes of a packet
_SERVER = const(4)  # mode of an answer
_1900 = const(3_155_673_600)  # seconds from 1900 to 2000
_ERA = const(0x1_0000_0000)
_HTTP_PORT = const(80)
_HEAD = const(1_500)  # bytes of an answer in which its Date is looked for
_WAIT = const(5)  # s
_TRIES = const(2)
_END = (2070,)  # as in `clock`: no time from here on
_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"


def ask(modem):
    """UTC as a tuple of six, or None: no data connection, or no answer that can be believed."""
    if not modem._address():
        return None
    sources = [(_date, host, _HTTP_PORT) for host in modem.date_servers]
    if modem.has_udp:
        sources = [(_ntp, modem.time_server, _NTP_PORT)] * _TRIES + sources
    floor = max(modem.clock_floor, _built())
    for source, host, port in sources:
        socket = modem.socket(source is _ntp)
        socket.settimeout(_WAIT)
        try:
            socket.connect((host, port))
            found = source(socket, host)
            if found and floor <= found < _END:
                return found
        except OSError:
            if modem.at.lost:
                raise
        finally:
            socket.close()
    return None


def _built():
    """The date of the firmware: `3.4.0; MicroPython v1.25.0 on 2025-04-15`."""
    try:
        return tuple([int(part) for part in sys.version[-10:].split("-")])
    except ValueError:
        return (2025,)


def _ntp(socket, host):
    """Our packet has a number where the time of sending stands; the answer returns it."""
    number = urandom(8)
    socket.write(b"\x23" + bytes(39) + number)
    socket.flush()
    answer = socket.read(_SIZE)
    if len(answer) < _SIZE or answer[0] & 7 != _SERVER or answer[24:32] != number:
        return None
    if not 0 < answer[1] < 16:  # stratum: it has the time itself
        return None
    seconds = int.from_bytes(answer[40:44], "big") - _1900
    days, rest = divmod(seconds if seconds > 0 else seconds + _ERA, 86_400)
    year, month = 2000, 1
    while days >= month_days(year, month):
        days -= month_days(year, month)
        month += 1
        if month > 12:
            year, month = year + 1, 1
    return year, month, days + 1, rest // 3600, rest // 60 % 60, rest % 60


def _date(socket, host):
    """`Date: Tue, 01 Dec 2026 14:18:46 GMT`, whatever else the server answers."""
    socket.write(b"HEAD / HTTP/1.0\r\nHost: %s\r\n\r\n" % host.encode())
    socket.flush()
    head = b""
    while len(head) < _HEAD:
        data = socket.read(_HEAD - len(head))
        if not data:
            break
        head += data
        for line in head.split(b"\r\n")[1:-1]:
            if line[:5].lower() == b"date:":
                return _moment(line[5:].split())
    return None


def _moment(fields):
    try:
        _, day, month, year, clock, zone = fields
        month = _MONTHS.find(month)
        found = (int(year), month // 3 + 1, int(day)) + tuple([int(x) for x in clock.split(b":")])
    except ValueError:
        return None
    return found if zone == b"GMT" and month >= 0 and len(found) == 6 else None
