"""Why SIMCom's modems did not connect; loaded when they did not."""

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
_ETIMEDOUT = const(110)
_ECONNREFUSED = const(111)
_EHOSTUNREACH = const(113)

# +CAOPEN: <cid>,<result>, or what AT+CIPSTART ended with -> errno and what it means.
_RESULTS = (
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


def failure(host, port, result, ms=0):
    """The NetworkError for a connection that ended in `result` (see `_RESULTS`) after `ms`."""
    if result == _NO_MEMORY and ms > _LONG:
        result = None
    errno, why = meaning(_RESULTS, result) or (_EIO, "modem's result %r" % result)
    return NetworkError("no connection to %s port %d: %s" % (host, port, why), errno)


def no_context():
    """The NetworkError for a data connection that was not granted in time."""
    return NetworkError("the network gives no data connection: check modem.apn")
