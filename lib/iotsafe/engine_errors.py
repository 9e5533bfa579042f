"""Turns an error of the TLS engine into an exception of the package, with its reason."""

import gc

from micropython import const

from .errors import (
    ClientRefused,
    HandshakeRefused,
    ServerCertificateExpired,
    ServerNameMismatch,
    ServerNotTrusted,
    TLSError,
)

_FATAL_ALERT = const(-30592)  # MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the server sent an alert
CONN_EOF = const(-29312)  # MBEDTLS_ERR_SSL_CONN_EOF
# With fewer free bytes the engine reports a failed allocation as an unverified certificate.
_LOW_MEMORY = const(8192)

# A word of mbedTLS's verification report -> exception and reason. The first that matches counts.
_REPORTS = (
    ("trusted CA", ServerNotTrusted, "server-not-trusted"),
    ("expected CN", ServerNameMismatch, "server-name"),
    ("expired", ServerCertificateExpired, "server-expired"),
    ("future", ServerCertificateExpired, "server-early"),
)

# Error codes for no protocol version, suite or curve in common.
_NOTHING_IN_COMMON = (
    -28160,  # MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE
    -28288,  # MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
    -26112,  # MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER
)


def tls_error(error, signed, heard):
    """Return the exception for `error`, which came out of the engine.

    `signed`: the SIM's signature was used in this handshake; `heard`: the server has sent
    application data. Returns unchanged the errors of the transport (positive errno) and all that
    are not the engine's.
    """
    if isinstance(error, ValueError):
        return _report_error(str(error))
    if not isinstance(error, OSError):
        return error
    code = error.args[0] if error.args else 0
    if not isinstance(code, int) or code >= 0:
        return error
    text = error.args[1] if len(error.args) > 1 else "error %d" % code
    if heard:
        return TLSError("tls-broken", text, code=code)
    if code == _FATAL_ALERT and signed:
        return ClientRefused("client-refused", code=code)
    if code == CONN_EOF:
        if signed:
            return ClientRefused("client-hung-up", code=code)
        return HandshakeRefused("server-hung-up", code=code)
    if code == _FATAL_ALERT or code in _NOTHING_IN_COMMON:
        return HandshakeRefused("handshake-refused", text, code=code)
    return TLSError("tls-failed", text, code=code)


def _report_error(report):
    """Return the exception for mbedTLS's verification report, or its text on a bad certificate."""
    free = gc.mem_free() if hasattr(gc, "mem_free") else _LOW_MEMORY
    if free < _LOW_MEMORY:
        return TLSError("tls-memory", free, report.strip())
    for word, kind, reason in _REPORTS:
        if word in report:
            return kind(reason)
    return TLSError("server-certificate", report.strip())
