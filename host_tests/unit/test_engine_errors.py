"""What errors of the TLS engine are called, and what is said about them."""

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

# mbedTLS's words, as they come.
REPORTS = (
    ("The certificate is not correctly signed by the trusted CA", ServerNotTrusted),
    ("The certificate Common Name (CN) does not match with the expected CN", ServerNameMismatch),
    ("The certificate validity has expired", ServerCertificateExpired),
    ("The certificate validity starts in the future", ServerCertificateExpired),
    (
        "The certificate is signed with an unacceptable key (eg bad curve, RSA too short).",
        TLSError,
    ),
)


def of(*args, signed=False, heard=False):
    return tls_error(OSError(*args), signed, heard)


def check(error, kind, *words):
    """Exactly this class, and one line with these words."""
    assert type(error) is kind, error
    text = str(error)
    assert "\n" not in text and text == error.text
    for word in words:
        assert word in text, text


def test_reports():
    for text, kind in REPORTS:
        check(tls_error(ValueError("\n%s\n" % text), False, False), kind)


def test_several_reports_the_worst_counts():
    expired = REPORTS[2][0]
    for text, kind in REPORTS[:2]:
        both = "\n%s\n%s\n" % (expired, text)
        check(tls_error(ValueError(both), False, False), kind)
    all_of_them = ValueError("\n".join(text for text, _ in REPORTS))
    check(tls_error(all_of_them, False, False), ServerNotTrusted)


def test_what_each_report_advises():
    says = ("wrong CA in the config", "check the host", "clock is ahead", "clock is behind")
    for (text, kind), words in zip(REPORTS, says):
        check(tls_error(ValueError(text), False, False), kind, words)


def test_report_that_is_not_known_is_told():
    error = tls_error(ValueError("\nSomething else\n"), False, False)
    check(error, TLSError, "the server's certificate was refused: Something else")


class FullMemory:
    def __init__(self, free):
        self.mem_free = lambda: free


def test_report_without_memory_is_not_believed():
    report = ValueError(REPORTS[0][0])
    with replaced(engine_errors, gc=FullMemory(8000)):
        check(tls_error(report, False, False), TLSError, "out of memory (8000 bytes free)")
    with replaced(engine_errors, gc=FullMemory(9000)):
        check(tls_error(report, False, False), ServerNotTrusted)


def test_alert_before_and_after_our_signature():
    check(of(ALERT, "TEXT"), HandshakeRefused, "before our certificate (TEXT)", "TLS 1.2 or 1.3")
    check(of(ALERT, signed=True), ClientRefused, "refused our certificate or signature")
    check(of(ALERT, "TEXT", signed=True, heard=True), TLSError, "the TLS session broke: TEXT")


def test_end_before_and_after_our_signature():
    check(of(EOF), HandshakeRefused, "hung up during the handshake: is this a TLS port?")
    check(of(EOF, signed=True), ClientRefused, "hung up after our certificate")
    check(of(EOF, signed=True, heard=True), TLSError, "the TLS session broke: error -29312")


def test_nothing_in_common():
    for code in (-28160, -28288, -26112):
        check(of(code), HandshakeRefused, "(error %d)" % code)


def test_other_codes():
    check(of(-29056, "BAD MAC"), TLSError, "TLS failed: BAD MAC")
    check(of(-29056), TLSError, "TLS failed: error -29056")
    assert of(-29056).args[0] == -29056


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
        with raises(OSError, text="line"):
            raise kind(ALERT, "line")
