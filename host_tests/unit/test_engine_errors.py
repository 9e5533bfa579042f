"""The exception and the reason for each error of the TLS engine."""

from expect import raises
from server_certificates import der, subject

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


class Seen:
    """What was seen of a handshake, by default nothing; see `native.NativeContext`."""

    signed = verified = False
    answered = record = sent = free = 0
    above = ()

    def __init__(self, **seen):
        for name in seen:
            setattr(self, name, seen[name])


def translated(*args, heard=False, **seen):
    return tls_error(OSError(*args), Seen(**seen), heard)


def reported(text, **seen):
    return tls_error(ValueError(text), Seen(**seen), False)


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
        check(reported("\n%s\n" % text), kind, reason, *values)


def test_several_reports_the_worst_counts():
    expired = REPORTS[2][0]
    for text, kind, reason in REPORTS[:2]:
        both = "\n%s\n%s\n" % (expired, text)
        check(reported(both), kind, reason)
    check(reported("\n".join([row[0] for row in REPORTS])), ServerNotTrusted, "server-not-trusted")


def test_report_that_is_not_known_is_told():
    error = reported("\nSomething else\n")
    check(error, TLSError, "server-certificate", "Something else")


def test_without_memory_nothing_else_is_believed():
    for free in (1, 12000):
        for text, _, _ in REPORTS:
            check(reported(text, free=free), TLSError, "tls-memory", free, text)
        for code in (-28160, -0x4E00, -0x7700, -0x2500 - 0x66):
            error = translated(code, "x", verified=True, free=free)
            check(error, TLSError, "tls-memory", free, "x", code=code)
        check(
            translated(ALERT, signed=True, free=free), ClientRefused, "client-refused", code=ALERT
        )
    check(reported(REPORTS[0][0], free=13000), ServerNotTrusted, "server-not-trusted")


def test_a_longer_chain_needs_more_memory():
    for record, free in ((1400, 15000), (4200, 20000)):  # one and three certificates, RSA-4096
        error = reported(REPORTS[0][0], record=record, free=free)
        check(error, TLSError, "tls-memory", free, REPORTS[0][0])
        error = reported(REPORTS[0][0], record=record, free=free + 2000)
        check(error, ServerNotTrusted, "server-not-trusted")
    # A length that no buffer holds says nothing of the heap.
    error = translated(-0x7200, "x", record=0xFFFFFF, free=50_000)
    assert error.reason == "server-chain-long", error.reason


def test_a_failed_allocation_is_told_with_what_was_free():
    # MicroPython raises mbedTLS's small codes as errno, and ENOMEM for one of the large ones.
    for code in (
        -0x7F00,
        12,
        16,
        0x6A,
        141,
        -0x2880,
        -0x3F80,
        -0x4D80,
        -0x2380 - 0x6A,
        -0x3B00 - 0x10,
    ):
        for free in (5000, 30000):
            error = translated(code, "x", free=free)
            text = "ENOMEM" if code == 12 else "x"
            check(error, TLSError, "tls-memory", free, text, code=-abs(code))
    check(
        tls_error(MemoryError("x"), Seen(free=700), False),
        TLSError,
        "tls-memory",
        700,
        "MemoryError",
    )


def test_alert_before_and_after_our_signature():
    check(translated(ALERT, "TEXT"), HandshakeRefused, "handshake-refused", "TEXT", code=ALERT)
    check(translated(ALERT, signed=True), ClientRefused, "client-refused", code=ALERT)
    error = translated(ALERT, "TEXT", signed=True, heard=True)
    check(error, TLSError, "tls-broken", "TEXT", code=ALERT)


def test_end_before_and_after_our_signature():
    check(translated(EOF), HandshakeRefused, "server-hung-up", code=EOF)
    check(translated(EOF, signed=True), ClientRefused, "client-hung-up", code=EOF)
    error = translated(EOF, signed=True, heard=True)
    check(error, TLSError, "tls-broken", "-0x7280", code=EOF)


def test_nothing_in_common():
    for code in (-28160, -28288, -26112):
        error = translated(code, "x")
        check(error, HandshakeRefused, "handshake-refused", "x", code=code)


def test_what_a_failure_means_depends_on_when_it_comes():
    failure = -28160  # MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE
    error = translated(failure, "x", verified=True)
    check(error, ServerNotTrusted, "server-forged", "x", code=failure)
    error = translated(failure, "x", verified=True, answered=24)
    check(error, ServerNotTrusted, "server-forged", "x", code=failure)
    error = translated(failure, "x", verified=True, answered=400)
    check(error, HandshakeRefused, "client-unsuited", "x", code=failure)
    for code, reason in ((-0x7700, "server-not-tls"), (-0x6E80, "handshake-refused")):
        assert translated(code, "x").reason == reason
        check(translated(code, "x", verified=True), TLSError, "tls-broken", "x", code=code)
    check(translated(-0x7700, heard=True), TLSError, "tls-rekeyed", "-0x7700", code=-0x7700)
    check(translated(-0x7180, heard=True), TLSError, "tls-broken", "-0x7180", code=-0x7180)


def test_chains_that_do_not_fit():
    for code in (-0x7200, -0x7100, -0x7080):
        assert translated(code, "x", record=5000).reason == "server-not-tls"
        error = translated(code, "x", record=20000)
        limit = error.values[1]
        check(error, TLSError, "server-chain-long", 20000, limit, code=code)
    error = translated(-0x6A00, "x", verified=True, sent=9000)
    check(error, TLSError, "chain-too-long", 9000, error.values[1], code=-0x6A00)
    assert limit in (5632, 16384) and error.values[1] in (2048, 4096)


def dates(first, last):
    return der(0x30, der(0x17, first), der(0x17, last))


def test_which_certificate_has_expired():
    past, now = (
        dates(b"200101000000Z", b"210101000000Z"),
        dates(b"200101000000Z", b"491231235959Z"),
    )
    leaf, root = (b"", subject("leaf"), now), (b"", subject("root"), now)
    expired = "The certificate validity has expired"
    for above in ((root, leaf), (root, (b"", subject("leaf"), past)), ()):
        check(reported(expired, above=above), ServerCertificateExpired, "server-expired")
    for above, name in (
        (((b"", subject("root"), past), leaf), "root"),
        ((root, (b"", subject("middle"), past), leaf), "middle"),
        (((b"", subject(""), past), root, leaf), "no common name"),
    ):
        error = reported(expired, above=above)
        check(error, ServerNotTrusted, "ca-expired", name, "2021-01-01 00:00:00")


def test_other_codes():
    for code, reason in (
        (-0x4E00, "server-forged"),
        (-0x4380, "server-forged"),
        (-0x2500 - 0x66, "server-unreadable"),
        (-0x3C80, "server-unreadable"),
        (-0x7A00, "server-unreadable"),
        (0x34, "tls-failed"),
        (-0x7180, "tls-garbled"),
        (-0x7700, "server-not-tls"),
        (-0x6C00, "tls-failed"),
    ):
        text = "-0x%04X" % abs(code)
        error = translated(code)
        assert (error.reason, error.values, error.args[0]) == (reason, (text,), -abs(code)), error


def test_what_is_no_error_of_the_engine_is_unchanged():
    for error in (KeyboardInterrupt(), TypeError("x"), SystemExit()):
        assert tls_error(error, Seen(signed=True), False) is error


def test_each_is_an_os_error():
    for kind in (ClientRefused, HandshakeRefused, ServerNotTrusted, TLSError):
        with raises(OSError, text="the TLS session broke: line") as caught:
            raise kind("tls-broken", "line", code=ALERT)
        assert caught.error.errno == ALERT
