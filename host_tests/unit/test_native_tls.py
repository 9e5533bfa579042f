"""TLS with delegated signatures, both ends in this process (see tls_server).

MicroPython only: CPython's ssl cannot delegate a signature.
"""

import gc
import io
import select
from binascii import b2a_base64

import tls
from cards import from_hex
from data import certificates as pki
from expect import equal, raises, replaced
from software_key import PRIVATE_KEY, SoftwareIdentity
from tls_server import Server, Stream, records

import ticks
from iotsafe import SSLContext, native
from iotsafe.errors import (
    BadCertificate,
    CardError,
    ClientRefused,
    HandshakeRefused,
    ServerCertificateExpired,
    ServerNameMismatch,
    ServerNotTrusted,
    TLSError,
)

RUNTIMES = ("micropython",)
HEAP = "384k"

CA = from_hex(pki.CA)
CLIENT = from_hex(pki.CLIENT)
SHA256 = "TLS1-3-AES-128-GCM-SHA256"
SHA384 = "TLS1-3-AES-256-GCM-SHA384"


class Session:
    """A client and its server; `tls` is the client's TLS socket."""

    def __init__(self, host=pki.HOST, ca=CA, failure=None, timeout=1, client=CLIENT, **server):
        self.identity = SoftwareIdentity(client, failure)
        self.server = Server(**server)
        self.stream = Stream(self.server)
        self.context = SSLContext(self.identity, ca, timeout)
        self.tls = self.context.wrap_socket(self.stream, host)

    def fails(self, kind, text=None):
        """The handshake must end with `kind`, leaving all in order; returns the exception."""
        with raises(kind, text=text) as caught:
            self.tls.write(b"hello")
        assert gc.isenabled()
        assert self.stream.closed
        assert self.tls.cipher() is None
        return caught.error


# ---- a session -------------------------------------------------------------------------------


def test_session():
    session = Session()
    assert session.tls.cipher() is None and not session.stream.written  # nothing happens yet
    assert session.tls.write(b"hello") == 5
    equal(session.tls.read(5), b"HELLO")
    for number in range(20):
        session.tls.write(b"message %02d" % number)
        equal(session.tls.read(10), b"MESSAGE %02d" % number)
    assert session.tls.cipher() == (SHA256, "TLSv1.3")
    assert [len(digest) for digest in session.identity.digests] == [32]
    # A copy: what mbedTLS shows is gone after the callback.
    assert isinstance(session.identity.digests[0], bytes)
    assert gc.isenabled() and not session.stream.blocking
    assert session.server.read[:15] == b"hellomessage 00"


def test_read_may_come_first():
    session = Session()
    session.tls.setblocking(False)
    while session.tls.read(1) is None and not session.identity.digests:
        session.stream.ioctl(3, 1)
    assert gc.isenabled()


def test_sha384_suite():
    session = Session(suites=(SHA384,))
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    assert session.tls.cipher()[0] == SHA384 and len(session.identity.digests) == 1


def test_context_serves_many_sessions():
    identity = SoftwareIdentity(CLIENT)
    context = SSLContext(identity, CA)
    for count in (1, 2, 3):
        session = context.wrap_socket(Stream(Server()), pki.HOST)
        session.write(b"hello")
        equal(session.read(5), b"HELLO")
        session.close()
        assert len(identity.digests) == count


def test_a_failed_session_leaves_the_context_usable():
    session = Session(failure=CardError(0x6985, "COMPUTE SIGNATURE"))
    session.fails(CardError)
    session.identity.failure = None
    again = session.context.wrap_socket(Stream(Server()), pki.HOST)
    again.write(b"hello")
    equal(again.read(5), b"HELLO")


def test_a_failed_session_leaves_an_open_one_alone():
    session = Session()
    session.tls.write(b"hello")
    session.identity.failure = CardError(0x6985, "COMPUTE SIGNATURE")
    second = session.context.wrap_socket(Stream(Server()), pki.HOST)
    with raises(CardError):
        second.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    session.tls.write(b"still here")
    equal(session.tls.read(10), b"STILL HERE")


def test_stream_that_passes_few_bytes_at_a_time():
    for largest in (1, 7, 100):
        session = Session()
        session.stream.largest = largest
        session.tls.write(b"hello")
        equal(session.tls.read(5), b"HELLO")
        assert len(session.identity.digests) == 1


def test_write_flushes_the_stream():
    session = Session()
    session.tls.write(b"hello")
    before = session.stream.flushed
    session.tls.write(b"again")
    assert session.stream.flushed == before + 1


def test_large_data():
    session = Session()
    data = bytes(i & 0x3F for i in range(6000))
    assert session.tls.write(data) == 6000
    while len(session.server.read) < 6000:
        session.stream.ioctl(3, 1)
    equal(session.server.read, data)
    equal(session.tls.read(6000), data)


def test_partial_reads():
    session = Session()
    session.tls.write(b"hello")
    equal(session.tls.read(2), b"HE")
    buffer = bytearray(10)
    assert session.tls.readinto(buffer) == 3
    equal(buffer[:3], b"LLO")
    equal(session.tls.read(0), b"")


def test_non_blocking_reads():
    session = Session()
    session.tls.write(b"hello")
    session.tls.setblocking(False)
    assert session.tls.read(5) is None and session.tls.readinto(bytearray(5)) is None
    session.stream.ioctl(3, 1)
    equal(session.tls.read(5), b"HELLO")
    assert session.tls.read(1) is None
    # What has begun is waited for, so that no message is left half read.
    session.tls.write(b"ab")
    session.stream.ioctl(3, 1)
    session.tls.write(b"cd")
    equal(session.tls.read(4), b"ABCD")


def test_poll_and_file_number():
    session = Session()
    session.tls.write(b"hello")
    poll = select.poll()
    poll.register(session.tls, select.POLLIN)  # asks for a file descriptor: there is none
    assert poll.poll(500)
    equal(session.tls.read(5), b"HELLO")
    assert not poll.poll(0)
    assert session.tls.ioctl(10, 0) == -22


# ---- signatures ------------------------------------------------------------------------------


def test_what_the_identity_raised_reaches_the_caller():
    class Odd(BaseException):
        pass

    for failure in (
        CardError(0x6985, "COMPUTE SIGNATURE", "private key 01"),
        OSError(104, "the modem restarted"),
        KeyboardInterrupt(),
        SystemExit(),
        MemoryError("no memory"),
        ValueError("not a report of mbedTLS"),
        Odd(),
    ):
        session = Session(failure=failure)
        assert session.fails(type(failure)) is failure
        assert len(session.identity.digests) == 1


def test_nothing_after_the_failed_signature_is_sent():
    whole = Session()
    whole.tls.write(b"hello")
    # ClientHello; encrypted: Certificate, CertificateVerify, Finished, data.
    assert records(whole.stream.written) == [22, 23, 23, 23, 23]
    session = Session(failure=CardError(0x6985, "COMPUTE SIGNATURE"))
    session.fails(CardError)
    assert records(session.stream.written) == [22, 23]
    session.server.work()
    # It saw the connection end; no wrong signature, no alert.
    assert session.server.error.args[0] == -29312


def test_session_is_over_after_a_failed_signature():
    session = Session(failure=CardError(0x6985, "COMPUTE SIGNATURE"))
    session.fails(CardError)
    size = len(session.stream.written)
    session.identity.failure = None
    for call in (lambda: session.tls.write(b"more"), lambda: session.tls.read(1)):
        with raises(OSError):
            call()
    session.tls.close()
    assert len(session.stream.written) == size and len(session.identity.digests) == 1


def test_signature_that_is_none_is_refused_by_the_server():
    for answer in (b"", b"junk", bytes(64), None):
        session = Session()
        session.identity.sign = lambda digest, answer=answer: answer
        try:
            session.tls.write(b"hello")
            session.tls.read(5)
        except OSError:
            pass
        assert session.server.error is not None and not session.server.read, answer


def test_the_placeholder_is_no_key():
    # If mbedTLS ever signs by itself, the server must refuse it.
    session = Session()
    session.context._engine._tls.ecdsa_sign_callback = None
    with raises(TLSError):
        session.tls.write(b"hello")
        session.tls.read(5)
    assert not session.identity.digests and session.server.error


# ---- the garbage collector -------------------------------------------------------------------


class Nowhere(io.IOBase):
    """A stream on which nothing ever comes."""

    def readinto(self, buf):
        return None

    def write(self, buf):
        return len(buf)

    def ioctl(self, request, arg):
        return 0 if request == 4 else -22


class Trap(Stream):
    """Drops an old, closed TLS socket in each call and makes garbage, so that it is collected.

    With `blocking` it also serves as the transport of a handshake in one call, which waits inside
    `readinto`: the server works there, unseen by the collector, and what that changes in the one
    global that all TLS sockets share is put right again by `mine`, a TLS socket of the client.
    """

    def __init__(self, server, old, mine=None):
        super().__init__(server)
        self.old = old
        self.mine = mine
        self.collected = 0

    def spoil(self):
        if self.old:
            self.old.pop()
        for _ in range(8):
            bytearray(480)

    def readinto(self, buf):
        if self.mine and not self._waiting():
            gc.disable()
            self.server.work()
            self.mine.readinto(bytearray(1))
            gc.enable()
        self.spoil()
        return super().readinto(buf)

    def write(self, buf):
        self.spoil()
        return super().write(buf)


def closed_sockets(context):
    """Old TLS sockets as reconnects leave them."""
    old = []
    for _ in range(30):
        old.append(
            context.wrap_socket(Nowhere(), server_hostname=pki.HOST, do_handshake_on_connect=False)
        )
        old[-1].close()
    return old


class Threshold:
    """In the block a collection comes after each 2 KB."""

    def __enter__(self):
        self._before = gc.threshold()
        gc.threshold(2048)

    def __exit__(self, *_):
        gc.threshold(self._before)


def naive_handshake(trap):
    """A handshake in one call: (it was signed by the callback, the server's error)."""
    gc.collect()
    identity = SoftwareIdentity(CLIENT)
    context = SSLContext(identity, CA)._engine._tls
    mine = context.wrap_socket(Nowhere(), server_hostname=pki.HOST, do_handshake_on_connect=False)
    server = Server()
    stream = Trap(server, closed_sockets(context) if trap else [], mine)
    with Threshold():
        try:
            session = context.wrap_socket(stream, server_hostname=pki.HOST)
            session.write(b"hello")
        except OSError:
            pass
    server.work()
    return len(identity.digests), server.error


def test_the_trap_is_real():
    # The very same handshake is signed when no old sockets lie about ...
    assert naive_handshake(False) == (1, None)
    # ... and is not, with them: the server gets a signature of the placeholder.
    for _ in range(5):
        signed, error = naive_handshake(True)
        assert signed == 0 and error is not None


def test_no_collection_switches_the_signature_off():
    identity = SoftwareIdentity(CLIENT)
    context = SSLContext(identity, CA)
    for count in range(1, 41):
        gc.collect()
        stream = Trap(Server(), closed_sockets(context._engine._tls))
        session = context.wrap_socket(stream, pki.HOST)
        with Threshold():
            session.write(b"hello")
            equal(session.read(5), b"HELLO")
        assert len(identity.digests) == count
        assert len(stream.old) < 25  # the trap was set
        assert gc.isenabled()
        session.close()


def test_wasteful_stream_does_not_use_up_the_memory():
    class Wasteful(Stream):
        def readinto(self, buf):
            bytearray(3000)
            return super().readinto(buf)

        def write(self, buf):
            bytearray(3000)
            return super().write(buf)

    stream = Wasteful(Server())
    stream.largest = 1  # some 1600 calls, 5 MB of garbage
    session = SSLContext(SoftwareIdentity(CLIENT), CA).wrap_socket(stream, pki.HOST)
    session.write(b"hello")
    equal(session.read(5), b"HELLO")


def test_collector_that_was_off_stays_off():
    session = Session()
    gc.disable()
    try:
        session.tls.write(b"hello")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_collector_runs_between_the_steps():
    class Watch(Stream):
        seen = ()

        def ioctl(self, request, arg):
            self.seen += (gc.isenabled(),)
            return super().ioctl(request, arg)

        def write(self, buf):
            assert not gc.isenabled()
            return super().write(buf)

    stream = Watch(Server())
    session = SSLContext(SoftwareIdentity(CLIENT), CA).wrap_socket(stream, pki.HOST)
    session.write(b"hello")
    assert stream.seen and all(stream.seen)


# ---- the transport ---------------------------------------------------------------------------


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


# ---- time ------------------------------------------------------------------------------------


class Mute:
    """A server that is connected and says nothing, or only `sent`."""

    def __init__(self, sent=b"", closed=False):
        self.end = type("End", (), {})()
        self.end.sent = bytearray(sent)
        self.end.received = bytearray()
        self.closed = closed
        self.error = None

    def work(self):
        pass


def mute_session(timeout=0.03, **server):
    stream = Stream(Mute(**server))
    return stream, SSLContext(SoftwareIdentity(CLIENT), CA, timeout).wrap_socket(stream, pki.HOST)


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
        assert 30 <= ticks.diff(ticks.now(), start) < 2000


def test_server_that_falls_silent():
    session = Session(timeout=0.03)
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    with raises(OSError) as caught:
        session.tls.read(1)
    assert caught.error.args[0] == 110
    # A time-out ends the call, not the session.
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
    session = Session(timeout=0.02)
    session.tls.write(b"hello")
    with raises(OSError, text="in time"):
        session.tls.read(6)


class Clock:
    """Time that passes by a second at each look."""

    time = 0

    def now(self):
        self.time += 1000
        return self.time


def test_dripping_server_does_not_hold_us_for_ever():
    # Each byte comes in time, the whole never: the limit is for the call.
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


# ---- the server ------------------------------------------------------------------------------


def test_wrong_name():
    session = Session(host="other.test")
    session.fails(ServerNameMismatch, text="for another name: check the host in the config")
    assert not session.identity.digests  # nothing is signed for a server that is not ours


def test_unknown_ca():
    session = Session(ca=from_hex(pki.OTHER_CA))
    session.fails(ServerNotTrusted, text="is not from our CA")
    assert not session.identity.digests


def test_expired_certificate():
    session = Session(certificate=pki.SERVER_EXPIRED)
    session.fails(ServerCertificateExpired, text="has expired")
    assert not session.identity.digests


def test_certificate_that_is_not_valid_yet():
    session = Session(certificate=pki.SERVER_FUTURE)
    session.fails(ServerCertificateExpired, text="our clock is behind")


def test_second_ca_counts_too():
    pem = b""
    for text in (pki.OTHER_CA, pki.CA):
        pem += b"-----BEGIN CERTIFICATE-----\n" + b2a_base64(from_hex(text))
        pem += b"-----END CERTIFICATE-----\n"
    session = Session(ca=pem)
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")


def test_nothing_in_common():
    session = Session(suites=("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",))
    session.fails(HandshakeRefused, text="it needs TLS 1.2 or 1.3 with ECDHE and AES-GCM")
    assert not session.identity.digests


def test_server_that_hangs_up_at_once():
    _, session = mute_session(closed=True)
    with raises(HandshakeRefused, text="is this a TLS port?"):
        session.write(b"hello")


def test_server_that_hangs_up_after_our_certificate():
    session = Session()
    session.tls.write(b"hello")
    session.server.closed = True
    with raises(ClientRefused, text="the server hung up after our certificate"):
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
        with raises(TLSError):
            session.write(b"hello")
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


# ---- the context -----------------------------------------------------------------------------


def test_damaged_ca():
    for data in (CA[:-1], CA[:40], b"\x30\x00"):
        with raises(ValueError, text="the CA certificate is damaged"):
            SSLContext(SoftwareIdentity(CLIENT), data)


def test_certificate_that_mbedtls_refuses():
    with raises(BadCertificate, text="mbedTLS refuses our certificate"):
        SSLContext(SoftwareIdentity(CLIENT[:-1]), CA)


def test_chain_is_loaded():
    identity = SoftwareIdentity(CLIENT)
    identity.chain = (CA,)
    stream = Stream(Server())
    session = SSLContext(identity, CA).wrap_socket(stream, pki.HOST)
    session.write(b"hello")
    equal(session.read(5), b"HELLO")
    plain = Session()
    plain.tls.write(b"hello")
    # The length of a record is rounded up to 16.
    assert len(stream.written) > len(plain.stream.written) + len(CA) - 32


def test_offered_suites():
    context = SSLContext(SoftwareIdentity(CLIENT), CA, 1, (SHA384,))
    session = context.wrap_socket(Stream(Server()), pki.HOST)
    session.write(b"hello")
    assert session.cipher()[0] == SHA384


def test_server_is_always_verified():
    context = SSLContext(SoftwareIdentity(CLIENT), CA)
    assert context._engine._tls.verify_mode == tls.CERT_REQUIRED


def test_no_private_key_is_loaded():
    class Context:
        keys = []
        ecdsa_sign_callback = None

        def __init__(self, protocol):
            self.protocol = protocol

        def load_verify_locations(self, ca):
            pass

        def load_cert_chain(self, certificate, key):
            self.keys.append(bytes(key))

        def get_ciphers(self):
            return [SHA256]

        def set_ciphers(self, names):
            assert names == [SHA256]

    class Module:
        SSLContext = Context
        PROTOCOL_TLS_CLIENT = tls.PROTOCOL_TLS_CLIENT

    with replaced(native, tls=Module):
        SSLContext(SoftwareIdentity(CLIENT), CA)
    (key,) = Context.keys
    # SEC1 with the private value 2A: 20 bytes that name the key in the SIM.
    equal(key, from_hex("301202010104012AA00A06082A8648CE3D030107"))
    assert key != PRIVATE_KEY


def test_close():
    session = Session()
    session.tls.write(b"hello")
    session.tls.close()
    assert session.stream.closed
    session.tls.close()
    assert session.tls.ioctl(4, 0) == 0


def test_close_without_a_handshake():
    session = Session()
    session.tls.close()
    assert session.stream.closed and not session.stream.written
