"""Each code of the linked mbedTLS has a meaning and a remedy, at any point of a handshake."""

import re

import pytest

from app.advice import ADVICE as LOG
from iotsafe.advice import ADVICE as REPL
from iotsafe.engine_errors import tls_error
from iotsafe.errors import TLSError
from iotsafe_tools.console.advice import ADVICE as COMMAND_LINE
from iotsafe_tools.testbed import ROOT

HEADERS = ROOT / "build" / "micropython" / "lib" / "mbedtls" / "include"
# Modules that a TLS client does not call, and results that MicroPython handles itself.
OTHERS = r"NET|LMS|PEM|PKCS12|PKCS7|DHM|THREADING|CAMELLIA|ARIA|DES|HMAC_DRBG|BASE64"
HANDLED = ("SSL_WANT_READ", "SSL_WANT_WRITE", "SSL_RECEIVED_NEW_SESSION_TICKET")


def known(*tables: str) -> set[str]:
    """Return the reasons that have a line in one of the tables, or share the next one."""
    return set(re.findall(r"^([a-z0-9-]+)[:,]", "\n".join(tables), re.M))


# The log takes the REPL's line where it has none of its own.
TABLES = {"log": known(LOG, REPL), "REPL": known(REPL), "command line": set(COMMAND_LINE)}


class Seen:
    signed = verified = False
    answered = record = sent = free = 0
    above = ()

    def __init__(self, **seen):
        vars(self).update(seen)


# What was seen before the error, in the order of a handshake.
POINTS = {
    "first": {},
    "server's chain": {"record": 30000},
    "verified": {"verified": True},
    "answered": {"verified": True, "answered": 500},
    "signed": {"verified": True, "answered": 700, "signed": True},
    "with little memory": {"verified": True, "free": 3000},
}


def codes() -> dict[str, int]:
    text = "\n".join(path.read_text() for path in sorted(HEADERS.rglob("*.h")))
    found = {
        name: int(value, 0)
        for name, value in re.findall(r"#define MBEDTLS_ERR_(\w+) +(-0x[0-9A-Fa-f]+)", text)
        if not re.match(OTHERS, name) and name not in HANDLED
    }
    psa = re.findall(r"#define (PSA_ERROR_\w+) +\(\(psa_status_t\) *(-\d+)\)", text)
    return found | {name: int(value) for name, value in psa}


CODES = codes()


def raised(code: int) -> OSError:
    """Return what MicroPython raises for `code`: a small one is taken for an errno."""
    return OSError(-code) if code > -256 else OSError(code)


def test_the_headers_are_understood():
    assert (
        CODES["SSL_FATAL_ALERT_MESSAGE"] == -0x7780
        and CODES["PSA_ERROR_INVALID_SIGNATURE"] == -149
    )
    assert len(CODES) > 120


@pytest.mark.parametrize("point", POINTS)
def test_each_code_has_a_meaning_and_a_remedy(point):
    for name, code in CODES.items():
        error = tls_error(raised(code), Seen(**POINTS[point]), False)
        assert isinstance(error, TLSError), (name, error)
        text = str(error)
        assert re.match(r"[\w']+ [\w']+ [\w']+", text), (name, text)
        for table, advice in TABLES.items():
            if error.reason in ("tls-broken", "tls-rekeyed") and table == "log":
                continue  # the application connects again by itself
            assert error.reason in advice, (name, table, error.reason)


def test_a_code_with_a_second_one_means_the_same():
    for name, code in CODES.items():
        if name.startswith(("X509_", "PK_")) and code < -0x2000:
            first = tls_error(OSError(code), Seen(), False)
            for detail in (-0x60, -0x62, -0x64, -0x66, -0x68):  # of ASN.1
                assert tls_error(OSError(code + detail), Seen(), False).reason == first.reason, (
                    name
                )


def test_the_reasons_of_what_people_meet():
    for name, point, reason in (
        ("SSL_HANDSHAKE_FAILURE", "first", "handshake-refused"),
        ("SSL_BAD_PROTOCOL_VERSION", "first", "handshake-refused"),
        ("SSL_HANDSHAKE_FAILURE", "verified", "server-forged"),
        ("SSL_HANDSHAKE_FAILURE", "answered", "client-unsuited"),
        ("ECP_VERIFY_FAILED", "verified", "server-forged"),
        ("RSA_VERIFY_FAILED", "verified", "server-forged"),
        ("SSL_FATAL_ALERT_MESSAGE", "first", "handshake-refused"),
        ("SSL_FATAL_ALERT_MESSAGE", "signed", "client-refused"),
        ("SSL_CONN_EOF", "first", "server-hung-up"),
        ("SSL_CONN_EOF", "signed", "client-hung-up"),
        ("SSL_INVALID_RECORD", "first", "server-not-tls"),
        ("SSL_INVALID_RECORD", "server's chain", "server-chain-long"),
        ("SSL_UNEXPECTED_MESSAGE", "first", "server-not-tls"),
        ("SSL_BAD_CERTIFICATE", "first", "server-unreadable"),
        ("SSL_BAD_CERTIFICATE", "verified", "server-purpose"),
        ("SSL_BUFFER_TOO_SMALL", "answered", "chain-too-long"),
        ("PK_UNKNOWN_NAMED_CURVE", "first", "server-unreadable"),
        ("X509_INVALID_EXTENSIONS", "first", "server-unreadable"),
        ("SSL_ALLOC_FAILED", "first", "tls-memory"),
        ("MPI_ALLOC_FAILED", "verified", "tls-memory"),
        ("PSA_ERROR_INSUFFICIENT_MEMORY", "verified", "tls-memory"),
        ("ECP_VERIFY_FAILED", "with little memory", "tls-memory"),
        ("ENTROPY_SOURCE_FAILED", "first", "tls-failed"),
    ):
        assert tls_error(raised(CODES[name]), Seen(**POINTS[point]), False).reason == reason, name


def test_the_buffers_are_those_of_the_firmware():
    from iotsafe import engine_errors

    pico = ROOT / "boards" / "WAVESHARE_PICO_SIM7080G" / "mbedtls_config_board.h"
    common = HEADERS.parents[2] / "extmod" / "mbedtls" / "mbedtls_config_common.h"
    sizes = {
        path: {
            name: int(value)
            for name, value in re.findall(
                r"#define MBEDTLS_SSL_(\w+)_CONTENT_LEN +\((\d+)\)", path.read_text()
            )
        }
        for path in (pico, common)
    }
    assert engine_errors._BUFFERS["rp2"] == (sizes[pico]["IN"], sizes[pico]["OUT"])
    assert (sizes[common]["MAX"], sizes[common]["OUT"]) == engine_errors._USUAL
