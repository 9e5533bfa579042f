"""Certification requests and tokens, checked by other implementations: OpenSSL, `cryptography`,
PyJWT."""

import base64
import ipaddress
import json
import re
import time
import warnings

import jwt as pyjwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from p256_signers import SIGNERS, openssl
from property_tests import cases

from iotsafe import csr, jwt
from iotsafe.x509_names import attributes, general_names

# Key -> OID, the most characters, the set of characters.
PRINTABLE = st.sampled_from("abcxyzABCXYZ0189 '()+,-./:=?")
ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
ANY = st.characters(exclude_categories=["Cc", "Cs"])
KEYS = {
    "CN": (NameOID.COMMON_NAME, 64, ANY),
    "O": (NameOID.ORGANIZATION_NAME, 64, ANY),
    "OU": (NameOID.ORGANIZATIONAL_UNIT_NAME, 64, ANY),
    "L": (NameOID.LOCALITY_NAME, 128, ANY),
    "ST": (NameOID.STATE_OR_PROVINCE_NAME, 128, ANY),
    "serialNumber": (NameOID.SERIAL_NUMBER, 64, PRINTABLE),
    "emailAddress": (NameOID.EMAIL_ADDRESS, 255, ASCII),
    "DC": (NameOID.DOMAIN_COMPONENT, 63, ASCII),
}
OIDS = {key: oid for key, (oid, _, _) in KEYS.items()} | {"C": NameOID.COUNTRY_NAME}

PAIRS = st.one_of(
    st.tuples(st.just("C"), st.from_regex("[A-Z]{2}", fullmatch=True)),
    *(
        st.tuples(st.just(key), st.text(alphabet, min_size=1, max_size=most))
        for key, (_, most, alphabet) in KEYS.items()
    ),
)
SUBJECTS = st.lists(PAIRS, max_size=6)

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?"
HOSTS = st.from_regex(rf"(\*\.)?{LABEL}(\.{LABEL}){{0,3}}", fullmatch=True)
NAMES = st.lists(
    st.one_of(
        HOSTS.map(lambda text: ("DNS", text)),
        st.from_regex(r"[a-z][a-z0-9+.-]{0,6}:[!-~]{1,40}", fullmatch=True).map(
            lambda text: ("URI", text)
        ),
        st.ip_addresses().map(lambda address: ("IP", str(address))),
        st.tuples(st.from_regex(r"[A-Za-z0-9._+-]{1,20}", fullmatch=True), HOSTS).map(
            lambda parts: ("email", "@".join(parts))
        ),
    ),
    max_size=6,
)
KINDS = {
    x509.DNSName: "DNS",
    x509.UniformResourceIdentifier: "URI",
    x509.IPAddress: "IP",
    x509.RFC822Name: "email",
}


@pytest.fixture(scope="module", params=SIGNERS)
def signer(request):
    return SIGNERS[request.param]()


def read(der: bytes) -> tuple[x509.CertificateSigningRequest, list, list]:
    """Return the request, its subject as (OID, value), its names as (kind, text)."""
    request = x509.load_der_x509_csr(der)
    with warnings.catch_warnings():
        # It counts bytes where RFC 5280 limits characters.
        warnings.filterwarnings("ignore", message="Attribute's length must be")
        subject = [(attribute.oid, attribute.value) for attribute in request.subject]
    names = []
    for extension in request.extensions:
        assert extension.oid == x509.SubjectAlternativeName.oid
        assert extension.critical == (not subject)
        names = [(KINDS[type(name)], str(name.value)) for name in extension.value]
    return request, subject, names


@settings(max_examples=cases(60))
@given(subject=SUBJECTS, names=NAMES)
def test_cryptography_reads_what_was_asked_for(signer, subject, names):
    assume(subject or names)
    assume(sum(len(value.encode()) + 24 for _, value in subject) < 1400)
    der = csr.build(signer.sign, signer.point, subject, [f"{k}:{v}" for k, v in names])
    request, got_subject, got_names = read(der)
    assert request.is_signature_valid
    assert isinstance(request.signature_hash_algorithm, hashes.SHA256)
    assert request.public_key() == signer.public_key
    assert got_subject == [(OIDS[key], value) for key, value in subject]
    assert got_names == names
    assert request.public_bytes(Encoding.DER) == der


@settings(max_examples=cases(20))
@given(subject=SUBJECTS, names=NAMES)
@example(subject=[("CN", "#")], names=[])
def test_openssl_verifies(signer, tmp_path, subject, names):
    assume(subject or names)
    assume(sum(len(value.encode()) + 24 for _, value in subject) < 1400)
    der = csr.build(signer.sign, signer.point, subject, [f"{k}:{v}" for k, v in names])
    command = "req -verify -noout -subject -nameopt RFC2253 -in csr"
    done = openssl(tmp_path, command, csr=csr.pem(der).encode())
    # OpenSSL writes this to standard error or standard output, depending on its version.
    assert done.returncode == 0 and "verify OK" in done.stderr + done.stdout, done
    # Our parser reads the text that OpenSSL writes: the same subject.
    text = done.stdout[done.stdout.index("subject=") :]
    text = text.removeprefix("subject=").removesuffix("\n")
    assert attributes(text) == attributes(subject)


def test_openssl_refuses_a_changed_request(signer, tmp_path):
    der = bytearray(csr.build(signer.sign, signer.point, "CN=device-1"))
    der[der.index(b"device-1")] ^= 1
    assert not x509.load_der_x509_csr(bytes(der)).is_signature_valid
    done = openssl(tmp_path, "req -verify -noout -in csr", csr=csr.pem(der).encode())
    said = done.stdout + done.stderr
    assert "verify OK" not in said and "verif" in said


@settings(max_examples=cases(100))
@given(subject=SUBJECTS)
def test_text_of_cryptography_is_read(subject):
    assume(subject)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name = x509.Name(
            x509.NameAttribute(OIDS[key], value, _validate=False) for key, value in subject
        )
        text = name.rfc4514_string({oid: key for key, oid in OIDS.items()})
    assert attributes(text) == attributes(subject)


@settings(max_examples=cases(300))
@given(
    subject=st.text(st.one_of(st.sampled_from('CNO=,\\+#"; 4'), st.characters()), max_size=40),
    names=st.lists(
        st.tuples(
            st.sampled_from(["DNS:", "URI:", "IP:", "email:", ""]), st.text(max_size=30)
        ).map("".join),
        max_size=3,
    ),
)
def test_any_text_is_a_request_or_refused(subject, names):
    def sign(digest):
        return bytes.fromhex("3006020101020101")

    try:
        der = csr.build(sign, b"\4" + bytes(64), subject, names)
    except ValueError as error:
        assert "\n" not in str(error)
        assert str(error).startswith(("subject", "names", "a request needs"))
    else:
        # The key is not checked, as it is not a point: only the frame and the names.
        assert der[:2] == b"\x30\x81" or der[:2] == b"\x30\x82"


@settings(max_examples=cases(200))
@given(text=st.text("0123456789abcdefF:.", max_size=24))
def test_addresses_are_those_of_the_standard_library(text):
    try:
        packed = ipaddress.ip_address(text).packed
    except ValueError:
        packed = None
    try:
        ((_, got),) = general_names([f"IP:{text}"])
    except ValueError:
        got = None
    assert got == packed


# ---- tokens ----------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
    ),
    lambda values: st.one_of(
        st.lists(values, max_size=4), st.dictionaries(TEXT, values, max_size=4)
    ),
    max_leaves=12,
)

# Values that Python's json writes in short form, as we do.
SHORT = {short: f"\\u{ord(char):04x}" for short, char in zip("nrtbf", "\n\r\t\b\f", strict=True)}


def levels(value) -> int:
    members = value.values() if isinstance(value, dict) else value
    return 1 + max(map(levels, members), default=0) if isinstance(value, dict | list) else 0


def unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


@settings(max_examples=cases(60))
@given(
    claims=st.dictionaries(TEXT, VALUES, max_size=5),
    header=st.dictionaries(TEXT.map("x-".__add__), VALUES, max_size=3),
)
def test_a_token_verifies_and_says_what_was_said(signer, claims, header):
    assume(levels(claims) <= 6 and levels(header) <= 6)
    token = jwt.build(signer.sign, claims, header)
    signed, _, signature = token.rpartition(".")
    raw = unpadded(signature)
    assert len(raw) == 64
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    signer.public_key.verify(
        encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256())
    )
    head, body = (unpadded(part).decode() for part in signed.split("."))
    assert json.loads(body) == claims and list(json.loads(body)) == list(claims)
    assert json.loads(head) == {"alg": "ES256", "typ": "JWT", **header}
    compact = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    assert body == re.sub(r"\\(.)", lambda match: SHORT.get(match[1], match[0]), compact)
    seen = pyjwt.PyJWS().decode_complete(token, signer.pem, algorithms=["ES256"])
    assert json.loads(seen["payload"]) == claims


def test_pyjwt_takes_the_claims_it_knows(signer):
    now = int(time.time())
    claims = {"iss": "device-1", "aud": "cloud", "sub": "a", "jti": "1", "iat": now - 60}
    token = jwt.build(signer.sign, claims | {"exp": now + 86400}, {"kid": "k1"})
    got = pyjwt.decode(
        token, signer.pem, algorithms=["ES256"], audience="cloud", issuer="device-1"
    )
    assert got == claims | {"exp": now + 86400}
    assert pyjwt.get_unverified_header(token) == {"alg": "ES256", "typ": "JWT", "kid": "k1"}
    expired = jwt.build(signer.sign, {"exp": now - 86400})
    with pytest.raises(pyjwt.ExpiredSignatureError):
        pyjwt.decode(expired, signer.pem, algorithms=["ES256"])


def test_pyjwt_refuses_a_changed_token(signer):
    head, body, signature = jwt.build(signer.sign, {"sub": "a"}).split(".")
    other = base64.urlsafe_b64encode(b'{"sub":"b"}').rstrip(b"=").decode()
    with pytest.raises(pyjwt.InvalidSignatureError):
        pyjwt.decode(f"{head}.{other}.{signature}", signer.pem, algorithms=["ES256"])
    assert pyjwt.decode(f"{head}.{body}.{signature}", signer.pem, algorithms=["ES256"])


def test_openssl_verifies_a_token(signer, tmp_path):
    token = jwt.build(signer.sign, {"iss": "device-1", "exp": 1900000000})
    signed, _, signature = token.rpartition(".")
    raw = unpadded(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    command = "dgst -sha256 -verify key -signature signature data"
    files = {"key": signer.pem, "signature": encode_dss_signature(r, s)}
    done = openssl(tmp_path, command, data=signed.encode(), **files)
    assert done.returncode == 0 and done.stdout == "Verified OK\n"
    done = openssl(tmp_path, command, data=signed.encode() + b"x", **files)
    assert done.returncode != 0


@settings(max_examples=cases(100))
@given(
    claims=st.recursive(
        st.one_of(st.floats(), st.text(max_size=5), st.binary(max_size=3), st.integers()),
        lambda values: st.one_of(
            st.lists(values, max_size=4),
            st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), values, max_size=4),
        ),
        max_leaves=10,
    )
)
def test_anything_is_a_token_or_refused(claims):
    def sign(digest):
        return bytes.fromhex("3006020101020101")

    try:
        token = jwt.build(sign, claims)
    except ValueError as error:
        assert str(error).startswith("claims: ")
    else:
        assert len(token) <= 4096
        got = json.loads(unpadded(token.split(".")[1]), parse_constant=pytest.fail)
        assert got == dict(claims)
