"""Verification with Python's integers against `cryptography`, that is, OpenSSL."""

import runpy
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import cases

from iotsafe import p256
from iotsafe.ecdsa import numbers

CURVES = [
    pytest.param(ec.SECP256R1(), p256.P256, id="P-256"),
    pytest.param(ec.BrainpoolP256R1(), p256.BRAINPOOL_P256R1, id="brainpoolP256r1"),
]
DATA = Path(__file__).resolve().parents[2] / "data"
VECTORS = runpy.run_path(str(DATA / "p256_vectors.py"))["VECTORS"]
BY_NAME = {
    "P256": (ec.SECP256R1(), p256.P256),
    "BRAINPOOL_P256R1": (ec.BrainpoolP256R1(), p256.BRAINPOOL_P256R1),
}
# Scalars of any size; those at both ends of the range more often than by chance.
SCALARS = st.one_of(
    st.integers(1, 20), st.integers(-20, -1), st.integers(1, 2**256), st.integers(1, 2**128)
)


def encoded(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def openssl(kind: ec.EllipticCurve, point: bytes, digest: bytes, signature: bytes) -> bool | None:
    """OpenSSL's verdict; None if it refuses the point."""
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(kind, point)
        algorithm = {32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}[len(digest)]
        public.verify(signature, digest, ec.ECDSA(Prehashed(algorithm)))
    except InvalidSignature:
        return False
    except ValueError:
        return None
    return True


def ours(curve: tuple, point: bytes, digest: bytes, signature: bytes) -> bool | None:
    assert p256.on_curve(point, curve) in (True, False)
    try:
        return p256.verify(point, digest, signature, curve)
    except ValueError as error:
        assert "not a point of the curve" in str(error)
        assert not p256.on_curve(point, curve)
        return None


def test_the_vectors_say_what_openssl_says():
    for name, of, point, digest, signature, valid in VECTORS:
        case = [bytes.fromhex(text) for text in (point, digest, signature)]
        kind, curve = BY_NAME[of]
        assert openssl(kind, *case) is ours(curve, *case) is valid, name


@pytest.mark.parametrize(("kind", "curve"), CURVES)
@settings(max_examples=cases(60))
@given(
    scalar=SCALARS,
    digest=st.sampled_from([32, 48, 64]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
)
def test_signatures_are_accepted(kind, curve, scalar, digest):
    private = ec.derive_private_key(scalar % (curve[3] - 1) + 1, kind)
    algorithm = {32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}[len(digest)]
    signature = private.sign(digest, ec.ECDSA(Prehashed(algorithm)))
    assert ours(curve, encoded(private.public_key()), digest, signature) is True


@pytest.mark.parametrize(("kind", "curve"), CURVES)
@settings(max_examples=cases(80))
@given(
    scalar=SCALARS,
    nonce=SCALARS,
    digest=st.binary(min_size=32, max_size=32),
    which=st.integers(0, 2),
    bit=st.integers(0, 575),
)
def test_a_flipped_bit_has_the_same_verdict(kind, curve, scalar, nonce, digest, which, bit):
    n = curve[3]
    d, k = scalar % (n - 1) + 1, nonce % (n - 1) + 1
    point = encoded(ec.derive_private_key(d, kind).public_key())
    r = int.from_bytes(encoded(ec.derive_private_key(k, kind).public_key())[1:33], "big") % n
    s = pow(k, -1, n) * (int.from_bytes(digest, "big") + r * d) % n
    parts = [bytearray(point), bytearray(digest), bytearray(encode_dss_signature(r, s))]
    assert ours(curve, *map(bytes, parts)) is True
    bit %= 8 * len(parts[which])
    parts[which][bit >> 3] ^= 1 << (bit & 7)
    case = [bytes(part) for part in parts]
    verdict = ours(curve, *case)
    assert verdict is not True
    # 06 and 07 before a point are OpenSSL's hybrid form, which no card gives.
    if case[0][0] in (6, 7):
        assert verdict is None
    else:
        assert verdict is openssl(kind, *case)


@pytest.mark.parametrize(("kind", "curve"), CURVES)
@settings(max_examples=cases(80))
@given(scalar=SCALARS, u1=st.one_of(st.just(0), SCALARS), u2=SCALARS)
def test_any_two_multiples_are_added(kind, curve, scalar, u1, u2):
    """A signature exists for any u1 and u2: the verifier computes u1 G + u2 Q."""
    n = curve[3]
    d, u1, u2 = scalar % n, u1 % n, u2 % n
    total = (u1 + u2 * d) % n
    if 0 in (d, u2, total):
        return
    point = encoded(ec.derive_private_key(total, kind).public_key())
    r = int.from_bytes(point[1:33], "big") % n
    s = r * pow(u2, -1, n) % n
    key = encoded(ec.derive_private_key(d, kind).public_key())
    case = key, (u1 * s % n).to_bytes(32, "big"), encode_dss_signature(r, s)
    assert openssl(kind, *case) is ours(curve, *case) is True


@pytest.mark.parametrize(("kind", "curve"), CURVES)
@settings(max_examples=cases(150))
@given(
    point=st.one_of(
        st.binary(max_size=70), st.binary(min_size=64, max_size=64).map(lambda b: b"\4" + b)
    ),
    signature=st.binary(max_size=80),
)
def test_any_bytes_have_a_verdict(kind, curve, point, signature):
    base = ec.derive_private_key(1, kind).public_key()
    assert ours(curve, encoded(base), bytes(32), signature) is False
    assert ours(curve, point, bytes(32), signature) in (None, False)


@pytest.mark.parametrize(("kind", "curve"), CURVES)
@settings(max_examples=cases(150))
@given(data=st.data(), r=st.integers(0, 2**256 + 2**250), s=st.integers(0, 2**256 + 2**250))
def test_der_is_read_as_openssl_reads_it(kind, curve, data, r, s):
    """OpenSSL reads the same numbers from everything that our strict reader accepts."""
    der = bytearray(encode_dss_signature(r, s))
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(der) - 1))
        der[at] = data.draw(st.integers(0, 255))
    try:
        got = numbers(der)
    except ValueError:
        return
    assert got == decode_dss_signature(bytes(der))
    assert encode_dss_signature(*got) == der
