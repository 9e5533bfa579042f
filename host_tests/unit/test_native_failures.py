"""Streams that fail, servers that are silent, wrong or gone: each has its own error, in time.

MicroPython only: CPython's ssl cannot delegate a signature.
"""

import gc
from binascii import b2a_base64

from cards import from_hex
from data import certificates as pki
from expect import equal, raises, replaced
from software_key import PRIVATE_KEY, SoftwareIdentity
from tls_server import Server, Stream
from tls_session import Session, mute_session

import ticks
from iotsafe import SSLContext, native
from iotsafe.errors import (
    ClientRefused,
    HandshakeRefused,
    ServerCertificateExpired,
    ServerNameMismatch,
    ServerNotTrusted,
    TLSError,
)

# Not on a board, see test_native_tls.
RUNTIMES = ("micropython",)
HEAP = "384k"


# ---- the transport ----------------------------------------------------------------------------


class ModemReset(OSError):
    pass


def test_errors_of_the_stream_come_through():
    for direction in ("read", "write"):
        for after in (0, 1, 300, 700):
            for failure in (ModemReset(104, "restarted"), OSError(5), KeyboardInterrupt()):
                session = Session()
                session.stream.largest = 50
                session.stream.failures[direction] = failure
                session.stream.fails_after = after
                assert session.fails(type(failure)) is failure


def test_error_numbers_of_the_stream_come_through():
    for direction in ("read", "write"):
        for after in (0, 300):
            for number in (104, 110, 113):
                session = Session()
                session.stream.largest = 50
                session.stream.failures[direction] = -number
                session.stream.fails_after = after
                error = session.fails(OSError)
                assert error.args[0] == number and not isinstance(error, TLSError)


def test_errors_of_the_stream_in_an_open_session():
    for failure in (ModemReset(104, "restarted"), OSError(110), KeyboardInterrupt()):
        for direction in ("read", "write"):
            session = Session()
            session.tls.write(b"hello")
            equal(session.tls.read(5), b"HELLO")
            session.stream.failures[direction] = failure
            with raises(type(failure)) as caught:
                session.tls.write(b"hello")
                session.tls.read(5)
            assert caught.error is failure and session.stream.closed


def test_error_of_the_last_flush_comes_through():
    session = Session()
    session.tls.write(b"hello")
    failure = ModemReset(104, "restarted")

    def flush():
        raise failure

    session.stream.flush = flush
    with raises(ModemReset):
        session.tls.write(b"hello")


# ---- time -------------------------------------------------------------------------------------


def test_silent_server():
    for call in (
        lambda s: s.write(b"hello"),
        lambda s: s.read(1),
        lambda s: s.readinto(bytearray(1)),
    ):
        _, session = mute_session()
        start = ticks.now()
        with raises(OSError, text="TLS: the server did not answer in time") as caught:
            call(session)
        assert caught.error.args[0] == 110 and gc.isenabled()
        assert ticks.diff(ticks.now(), start) >= 30


def test_server_that_falls_silent():
    session = Session()
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    session.tls.settimeout(0.02)
    with raises(OSError) as caught:
        session.tls.read(1)
    assert caught.error.args[0] == 110
    # A time-out ends the call, not the session.
    session.tls.settimeout(None)
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")


def test_own_time_out():
    session = Session(timeout=60)
    session.tls.write(b"hello")
    session.tls.read(5)
    session.tls.settimeout(0.02)
    with raises(OSError, text="in time"):
        session.tls.read(1)
    session.tls.settimeout(None)
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    session.tls.settimeout(0)
    assert session.tls.read(1) is None


def test_half_a_message_is_a_time_out():
    session = Session()
    session.tls.write(b"hello")
    session.tls.settimeout(0.5)
    with raises(OSError, text="in time"):
        session.tls.read(6)


class Clock:
    """Time that advances by a second at each look."""

    time = 0

    def now(self):
        self.time += 1000
        return self.time


def test_dripping_server_does_not_hold_us_for_ever():
    # Each byte comes in time, the whole does not: the limit applies to the call.
    record = b"\x16\x03\x03\x3f\xff"
    for call in (lambda s: s.write(b"hello"), lambda s: s.read(1)):
        stream, session = mute_session(timeout=30, sent=record + bytes(2000))
        stream.largest = 1
        plain = stream.readinto
        turns = []

        def drip(buf, plain=plain, turns=turns):
            turns.append(1)
            return plain(buf) if len(turns) % 2 else None

        stream.readinto = drip
        with replaced(ticks, now=Clock().now), raises(OSError, text="in time"):
            call(session)
        assert len(turns) < 100


def test_stream_that_is_always_ready_and_never_gives():
    for call in (lambda s: s.write(b"hello"), lambda s: s.read(1)):
        stream, session = mute_session()
        stream.ioctl = lambda request, arg: arg if request == 3 else -22
        with raises(OSError, text="in time"):
            call(session)


# ---- the server -------------------------------------------------------------------------------


def test_wrong_name():
    session = Session(host="other.test")
    session.fails(ServerNameMismatch, text="is for another name")
    assert not session.identity.digests  # no signature for a server that is not trusted


def test_unknown_ca():
    session = Session(ca=from_hex(pki.OTHER_CA))
    session.fails(ServerNotTrusted, text="is not from a CA that is trusted here")
    assert not session.identity.digests


def test_expired_certificate():
    session = Session(certificate=pki.SERVER_EXPIRED)
    session.fails(ServerCertificateExpired, text="has expired")
    assert not session.identity.digests


def test_certificate_that_is_not_valid_yet():
    session = Session(certificate=pki.SERVER_FUTURE)
    session.fails(ServerCertificateExpired, text="the clock here is behind")


def test_second_ca_counts_too():
    pem = b""
    for text in (pki.OTHER_CA, pki.CA):
        pem += b"-----BEGIN CERTIFICATE-----\n" + b2a_base64(from_hex(text))
        pem += b"-----END CERTIFICATE-----\n"
    session = Session(ca=pem)
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")


def test_a_ca_that_cannot_be_read_leaves_the_others():
    session = Session(ca=from_hex(pki.ED25519 + pki.CA))
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")


def test_nothing_in_common():
    session = Session(suites=("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",))
    session.fails(HandshakeRefused, text="before the SIM's certificate")
    assert not session.identity.digests


def test_server_without_the_key_of_its_certificate():
    session = Session(key=PRIVATE_KEY)
    error = session.fails(ServerNotTrusted, text="did not prove that it has the key")
    assert error.reason == "server-forged" and not session.identity.digests


def test_too_little_heap_for_the_check_of_the_names():
    def check(*_):
        raise MemoryError("memory allocation failed, allocating 99 bytes")

    with replaced(native.server_names, check=check):
        session = Session()
        error = session.fails(TLSError, text="TLS ran out of memory (")
    assert error.reason == "tls-memory" and error.values[0] > 0 and not session.identity.digests


def test_own_chain_that_is_too_long():
    identity = SoftwareIdentity(from_hex(pki.CLIENT))
    identity.chain = (from_hex(pki.CA),) * 12
    stream = Stream(Server())
    session = SSLContext(identity, from_hex(pki.CA), 1).wrap_socket(stream, pki.HOST)
    size = len(pki.CLIENT) // 2 + 12 * len(pki.CA) // 2
    with raises(TLSError, text="have %d bytes, the TLS buffer here 4096" % size) as caught:
        session.write(b"hello")
    assert caught.error.reason == "chain-too-long" and not identity.digests


def test_server_that_asks_for_no_certificate():
    session = Session(asks=False)
    session.fails(TLSError, text="the server asked for no certificate")
    session = Session(asks=False, mutual=False)
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    assert not session.identity.digests


def test_server_that_hangs_up_at_once():
    _, session = mute_session(closed=True)
    with raises(HandshakeRefused, text="hung up during the handshake"):
        session.write(b"hello")


def test_server_that_hangs_up_after_our_certificate():
    session = Session()
    session.tls.write(b"hello")
    session.server.closed = True
    with raises(ClientRefused, text="the server hung up after the certificate of the SIM"):
        session.tls.read(1)
    assert session.stream.closed


def test_server_that_hangs_up_later():
    session = Session()
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    session.server.closed = True
    equal(session.tls.read(1), b"")
    assert session.tls.readinto(bytearray(1)) == 0


def test_session_that_breaks():
    session = Session()
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    session.server.end.sent.extend(b"\x17\x03\x03\x00\x20" + bytes(32))
    with raises(TLSError, text="the TLS session broke") as caught:
        session.tls.read(1)
    assert type(caught.error) is TLSError and session.stream.closed


def test_server_that_speaks_no_tls():
    for sent in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 50, b"220 mail\r\n", b"\xff" * 90):
        stream, session = mute_session(sent=sent)
        with raises(TLSError, text="does not speak TLS") as caught:
            session.write(b"hello")
        assert caught.error.reason == "server-not-tls"
        assert stream.closed and gc.isenabled()


def test_changed_bytes_from_the_server():
    whole = Session()
    whole.tls.write(b"hello")
    for at in range(0, whole.stream.taken, 41):
        session = Session(timeout=0.02)
        plain = session.stream.readinto

        def flip(buf, plain=plain, at=at, stream=session.stream):
            start = stream.taken
            got = plain(buf)
            if got and start <= at < stream.taken:
                buf[at - start] ^= 0x10
            return got

        session.stream.readinto = flip
        with raises(OSError):
            session.tls.write(b"hello")
            session.tls.read(5)
        assert gc.isenabled()
