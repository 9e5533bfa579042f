"""Why a modem did not connect; loaded when it did not."""

from micropython import const

from .errors import CommandError, ModemError, ModemReset, NetworkError
from .parser import decimal, meaning

_EIO = const(5)
_ENOMEM = const(12)
_EINVAL = const(22)
_EMFILE = const(24)
_EPROTO = const(71)
_EOPNOTSUPP = const(95)
_EADDRINUSE = const(98)
_ENETDOWN = const(100)
_ECONNRESET = const(104)
_ETIMEDOUT = const(110)
_ECONNREFUSED = const(111)
_EHOSTUNREACH = const(113)

_NOT_SEARCHING = const(0)  # +CEREG <stat>
_DENIED = const(3)

_NAME = (_EHOSTUNREACH, "name-unknown")
_REFUSED = (_ECONNREFUSED, "connect-refused")
_UNREACHABLE = (_EHOSTUNREACH, "connect-unreachable")
_FAILED = (_ECONNREFUSED, "connect-unreachable")  # refused, or no way there: it does not say
_SILENT = (_ETIMEDOUT, "connect-silent")
_NO_DATA = (_ENETDOWN, "connect-no-data")
_MEMORY = (_ENOMEM, "connect-no-memory")

# What the modem says -> errno and reason, or else what it means.
# +CAOPEN: <cid>,<result>, or what AT+CIPSTART ended with
_SIMCOM = (
    (1, (_EIO, "socket error")),
    (2, _MEMORY),
    (3, (_EMFILE, "too many connections")),
    (4, (_EINVAL, "parameter invalid")),
    (6, (_EINVAL, "invalid IP address")),
    (7, (_EOPNOTSUPP, "not supported")),
    (12, (_EADDRINUSE, "cannot bind")),
    (13, (_EADDRINUSE, "cannot listen")),
    (20, _NAME),
    (21, _NO_DATA),
    (23, _REFUSED),
    (24, (_EPROTO, "the server's certificate expired")),
    (25, (_EPROTO, "the server's certificate has another name")),
    (26, (_EPROTO, "the server's certificate expired, and has another name")),
    (27, _UNREACHABLE),
    (b"ALREADY CONNECT", (_EIO, "the modem has its number in use")),
    (None, _SILENT),
)
_NO_MEMORY = const(2)
# That is also what the modem says when the server did not answer, after some 75 s.
_LONG = const(50_000)

# +QIOPEN: <id>,<err>, AT+QIGETERROR
_QUECTEL = (
    (551, (_EIO, "blocked")),
    (552, (_EINVAL, "invalid parameters")),
    (553, _MEMORY),
    (563, (_EADDRINUSE, "the connection is in use")),
    (564, (_EIO, "DNS busy")),
    (565, _NAME),
    (561, _NO_DATA),
    (566, _FAILED),
    (567, (_ECONNRESET, "closed")),
    (569, _SILENT),
    (570, _NO_DATA),
    (573, (_ENETDOWN, "no APN is configured")),
)

_CONNECT_FAILED = const(566)
_TOO_LATE = const(569)

# AT+USOER
_UBLOX = (
    (12, _MEMORY),
    (22, (_EINVAL, "invalid address")),
    (104, (_ECONNRESET, "reset by the server")),
    (110, _SILENT),
    (111, _REFUSED),
    (113, _UNREACHABLE),
)


# ^SIS: <id>,0,<n>,<text>
_CINTERION = (
    ("refused", _REFUSED),
    ("timed out", _SILENT),
    ("unreachable", _UNREACHABLE),
    ("not found", _NAME),
)


def no_connection(host, port, why, errno=None):
    """The NetworkError for a connection that did not come about: `why` is a reason that begins
    with `connect-`, `name-unknown`, or whatever the modem said."""
    if why == "name-unknown":
        return NetworkError(why, host, errno=errno)
    if why[:8] == "connect-":
        return NetworkError(why, host, port, errno=errno)
    return NetworkError("connect-failed", host, port, why, errno=errno)


def unexplained(driver, host, port, ms):
    """The NetworkError for a connection of which the modem says only that it failed, after `ms`.
    The driver asks the modem for what it knows. A refusal by the server and a missing way to it
    are then both ECONNREFUSED."""
    try:
        if not driver._address():
            return no_connection(host, port, _NO_DATA[1], _NO_DATA[0])
        if ":" not in host and host.strip("0123456789."):
            driver.resolve(host)
    except ModemReset:
        raise
    except ModemError as e:  # else what was asked must not hide what failed
        if e.reason == "name-unknown":
            return e
    errno, why = _SILENT if ms > _LONG else _FAILED
    return no_connection(host, port, why, errno)


def cinterion(host, port, words):
    """As `no_connection`, for the words of a TX62; None if they do not say why."""
    for part, (errno, why) in _CINTERION:
        if part in words:
            return no_connection(host, port, why, errno)
    return None


def simcom(host, port, result, ms=0):
    """As `no_connection`, for what a SIMCom modem said after `ms`."""
    if result == _NO_MEMORY and ms > _LONG:
        result = None
    errno, why = meaning(_SIMCOM, result) or (_EIO, "modem's result %r" % result)
    return no_connection(host, port, why, errno)


def quectel(host, port, error, ms):
    """As `no_connection`, for the error of a Quectel modem after `ms`."""
    if error == _CONNECT_FAILED and ms > _LONG:
        error = _TOO_LATE
    errno, why = meaning(_QUECTEL, error) or (None, "modem's error %d" % error)
    return no_connection(host, port, why, errno)


def ublox(host, port, error):
    """As `no_connection`, for the error of a u-blox modem; None if it does not say why."""
    known = meaning(_UBLOX, error)
    return no_connection(host, port, known[1], known[0]) if known else None


def no_network(modem, stat):
    """The NetworkError for a registration that did not come about; why, where the modem tells."""
    if stat == _NOT_SEARCHING:
        return NetworkError("not-searching")
    if stat != _DENIED:
        return NetworkError("no-network", stat)
    cause = None
    try:
        modem.at.command(b"+CEREG=3")
        # <n>,<stat>,<tac>,<ci>,<AcT>,<cause type>,<cause>; type 0 is that of 24.301
        fields = modem._info_line(b"+CEREG?", b"+CEREG:").split(b",")
        if len(fields) > 6 and decimal(fields[5]) == 0:
            cause = decimal(fields[6])
    except CommandError:
        pass
    return NetworkError("registration-denied", cause)


def no_context():
    """The NetworkError for a data connection that was not granted in time."""
    return NetworkError("no-data-context")
