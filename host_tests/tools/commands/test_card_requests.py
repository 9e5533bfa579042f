"""`iotsafe csr` and `iotsafe sign --jwt`: other programs check the results."""

import base64
import hashlib
import ipaddress
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from iotsafe_command import answer, failure, iotsafe, refusal

from iotsafe_tools.simulator.sim import Issuer, PrivateKey, Profile, PublicKey, Store

SUBJECT = "CN=device-1,O=Example,C=FR"
NAMES = ["--dns", "device-1.example", "--dns", "*.example", "--uri", "urn:dev:1"]
ADDRESSES = ["--ip", "192.0.2.1", "--ip", "2001:db8::1"]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "sim.json"
    Store(path)
    return path


def point(path, id=b"\x01"):
    return Issuer(Store(path), Profile()).public_key(id)


def encoded(key):
    form = serialization.PublicFormat.UncompressedPoint
    return key.public_bytes(serialization.Encoding.X962, form)


@pytest.mark.parametrize("key", ["01", "label:KEY"])
def test_a_request_for_a_key(path, key):
    done = iotsafe("csr", key, "--subject", SUBJECT, *NAMES, *ADDRESSES, "--port", f"sim:{path}")
    assert (done.returncode, done.stderr) == (0, "")
    request = x509.load_pem_x509_csr(done.stdout.encode())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == SUBJECT
    assert encoded(request.public_key()) == point(path)
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["device-1.example", "*.example"]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:dev:1"]
    wanted = [ipaddress.ip_address(text) for text in ADDRESSES[1::2]]
    assert names.get_values_for_type(x509.IPAddress) == wanted


def test_the_other_half_has_the_same_label_and_maybe_another_id(path):
    store = Store(path)
    key = ec.generate_private_key(ec.SECP256R1())
    shared = {"label": b"pair", "functions": 1, "algorithm": 4, "hashes": 1}
    private = PrivateKey(id=b"006", key=key, **shared)
    store.put(private, PublicKey(id=b"007", point=encoded(key.public_key()), **shared))
    for name in ("303036", "label:pair"):
        done = iotsafe("csr", name, "--subject", "CN=x", "--port", f"sim:{path}")
        request = x509.load_pem_x509_csr(done.stdout.encode())
        assert request.is_signature_valid
        assert encoded(request.public_key()) == encoded(key.public_key())


def test_a_request_in_other_forms(path, tmp_path):
    options = ("01", "--subject", "CN=x", "--port", f"sim:{path}")
    for form, load in (((), x509.load_pem_x509_csr), (("--der",), x509.load_der_x509_csr)):
        out = tmp_path / "device.csr"
        assert iotsafe("csr", *options, *form, "--out", out).stdout == ""
        assert load(out.read_bytes()).is_signature_valid
    piped = iotsafe("csr", *options, "--der", text=False).stdout
    assert x509.load_der_x509_csr(piped).is_signature_valid
    whole = answer("csr", *options)
    assert whole["key"] == "01"
    request = x509.load_der_x509_csr(bytes.fromhex(whole["csr"]))
    assert request.is_signature_valid
    assert x509.load_pem_x509_csr(whole["pem"].encode()) == request


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["01"], "a subject or a name"),
        (["01", "--subject", "device-1"], "no '='"),
        (["01", "--subject", "XX=1"], "XX is none of"),
        (["01", "--ip", "192.0.2"], "IP must be an address"),
        (["01", "--dns", "a b"], "host name"),
        (["01", "--uri", "thing"], "URI must be absolute"),
        (["01", "--subject", "CN=x", "--der", "--json"], "--der --json"),
        (["zz", "--subject", "CN=x"], "hex, or label:NAME"),
    ],
)
def test_requests_that_cannot_be(tmp_path, arguments, complaint):
    fresh = tmp_path / "new.json"
    assert complaint in refusal("csr", *arguments, "--port", f"sim:{fresh}")
    assert not fresh.exists()


def test_names_that_are_too_much_together(path):
    names = [word for i in range(10) for word in ("--uri", f"urn:{i}:" + "x" * 240)]
    assert "at most" in refusal("csr", "01", *names, "--port", f"sim:{path}")


def test_a_request_for_a_key_that_is_not_there(path):
    said = failure("csr", "09", "--subject", "CN=x", "--port", f"sim:{path}")
    assert "09" in said and "`iotsafe objects`" in said


def parts(token):
    return [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]


def test_a_token(path, tmp_path):
    claims = {"sub": "device-1", "exp": 1900000000, "text": "ü\n"}
    file = tmp_path / "claims.json"
    file.write_text(json.dumps(claims))
    header = '{"kid": "k1"}'
    options = ("01", file, "--jwt", "--jwt-header", header, "--port", f"sim:{path}")
    token = iotsafe("sign", *options).stdout.strip()
    head, body, raw = parts(token)
    assert json.loads(head) == {"alg": "ES256", "typ": "JWT", "kid": "k1"}
    assert json.loads(body) == claims
    signature = encode_dss_signature(*(int.from_bytes(raw[i : i + 32], "big") for i in (0, 32)))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point(path))
    digest = hashlib.sha256(token.rpartition(".")[0].encode()).digest()
    key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
    out = tmp_path / "token"
    assert iotsafe("sign", *options, "--out", out).stdout == ""
    assert out.read_text().count(".") == 2
    assert len(parts(answer("sign", *options)["jwt"])[2]) == 64


@pytest.mark.parametrize(
    ("claims", "header"), [("[1]", "{}"), ("{}", "[]"), ("{", "{}"), ('{"a": NaN}', "{}")]
)
def test_what_is_no_token(path, tmp_path, claims, header):
    file = tmp_path / "claims.json"
    file.write_text(claims)
    options = ("--jwt", "--jwt-header", header, "--port", f"sim:{path}")
    assert "JSON" in refusal("sign", "01", file, *options)
