"""Real TLS 1.3 in virtual time, instead of the stand-in in fault_stand_in.py.

The broker's side is OpenSSL. Neither OpenSSL's client nor CPython's `ssl` can delegate a signature
to a card, so this file has its own minimal client: TLS_AES_128_GCM_SHA256, P-256, ECDSA with
SHA-256 (RFC 8446), no resumption, no key update. OpenSSL verifies the SIM's signature.
"""

import contextlib
import hashlib
import hmac
import random
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from data import certificates
from fault_peer import Session
from fault_stand_in import BadRecord, Seen, StandIn, StandInSocket

from iotsafe.engine_errors import CONN_EOF, tls_error
from iotsafe.errors import TLSError

ALERT, HANDSHAKE, DATA = 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, REQUEST, VERIFY, FINISHED = 1, 2, 11, 13, 15, 20
P256, ECDSA_SHA256 = b"\x00\x17", b"\x04\x03"
EMPTY = hashlib.sha256().digest()
CURVE = ec.SECP256R1()


def sized(data: bytes, width: int) -> bytes:
    """Return `data` after its length in `width` bytes."""
    return len(data).to_bytes(width, "big") + data


def message(kind: int, body: bytes) -> bytes:
    """Return a handshake message."""
    return bytes([kind]) + sized(body, 3)


def extract(salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract."""
    return hmac.digest(salt, secret, "sha256")


def expand(secret: bytes, label: str, context: bytes = b"", size: int = 32) -> bytes:
    """HKDF-Expand-Label."""
    info = size.to_bytes(2, "big") + sized(b"tls13 " + label.encode(), 1) + sized(context, 1)
    return HKDFExpand(hashes.SHA256(), size, info).derive(secret)


def signed_content(side: str, transcript: bytes) -> bytes:
    """Return the content that a CertificateVerify signs."""
    return b" " * 64 + f"TLS 1.3, {side} CertificateVerify".encode() + b"\0" + transcript


class Keys:
    """Record protection of one direction, from a traffic secret."""

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(expand(secret, "key", size=16))
        self._iv = int.from_bytes(expand(secret, "iv", size=12), "big")
        self._count = -1

    def _nonce(self) -> bytes:
        self._count += 1
        return (self._iv ^ self._count).to_bytes(12, "big")

    def seal(self, kind: int, content: bytes) -> bytes:
        """A record."""
        head = b"\x17\x03\x03" + (len(content) + 17).to_bytes(2, "big")
        return head + self._aead.encrypt(self._nonce(), content + bytes([kind]), head)

    def open(self, record: bytes) -> tuple[int, bytes]:
        """Return content type and content of a record. Raises BadRecord."""
        try:
            plain = self._aead.decrypt(self._nonce(), record[5:], record[:5])
        except InvalidTag:
            raise BadRecord from None
        plain = plain.rstrip(b"\0")
        return plain[-1], plain[:-1]


class Client:
    """The client without I/O: call `hello`, then `feed` received bytes until `open`; send `out`.

    `plain`: application data from the server; `closed`: the server has closed. Raises BadRecord,
    TLSError.
    """

    def __init__(self, host: str, identity, seed: int) -> None:
        self._identity = identity
        chance = random.Random(seed)
        self._key = ec.derive_private_key(chance.getrandbits(250) + 1, CURVE)
        self._random = chance.randbytes(32)
        self._host = host
        self._transcript = hashlib.sha256()
        self._buffer, self._messages = bytearray(), bytearray()
        self._reads = self._writes = None
        self._context = b""
        self._server: x509.Certificate | None = None
        self.out, self.plain = bytearray(), bytearray()
        self.open = self.signed = self.closed = False

    def hello(self) -> bytes:
        """Return the first record."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        extensions = {
            0: sized(b"\0" + sized(self._host.encode(), 2), 2),
            10: sized(P256, 2),
            13: sized(ECDSA_SHA256, 2),
            43: b"\x02\x03\x04",
            51: sized(P256 + sized(point, 2), 2),
        }
        coded = b"".join(n.to_bytes(2, "big") + sized(data, 2) for n, data in extensions.items())
        body = b"\x03\x03" + self._random + b"\0" + sized(b"\x13\x01", 2) + b"\x01\0"
        text = message(CLIENT_HELLO, body + sized(coded, 2))
        self._transcript.update(text)
        return b"\x16\x03\x01" + sized(text, 2)

    def feed(self, data: bytes) -> None:
        """Take bytes from the server, in pieces of any size."""
        self._buffer += data
        while len(self._buffer) >= 5:
            end = 5 + int.from_bytes(self._buffer[3:5], "big")
            if len(self._buffer) < end:
                return
            record = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._record(record)

    def _record(self, record: bytes) -> None:
        kind, content = record[0], record[5:]
        if kind == 20 and not self.open:  # change cipher spec: TLS 1.3 ignores it
            return
        if self._reads:
            kind, content = self._reads.open(record)
        if kind == ALERT:
            if content[1:] != b"\0":
                raise TLSError("tls-failed", f"the server's alert {content[1]}", code=-0x7780)
            self.closed = True
        elif kind == DATA and self.open:
            self.plain += content
        elif kind == HANDSHAKE:
            self._messages += content
            self._take_messages()
        else:
            raise BadRecord

    def _take_messages(self) -> None:
        steps = {
            SERVER_HELLO: self._server_hello,
            REQUEST: self._request,
            CERTIFICATE: self._certificate,
            VERIFY: self._verify,
            FINISHED: self._finished,
        }
        while len(self._messages) >= 4:
            end = 4 + int.from_bytes(self._messages[1:4], "big")
            if len(self._messages) < end:
                return
            text = bytes(self._messages[:end])
            del self._messages[:end]
            if self.open:  # a session ticket
                continue
            before = self._transcript.digest()
            self._transcript.update(text)
            steps.get(text[0], lambda body, before: None)(text[4:], before)

    def _server_hello(self, body: bytes, _before: bytes) -> None:
        rest = body[35 + body[34] + 5 :]  # version, random, session, suite, compression, length
        share = b""
        while rest:
            size = int.from_bytes(rest[2:4], "big")
            if rest[:2] == b"\0\x33":
                share = rest[8 : 4 + size]
            rest = rest[4 + size :]
        peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, share)
        early = extract(bytes(32), bytes(32))
        agreed = self._key.exchange(ec.ECDH(), peer)
        self._secret = extract(expand(early, "derived", EMPTY), agreed)
        transcript = self._transcript.digest()
        self._client_secret = expand(self._secret, "c hs traffic", transcript)
        self._server_secret = expand(self._secret, "s hs traffic", transcript)
        self._reads, self._writes = Keys(self._server_secret), Keys(self._client_secret)

    def _request(self, body: bytes, _before: bytes) -> None:
        self._context = body[1 : 1 + body[0]]

    def _certificate(self, body: bytes, _before: bytes) -> None:
        rest = body[1 + body[0] + 3 :]
        size = int.from_bytes(rest[:3], "big")
        self._server = x509.load_der_x509_certificate(rest[3 : 3 + size])
        ca = x509.load_der_x509_certificate(bytes.fromhex(certificates.CA))
        self._server.verify_directly_issued_by(ca)

    def _verify(self, body: bytes, before: bytes) -> None:
        signature, content = body[4:], signed_content("server", before)
        self._server.public_key().verify(signature, content, ec.ECDSA(hashes.SHA256()))

    def _finished(self, body: bytes, before: bytes) -> None:
        if body != self._proof(self._server_secret, before):
            raise BadRecord
        master = extract(expand(self._secret, "derived", EMPTY), bytes(32))
        transcript = self._transcript.digest()
        identity = self._identity
        certificates_ = sized(sized(identity.certificate, 3) + b"\0\0", 3)
        self._say(CERTIFICATE, sized(self._context, 1) + certificates_)
        content = signed_content("client", self._transcript.digest())
        signature = identity.sign(hashlib.sha256(content).digest())
        self.signed = True
        self._say(VERIFY, ECDSA_SHA256 + sized(signature, 2))
        self._say(FINISHED, self._proof(self._client_secret, self._transcript.digest()))
        self._reads = Keys(expand(master, "s ap traffic", transcript))
        self._writes = Keys(expand(master, "c ap traffic", transcript))
        self.open = True

    @staticmethod
    def _proof(secret: bytes, transcript: bytes) -> bytes:
        return hmac.digest(expand(secret, "finished"), transcript, "sha256")

    def _say(self, kind: int, body: bytes) -> None:
        text = message(kind, body)
        self._transcript.update(text)
        self.out += self._writes.seal(HANDSHAKE, text)

    def wrap(self, data: bytes) -> bytes:
        """Return a record with application data."""
        return self._writes.seal(DATA, data)

    def unwrap(self, data: bytes) -> list[bytes]:
        """Return the server's application data in `data`, which may be pieces of any size."""
        self.feed(data)
        found = bytes(self.plain)
        self.plain.clear()
        return [found] if found else []


# -- both sides, with the interfaces of the stand-in ---------------------------------------------


class RealTLS(StandIn):
    """Replaces `iotsafe.SSLContext`."""

    def wrap_socket(self, stream, server_hostname):
        """As StandIn."""
        self.sessions += 1
        return RealTLSSocket(self, stream, server_hostname)


class RealTLSSocket(StandInSocket):
    """The same stream over `Client`."""

    def __init__(self, context: RealTLS, stream, host: str) -> None:
        super().__init__(context, stream)
        self._records = Client(host, context.identity, context.sessions)

    def cipher(self):
        """As TLSSocket."""
        return ("TLS_AES_128_GCM_SHA256", "TLSv1.3") if self._open else None

    def _handshake(self, deadline) -> None:
        client = self._records
        self._push(client.hello())
        while not client.open:
            data = self._receive()
            if data == b"":
                raise tls_error(OSError(CONN_EOF), Seen(client.signed), False)
            if data is None:
                self._wait(deadline)
                continue
            client.feed(data)
        self._signed = self._open = True
        self._push(bytes(client.out))

    def _push(self, data: bytes) -> None:
        self._stream.write(data)
        self._stream.flush()


def server_context() -> ssl.SSLContext:
    """Return OpenSSL's context for the broker, which requires a certificate of our CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        key = ssl.DER_cert_to_PEM_cert(bytes.fromhex(certificates.SERVER_KEY))
        path.write_text(
            ssl.DER_cert_to_PEM_cert(bytes.fromhex(certificates.SERVER))
            + key.replace("CERTIFICATE", "EC PRIVATE KEY")
        )
        context.load_cert_chain(path)
    context.load_verify_locations(cadata=bytes.fromhex(certificates.CA))
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class RealSession(Session):
    """The broker's side of a connection, with OpenSSL."""

    context: ssl.SSLContext | None = None

    def __init__(self, broker, number: int, now: float) -> None:
        super().__init__(broker, number, now)
        if RealSession.context is None:
            RealSession.context = server_context()
        self._in, self._sealed = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = self.context.wrap_bio(self._in, self._sealed, server_side=True)
        self._shaken = False

    def received(self, data: bytes, now: float) -> None:
        """Take bytes from the client."""
        self._last = now
        self._in.write(data)
        try:
            self._read()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.broker.broken += 1
            self.closed = True
        self.out += self._sealed.read()

    def _read(self) -> None:
        if not self._shaken:
            self._ssl.do_handshake()
            self._shaken = True
            self.broker.verified += 1
        while not self.closed:
            self._mqtt(self._ssl.read(4096))

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(ssl.SSLError):
            self._ssl.write(data)
