"""Turns an error of the TLS engine into an exception of the package, with its reason. Loaded when
a session fails."""

import gc
import sys
import time

from micropython import const

from .errors import (
    ClientRefused,
    HandshakeRefused,
    ServerCertificateExpired,
    ServerNameMismatch,
    ServerNotTrusted,
    TLSError,
)

_FATAL_ALERT = const(0x7780)  # MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the server sent an alert
_CLOSE_NOTIFY = const(0x7880)
CONN_EOF = const(-0x7280)  # MBEDTLS_ERR_SSL_CONN_EOF
_HANDSHAKE_FAILURE = const(0x6E00)
_BUFFER_TOO_SMALL = const(0x6A00)
_ENOMEM = const(12)
_UNEXPECTED_MESSAGE = const(0x7700)
_BAD_CERTIFICATE = const(0x7A00)  # with a good chain: not for this use
# With fewer free bytes before a step, besides twice the longest record, the engine may report a
# failed allocation as a certificate or a signature that is wrong: one certificate of RSA-4096 and
# its verification take 12 KB, each further certificate 3 KB.
_LOW_MEMORY = const(12288)

# More bytes than this are our certificate; fewer are an alert, perhaps after a ChangeCipherSpec.
_ALERT = const(40)

# Bytes of the buffers for what comes in and what goes out: by platform, and of all others.
_BUFFERS = {"rp2": (5632, 2048)}
_USUAL = (16384, 4096)

# A word of mbedTLS's verification report -> exception and reason. The first that matches counts.
_REPORTS = (
    ("trusted CA", ServerNotTrusted, "server-not-trusted"),
    ("expected CN", ServerNameMismatch, "server-name"),
    ("expired", ServerCertificateExpired, "server-expired"),
    ("future", ServerCertificateExpired, "server-early"),
    ("eyUsage", ServerNotTrusted, "server-purpose"),
)

# Codes without their sign.
_OUT_OF_MEMORY = (0x0C, 0x10, 0x6A, 0x8D, 0x2880, 0x3F80, 0x4D80, 0x5180, 0x6180, 0x7F00)
_REASONS = (
    "tls-failed",
    "tls-garbled",
    "server-unreadable",
    "server-forged",
    "handshake-refused",
    "server-not-tls",
)
# First and last code, and the index of their reason; the first row that fits counts. Small codes
# as they are; the others in units of 80 hex.
_SMALL = b"\x0f\x12\x01\x60\x6c\x02\x95\x96\x03"
_LARGE = (
    b"\x41\x53\x02\x60\x60\x02\x71\x7e\x02\x89\x89\x00\x9a\x9a\x00\x81\x9f\x03\xc4\xc6\x01"
    b"\xcc\xcc\x04\xce\xce\x05\xdc\xdd\x04\xe1\xe2\x05\xe3\xe3\x01\xe4\xe6\x05\xea\xea\x05"
    b"\xeb\xeb\x04\xee\xee\x05\xf0\xf0\x04\xf4\xf4\x02"
)
_KINDS = {
    "handshake-refused": HandshakeRefused,
    "client-unsuited": HandshakeRefused,
    "server-forged": ServerNotTrusted,
    "server-unreadable": ServerNotTrusted,
}


def tls_error(error, seen, heard):
    """Return the exception for `error`, which came out of the engine, not out of the stream.

    `seen`: what was seen of the handshake, the attributes of a `NativeContext`; `heard`: the
    server has sent application data. Returns unchanged what is no error of the engine.
    """
    if isinstance(error, ValueError):
        return _report_error(str(error), seen)
    if isinstance(error, MemoryError) and not heard:
        return TLSError("tls-memory", _free(seen), "MemoryError")
    if not isinstance(error, OSError):
        return error
    code = error.args[0] if error.args else 0
    if not isinstance(code, int):
        return error
    # MicroPython takes small codes of mbedTLS for errno.
    value = abs(code)
    code = -value
    text = error.args[1] if len(error.args) > 1 else "-0x%04X" % value
    if value == _ENOMEM:
        text = "ENOMEM"
    detail = value & 0x7F if value > 0x2000 else 0
    base = value - detail
    if base in _OUT_OF_MEMORY or detail in _OUT_OF_MEMORY:
        return TLSError("tls-memory", _free(seen), text, code=code)
    if value == _UNEXPECTED_MESSAGE and (heard or seen.signed):
        return TLSError("tls-rekeyed", text, code=code)
    if heard:
        return TLSError("tls-broken", text, code=code)
    if value in (_FATAL_ALERT, _CLOSE_NOTIFY, -CONN_EOF):
        return _ended(value, text, seen.signed)
    if _low(seen):
        return TLSError("tls-memory", seen.free, text, code=code)
    reason = _meaning(_LARGE, base >> 7) if base > 0x2000 else _meaning(_SMALL, base)
    limits = _BUFFERS.get(sys.platform, _USUAL)
    if base == _BUFFER_TOO_SMALL and seen.verified:
        return TLSError("chain-too-long", seen.sent, limits[1], code=code)
    if reason == "server-not-tls" and seen.record > limits[0]:
        return TLSError("server-chain-long", seen.record, limits[0], code=code)
    if seen.verified:
        if base == _HANDSHAKE_FAILURE:
            reason = "client-unsuited" if seen.answered > _ALERT else "server-forged"
        elif base == _BAD_CERTIFICATE:
            return ServerNotTrusted("server-purpose", code=code)
        elif reason in ("server-not-tls", "handshake-refused"):
            reason = "tls-broken"
    return _KINDS.get(reason, TLSError)(reason, text, code=code)


def _meaning(rows, number):
    for i in range(0, len(rows), 3):
        if rows[i] <= number <= rows[i + 1]:
            return _REASONS[rows[i + 2]]
    return _REASONS[0]


def _ended(value, text, signed):
    """Return the exception for a server that ended the handshake by an alert, or by closing."""
    if value == _FATAL_ALERT:
        if signed:
            return ClientRefused("client-refused", code=-value)
        return HandshakeRefused("handshake-refused", text, code=-value)
    if signed:
        return ClientRefused("client-hung-up", code=-value)
    return HandshakeRefused("server-hung-up", code=-value)


def _low(seen):
    """Return whether the heap may have been too small for the last step."""
    return 0 < seen.free < _LOW_MEMORY + 2 * min(seen.record, _USUAL[0])


def _free(seen):
    """Return the least free heap that was seen, or what is free now."""
    return seen.free or (gc.mem_free() if hasattr(gc, "mem_free") else 0)


def _report_error(report, seen):
    """Return the exception for mbedTLS's verification report, or its text on a bad certificate."""
    report = report.strip()
    if _low(seen):
        return TLSError("tls-memory", seen.free, report)
    for word, kind, reason in _REPORTS:
        if word in report:
            late = word == "expired" and _expired_issuer(seen.above)
            return ServerNotTrusted("ca-expired", *late) if late else kind(reason)
    return TLSError("server-certificate", report)


def _expired_issuer(above):
    """Return (common name, end of validity) of an authority that has expired, if the server's own
    certificate has not; else None."""
    from .der import validity

    now = "%04d-%02d-%02d %02d:%02d:%02d" % tuple(time.gmtime()[:6])
    found = None
    end = now
    for _, subject, dates in above:
        name, _, end = validity(subject, dates)
        if end < now:
            found = name or "no common name", end
    return found if end >= now else None  # the last is the server's own
