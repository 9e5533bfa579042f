"""Why a modem did not connect; loaded when it did not."""

from micropython import const

from .errors import NetworkError, meaning

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

# What the modem says -> errno and what it means.
# +CAOPEN: <cid>,<result>, or what AT+CIPSTART ended with
_SIMCOM = (
    (1, (_EIO, "socket error")),
    (2, (_ENOMEM, "no memory (or the data quota of the SIM is used up)")),
    (3, (_EMFILE, "too many connections")),
    (4, (_EINVAL, "parameter invalid")),
    (6, (_EINVAL, "invalid IP address")),
    (7, (_EOPNOTSUPP, "not supported")),
    (12, (_EADDRINUSE, "cannot bind")),
    (13, (_EADDRINUSE, "cannot listen")),
    (20, (_EHOSTUNREACH, "the host name cannot be resolved: check mqtt.host")),
    (21, (_ENETDOWN, "the data connection is not active")),
    (23, (_ECONNREFUSED, "refused by the server: check mqtt.port")),
    (24, (_EPROTO, "the server's certificate expired")),
    (25, (_EPROTO, "the server's certificate has another name")),
    (26, (_EPROTO, "the server's certificate expired, and has another name")),
    (27, (_EHOSTUNREACH, "connect failed")),
    (b"", (_EIO, "refused by the modem")),
    (b"ALREADY CONNECT", (_EIO, "the modem has its number in use")),
    (b"CONNECT FAIL", (_EHOSTUNREACH, "connect failed: check mqtt.host and mqtt.port")),
    (None, (_ETIMEDOUT, "no answer: the server, or the way to it, is down")),
)
_NO_MEMORY = const(2)
# That is also what the modem says when the server did not answer, after some 75 s.
_LONG = const(50_000)

# +QIOPEN: <id>,<err>, AT+QIGETERROR
_QUECTEL = (
    (551, (_EIO, "blocked")),
    (552, (_EINVAL, "invalid parameters")),
    (553, (_ENOMEM, "no memory")),
    (563, (_EADDRINUSE, "the connection is in use")),
    (564, (_EIO, "DNS busy")),
    (565, (_EHOSTUNREACH, "the host name cannot be resolved: check mqtt.host")),
    (566, (_EHOSTUNREACH, "refused, or no way there: check mqtt.host and mqtt.port")),
    (567, (_ECONNRESET, "closed")),
    (569, (_ETIMEDOUT, "no answer in time")),
    (570, (_ENETDOWN, "the data connection broke")),
    (573, (_ENETDOWN, "no APN is configured: check modem.apn")),
)

# AT+USOER
_UBLOX = (
    (12, (_ENOMEM, "the modem has no memory left")),
    (22, (_EINVAL, "invalid address")),
    (104, (_ECONNRESET, "reset by the server")),
    (110, (_ETIMEDOUT, "no answer from the server")),
    (111, (_ECONNREFUSED, "refused by the server: check mqtt.port")),
    (113, (_EHOSTUNREACH, "the server cannot be reached")),
)


def no_connection(host, port, why, errno=None):
    """The NetworkError for a connection that did not come about."""
    return NetworkError("no connection to %s port %d: %s" % (host, port, why), errno)


def simcom(host, port, result, ms=0):
    """As `no_connection`, for what a SIMCom modem said after `ms`."""
    if result == _NO_MEMORY and ms > _LONG:
        result = None
    errno, why = meaning(_SIMCOM, result) or (_EIO, "modem's result %r" % result)
    return no_connection(host, port, why, errno)


def quectel(host, port, error):
    """As `no_connection`, for the error of a Quectel modem."""
    errno, why = meaning(_QUECTEL, error) or (None, "modem's error %d" % error)
    return no_connection(host, port, why, errno)


def ublox(host, port, error, detail):
    """As `no_connection`, for the error of a u-blox modem that refused with `detail`."""
    errno, why = meaning(_UBLOX, error) or (None, "%s, error %s" % (detail, error))
    return no_connection(host, port, why, errno)


def no_context():
    """The NetworkError for a data connection that was not granted in time."""
    return NetworkError("the network gives no data connection: check modem.apn")
