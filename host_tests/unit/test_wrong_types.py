"""Wrong arguments at the REPL: each gets a sentence that says what belongs there, and what was
given. Nothing goes to the card for one but the commands that open the channel."""

from cards import OPEN, SELECT, TableCard, from_hex
from data import certificates
from expect import raises, replaced

import iotsafe
from iotsafe import context, objects

DIGEST = iotsafe.Digest(bytes(32))
POINT = b"\x04" + bytes(64)
# Anything that a user may type, one of each kind; not what a call takes by accident.
WRONG = (5, 1.5, None, [1], {}, object(), Exception)


CA = from_hex(certificates.CA)


class Identity:
    sign = None


class Stream:
    """A modem, its socket, and the engine of a context: nothing that a wrong argument reaches."""

    @staticmethod
    def socket():
        return Stream

    setblocking = close = connect = lambda *args: None


def tls_context():
    with replaced(context, _engine=lambda: lambda *args: None):
        return iotsafe.SSLContext(Identity, CA)


def applet():
    return iotsafe.FullApplet(TableCard())


# Each call takes one wrong argument; `also`: more that is wrong in this place.
CALLS = (
    ("FullApplet", lambda _, x: iotsafe.FullApplet(x), ("/dev/ttyUSB0", b"x")),
    ("aids", lambda _, x: iotsafe.FullApplet(TableCard(), x), ("A0000005590010", b"\xa0")),
    ("aids", lambda _, x: iotsafe.FullApplet(TableCard(), (x,)), ("A0000005590010",)),
    ("random", lambda a, x: a.random(x), ("16", b"x")),
    ("read_file", lambda a, x: a.read_file(x), ()),
    ("read_file", lambda a, x: a.read_file(b"\2", x), ("0", b"0")),
    ("read_file", lambda a, x: a.read_file(b"\2", 0, x), ("0",)),
    ("read_der", lambda a, x: a.read_der(x), ()),
    ("read_public_key", lambda a, x: a.read_public_key(x), ()),
    ("sign", lambda a, x: a.sign(x, bytes(32)), ()),
    ("sign", lambda a, x: a.sign("KEY", x), ("x" * 32,)),
    ("object_info", lambda a, x: a.object_info(x, b"\1"), ("file", b"file", 9)),
    ("object_info", lambda a, x: a.object_info(objects.FILE, x), ()),
    ("generate_key_pair", lambda a, x: a.generate_key_pair(x), ()),
    ("put_public_key", lambda a, x: a.put_public_key(x, POINT), ()),
    ("put_public_key", lambda a, x: a.put_public_key("PEER", x), ("04" * 65,)),
    ("compute_signature", lambda a, x: a.compute_signature(x, DIGEST), ()),
    ("compute_signature", lambda a, x: a.compute_signature("KEY", x), (b"x", "x")),
    ("compute_signature", lambda a, x: a.compute_signature("KEY", DIGEST, x), ("SHA256",)),
    ("compute_signature", lambda a, x: a.compute_signature("KEY", DIGEST, 1, x), ("ECDSA",)),
    ("verify_signature", lambda a, x: a.verify_signature(x, DIGEST, bytes(64)), ()),
    ("verify_signature", lambda a, x: a.verify_signature("KEY", x, bytes(64)), (b"x", "x")),
    ("verify_signature", lambda a, x: a.verify_signature("KEY", DIGEST, x), ("x" * 64,)),
    ("compute_dh", lambda a, x: a.compute_dh(x, b"\5"), ()),
    ("compute_dh", lambda a, x: a.compute_dh(b"\4", x), ()),
    ("compute_prf", lambda a, x: a.compute_prf(x, 48, b"s"), ("seed",)),
    ("compute_prf", lambda a, x: a.compute_prf(b"s", x, b"s"), ("48",)),
    ("compute_prf", lambda a, x: a.compute_prf(b"s", 48, x), ("s",)),
    ("compute_prf", lambda a, x: a.compute_prf(b"s", 48, None, x), ()),
    ("compute_hkdf", lambda a, x: a.compute_hkdf(x), ("ikm",)),
    ("compute_hkdf", lambda a, x: a.compute_hkdf(b"i", x), ("salt",)),
    ("compute_hkdf", lambda a, x: a.compute_hkdf(b"i", b"", x), ("SHA256",)),
    ("identity", lambda a, x: a.identity(x or 5), ()),
    ("identity", lambda a, x: a.identity(b"\1", x or 5), ()),
    ("csr", lambda a, x: a.csr(x, "CN=x"), ()),
    ("csr", lambda a, x: a.csr("KEY", "CN=x", x), ("DNS:x",)),
    ("jwt", lambda a, x: a.jwt("KEY", x), ("x", b"x")),
    ("point", lambda a, x: a.point(x), ()),
    ("explain", lambda a, x: a.explain(x or 5), ()),
    ("doctor", lambda a, x: a.doctor(b"\1", x or 5), ()),
    ("Digest", lambda _, x: iotsafe.Digest(x), ("x" * 32,)),
    ("Text", lambda _, x: iotsafe.Text(x), ("a text", "")),
    ("Text", lambda _, x: iotsafe.Text(b"x", x or "1"), ("1",)),
    ("Text", lambda _, x: iotsafe.Text(b"x", dialect=x), ("K1", 3)),
    ("LastBlock", lambda _, x: iotsafe.LastBlock(x, bytes(32), 0), ("x",)),
    ("LastBlock", lambda _, x: iotsafe.LastBlock(b"x", x, 0), ("x" * 32,)),
    ("LastBlock", lambda _, x: iotsafe.LastBlock(b"x", bytes(32), x), ("0",)),
    ("iotsafe.identity", lambda _, x: iotsafe.identity(TableCard(), x or 5), ()),
    ("iotsafe.identity", lambda _, x: iotsafe.identity(TableCard(), b"", x or 5), ()),
    ("cache", lambda a, x: iotsafe.find_identity(a, cache=x or 5), ("path",)),
    ("chain", lambda a, x: iotsafe.find_identity(a, chain=x), ("label:CA", b"\2")),
    ("chain", lambda a, x: iotsafe.find_identity(a, chain=[x or 5]), ()),
    ("applet", lambda _, x: iotsafe.find_identity(x), ("applet",)),
    ("identity", lambda _, x: iotsafe.SSLContext(x, CA), (b"certificate", "identity")),
    ("ca", lambda _, x: iotsafe.SSLContext(Identity, x), ("ca.pem",)),
    ("timeout", lambda _, x: iotsafe.SSLContext(Identity, CA, x), ("5", b"5")),
    ("suites", lambda _, x: iotsafe.SSLContext(Identity, CA, 5, x or 5), ("TLS1-3", b"x")),
    ("mutual", lambda _, x: iotsafe.SSLContext(Identity, CA, 5, None, x), ("optional", b"x")),
    ("modem", lambda _, x: tls_context().connect(x, "host", 1), ("modem", b"x")),
    ("host", lambda _, x: tls_context().connect(Stream, x, 1), (b"host",)),
    ("port", lambda _, x: tls_context().connect(Stream, "host", x), ("8883", b"8883")),
    ("stream", lambda _, x: tls_context().wrap_socket(x, "host"), ("stream", b"x")),
    ("server_hostname", lambda _, x: tls_context().wrap_socket(Stream, x), (b"host",)),
    ("CertificateCache", lambda _, x: iotsafe.CertificateCache(x), (b"path",)),
    ("iotsafe.identity", lambda _, x: iotsafe.identity(x), ("/dev/ttyUSB0",)),
)


# (call, value) that is right in one of its places, or is found out by the card's answer.
RIGHT = [(name, 5) for name in ("random", "read_file", "compute_signature", "LastBlock", "Text")]
RIGHT += [("object_info", 5), ("compute_prf", 5), ("compute_prf", None), ("Text", None)]
RIGHT += [("csr", [1]), ("jwt", {})]
RIGHT += [
    ("cache", None),
    ("timeout", 5),
    ("timeout", 1.5),
    ("suites", [1]),
    ("mutual", 5),
    ("suites", None),
]
RIGHT += [("port", 5)]


def test_every_wrong_type_gets_a_sentence():
    for name, call, also in CALLS:
        for value in WRONG + also:
            if (name, value) in RIGHT:
                continue
            safe = applet()
            try:
                call(safe, value)
            except (TypeError, ValueError) as e:
                text = str(e)
                # A sentence of ours, about what was given: no word of the runtime's own.
                assert isinstance(e, ValueError) or ", not " in text, (name, value, text)
                assert " object" not in text.split(", not ")[0], (name, value, text)
                sent = safe.apdu._channel.log
                assert sent in ([], [OPEN[0], SELECT[0]]), (name, value, sent)
                continue
            raise AssertionError("%s took %r" % (name, value))


def test_the_sentence_says_what_belongs_there():
    safe = applet()
    text = "a Digest, a Text or a LastBlock, like Text(b'x'), not b'x'"
    with raises(TypeError, text=text):
        safe.compute_signature("KEY", b"x")
    with raises(TypeError, text="an ID (bytes), a label (str) or an ObjectInfo, not 1"):
        safe.read_public_key(1)
    with raises(TypeError, text="digest: bytes, not 'aaaa"):
        safe.sign("KEY", "a" * 1000)
    with raises(TypeError, text="a modem, or a channel with transmit(), not '/dev/ttyUSB0'"):
        iotsafe.FullApplet("/dev/ttyUSB0")
    with raises(TypeError, text="identity: has sign(), not b'x'"):
        iotsafe.SSLContext(b"x", CA)
    with raises(TypeError, text="timeout: int, not '5'"):
        iotsafe.SSLContext(Identity, CA, "5")
    with raises(TypeError, text="chain: tuple, not 'label:CA'"):
        iotsafe.find_identity(safe, chain="label:CA")
    with raises(TypeError) as caught:
        safe.sign("KEY", "a" * 1000)
    assert len(str(caught.error)) < 100
