"""What an error of the TLS engine means, and what to do about it."""

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
# Below this the engine reports what it could not allocate as a certificate that does not verify.
_LOW_MEMORY = const(8192)

# A word of mbedTLS's verification report -> exception and line. The first that matches counts.
_REPORTS = (
    (
        "trusted CA",
        ServerNotTrusted,
        "the server's certificate is not from our CA: wrong server, or wrong CA in the config",
    ),
    (
        "expected CN",
        ServerNameMismatch,
        "the server's certificate is for another name: check the host in the config",
    ),
    (
        "expired",
        ServerCertificateExpired,
        "the server's certificate has expired (or our clock is ahead)",
    ),
    (
        "future",
        ServerCertificateExpired,
        "the server's certificate is not valid yet: our clock is behind, or not set",
    ),
)

# Error codes that mean: no protocol version, suite or curve in common.
_NOTHING_IN_COMMON = (
    -28160,  # MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE
    -28288,  # MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
    -26112,  # MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER
)


def tls_error(error, signed, heard):
    """The exception for `error`, as it came out of the engine.

    `signed`: the SIM's signature was used in this handshake; `heard`: the server has sent
    application data. Errors of the transport (positive errno), and whatever the engine does not
    raise, come back unchanged.
    """
    if isinstance(error, ValueError):
        return _report_error(str(error))
    if not isinstance(error, OSError):
        return error
    code = error.args[0] if error.args else 0
    if not isinstance(code, int) or code >= 0:
        return error
    if heard:
        return TLSError(code, "the TLS session broke: %s" % _text(error))
    if code == _FATAL_ALERT and signed:
        return ClientRefused(
            code,
            "the server refused our certificate or signature: is it registered there, from the "
            "right CA, not revoked?",
        )
    if code == CONN_EOF:
        if signed:
            return ClientRefused(
                code, "the server hung up after our certificate: is it registered there?"
            )
        return HandshakeRefused(
            code, "the server hung up during the handshake: is this a TLS port?"
        )
    if code == _FATAL_ALERT or code in _NOTHING_IN_COMMON:
        return HandshakeRefused(
            code,
            "the server refused the handshake before our certificate (%s): it needs TLS 1.2 or "
            "1.3 with ECDHE and AES-GCM" % _text(error),
        )
    return TLSError(code, "TLS failed: %s" % _text(error))


def _report_error(report):
    """`report` is mbedTLS's verification report, or its text for a bad certificate or key."""
    free = gc.mem_free() if hasattr(gc, "mem_free") else _LOW_MEMORY
    if free < _LOW_MEMORY:
        return TLSError(
            0, "TLS ran out of memory (%d bytes free) and said: %s" % (free, report.strip())
        )
    for word, kind, text in _REPORTS:
        if word in report:
            return kind(0, text)
    return TLSError(0, "the server's certificate was refused: %s" % report.strip())


def _text(error):
    return error.args[1] if len(error.args) > 1 else "error %d" % error.args[0]
