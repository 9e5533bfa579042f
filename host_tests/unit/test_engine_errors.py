"""The exception and the reason for each error of the TLS engine."""

from expect import raises, replaced

from iotsafe import engine_errors
from iotsafe.engine_errors import tls_error
from iotsafe.errors import (
    ClientRefused,
    HandshakeRefused,
    ServerCertificateExpired,
    ServerNameMismatch,
    ServerNotTrusted,
    TLSError,
)

ALERT = -30592
EOF = -29312

# mbedTLS's own words.
REPORTS = (
    (
        "The certificate is not correctly signed by the trusted CA",
        ServerNotTrusted,
        "server-not-trusted",
    ),
    (
        "The certificate Common Name (CN) does not match with the expected CN",
        ServerNameMismatch,
        "server-name",
    ),
    ("The certificate validity has expired", ServerCertificateExpired, "server-expired"),
    ("The certificate validity starts in the future", ServerCertificateExpired, "server-early"),
    (
        "The certificate is signed with an unacceptable key (eg bad curve, RSA too short).",
        TLSError,
        "server-certificate",
    ),
)


def translated(*args, signed=False, heard=False):
    return tls_error(OSError(*args), signed, heard)


def check(error, kind, reason, *values, code=0):
    """Check exactly this class with this reason and these values, and that its text is one
    line."""
    assert type(error) is kind, error
    assert (error.reason, error.values) == (reason, values), (error.reason, error.values)
    assert error.args[0] == code
    text = str(error)
    assert text != reason and "\n" not in text, text
    for value in values:
        assert str(value) in text, text


def test_reports():
    for text, kind, reason in REPORTS:
        values = () if kind is not TLSError else (text,)
        check(tls_error(ValueError("\n%s\n" % text), False, False), kind, reason, *values)


def test_several_reports_the_worst_counts():
    expired = REPORTS[2][0]
    for text, kind, reason in REPORTS[:2]:
        both = "\n%s\n%s\n" % (expired, text)
        check(tls_error(ValueError(both), False, False), kind, reason)
    all_of_them = ValueError("\n".join([row[0] for row in REPORTS]))
    check(tls_error(all_of_them, False, False), ServerNotTrusted, "server-not-trusted")


def test_report_that_is_not_known_is_told():
    error = tls_error(ValueError("\nSomething else\n"), False, False)
    check(error, TLSError, "server-certificate", "Something else")


class FullMemory:
    def __init__(self, free):
        self.mem_free = lambda: free


def test_report_without_memory_is_not_believed():
    report = ValueError(REPORTS[0][0])
    with replaced(engine_errors, gc=FullMemory(8000)):
        check(tls_error(report, False, False), TLSError, "tls-memory", 8000, REPORTS[0][0])
    with replaced(engine_errors, gc=FullMemory(9000)):
        check(tls_error(report, False, False), ServerNotTrusted, "server-not-trusted")


def test_alert_before_and_after_our_signature():
    check(translated(ALERT, "TEXT"), HandshakeRefused, "handshake-refused", "TEXT", code=ALERT)
    check(translated(ALERT, signed=True), ClientRefused, "client-refused", code=ALERT)
    error = translated(ALERT, "TEXT", signed=True, heard=True)
    check(error, TLSError, "tls-broken", "TEXT", code=ALERT)


def test_end_before_and_after_our_signature():
    check(translated(EOF), HandshakeRefused, "server-hung-up", code=EOF)
    check(translated(EOF, signed=True), ClientRefused, "client-hung-up", code=EOF)
    error = translated(EOF, signed=True, heard=True)
    check(error, TLSError, "tls-broken", "error -29312", code=EOF)


def test_nothing_in_common():
    for code in (-28160, -28288, -26112):
        check(
            translated(code), HandshakeRefused, "handshake-refused", "error %d" % code, code=code
        )


def test_other_codes():
    check(translated(-29056, "BAD MAC"), TLSError, "tls-failed", "BAD MAC", code=-29056)
    check(translated(-29056), TLSError, "tls-failed", "error -29056", code=-29056)


def test_errors_of_the_stream_are_unchanged():
    class ModemReset(OSError):
        pass

    for error in (
        OSError(110),
        OSError(104, "reset"),
        ModemReset(5, "x"),
        OSError("text"),
        OSError(),
    ):
        for signed in (False, True):
            for heard in (False, True):
                assert tls_error(error, signed, heard) is error


def test_what_is_no_error_of_the_engine_is_unchanged():
    for error in (KeyboardInterrupt(), MemoryError(), TypeError("x"), SystemExit()):
        assert tls_error(error, True, False) is error


def test_each_is_an_os_error():
    for kind in (ClientRefused, HandshakeRefused, ServerNotTrusted, TLSError):
        with raises(OSError, text="the TLS session broke: line") as caught:
            raise kind("tls-broken", "line", code=ALERT)
        assert caught.error.errno == ALERT
