"""TLS with delegated signatures, both ends in this process (see tls_server).

MicroPython only: CPython's ssl cannot delegate a signature.
"""

import gc
import select

from data import certificates as pki
from expect import equal, raises
from software_key import SoftwareIdentity
from tls_server import Server, Stream, records
from tls_session import CA, CLIENT, Session

from iotsafe import SSLContext
from iotsafe.errors import (
    CardError,
    TLSError,
)

# Not on a board: with both ends on one chip a handshake takes 20 s, and the image frees no TLS
# context or socket that is only dropped (MICROPY_PY_SSL_FINALISER), so that four fill its heap.
# A session on the board is proved with a real broker, in system/.
RUNTIMES = ("micropython",)
HEAP = "384k"

SHA256 = "TLS1-3-AES-128-GCM-SHA256"
SHA384 = "TLS1-3-AES-256-GCM-SHA384"


# ---- a session --------------------------------------------------------------------------------


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
    # A copy: mbedTLS's buffer is invalid after the callback.
    assert isinstance(session.identity.digests[0], bytes)
    assert gc.isenabled() and not session.stream.blocking
    assert session.server.read[:15] == b"hellomessage 00"


def test_the_dot_of_the_root_is_no_part_of_the_name():
    session = Session(host=pki.HOST + ".")
    session.tls.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    hello = bytes(session.stream.written)
    assert pki.HOST.encode() in hello and pki.HOST.encode() + b"." not in hello


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
    session = Session(failure=CardError("refused", 0x6985, "COMPUTE SIGNATURE"))
    session.fails(CardError)
    session.identity.failure = None
    again = session.context.wrap_socket(Stream(Server()), pki.HOST)
    again.write(b"hello")
    equal(again.read(5), b"HELLO")


def test_a_failed_session_leaves_an_open_one_alone():
    session = Session()
    session.tls.write(b"hello")
    session.identity.failure = CardError("refused", 0x6985, "COMPUTE SIGNATURE")
    second = session.context.wrap_socket(Stream(Server()), pki.HOST)
    with raises(CardError):
        second.write(b"hello")
    equal(session.tls.read(5), b"HELLO")
    session.tls.write(b"still here")
    equal(session.tls.read(10), b"STILL HERE")


def test_stream_that_passes_few_bytes_at_a_time():
    for largest in (3, 7, 100):
        session = Session(timeout=20)
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
    # It waits for a message that has begun, so that none stays half read.
    session.tls.write(b"ab")
    session.stream.ioctl(3, 1)
    session.tls.write(b"cd")
    equal(session.tls.read(4), b"ABCD")


def test_poll_and_file_number():
    session = Session()
    session.tls.write(b"hello")
    poll = select.poll()
    poll.register(session.tls, select.POLLIN)  # it asks for a file descriptor, and there is none
    assert poll.poll(500)
    equal(session.tls.read(5), b"HELLO")
    assert not poll.poll(0)
    assert session.tls.ioctl(10, 0) == -22


# ---- signatures -------------------------------------------------------------------------------


def test_what_the_identity_raised_reaches_the_caller():
    class Odd(BaseException):
        pass

    for failure in (
        CardError("refused", 0x6985, "COMPUTE SIGNATURE", "private key 01"),
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
    session = Session(failure=CardError("refused", 0x6985, "COMPUTE SIGNATURE"))
    session.fails(CardError)
    assert records(session.stream.written) == [22, 23]
    session.server.work()
    # It saw the connection end, with neither a wrong signature nor an alert.
    assert session.server.error.args[0] == -29312


def test_session_is_over_after_a_failed_signature():
    session = Session(failure=CardError("refused", 0x6985, "COMPUTE SIGNATURE"))
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
    # If mbedTLS ever signs by itself, the server must refuse the signature.
    session = Session()
    session.context._engine._tls.ecdsa_sign_callback = None
    session.context._engine.mutual = False  # else no signature means that none was asked for
    with raises(TLSError):
        session.tls.write(b"hello")
        session.tls.read(5)
    assert not session.identity.digests and session.server.error


# ---- the context ------------------------------------------------------------------------------


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


def test_close():
    session = Session()
    session.tls.write(b"hello")
    session.tls.close()
    assert session.stream.closed
    session.tls.close()
    assert session.tls.ioctl(4, 0) == 0
