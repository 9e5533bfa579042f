"""Makes `p256_vectors.py`: signatures for `test_p256.py`, each judged by `cryptography` (OpenSSL).

    .venv/bin/python host_tests/data/make_p256_vectors.py && .venv/bin/ruff format host_tests/data

For any u1 and u2 there is a signature, made without a nonce, with which the verifier computes u1 G
+ u2 Q. The script uses this to reach the verifier's corner cases. `cryptography` also multiplies
the points: the public key of a scalar is that multiple of the base point.
"""

import hashlib
import textwrap
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from worked_examples import PAIR_01_D

# Curve and order.
CURVES = {
    "P256": (ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    "BRAINPOOL_P256R1": (
        ec.BrainpoolP256R1(),
        0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
    ),
}
PRIMES = {
    "P256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "BRAINPOOL_P256R1": 0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377,
}
D = int(PAIR_01_D, 16)
U1 = int.from_bytes(hashlib.sha256(b"u1").digest(), "big") >> 1
U2 = int.from_bytes(hashlib.sha256(b"u2").digest(), "big") >> 1

# Name, private key (None: the order minus one), u1, u2. The name tells the special case.
WAYS = (
    ("an ordinary signature", D, U1, U2),
    ("u1 is 0", D, 0, U2),
    ("u1 is 1", D, 1, U2),
    ("u2 is 1", D, U1, 1),
    ("both are 1", D, 1, 1),
    ("the key is the base point", 1, U1, U2),
    ("the key is the base point, and G + Q meets 2 G", 1, 3, 1),
    ("the key is minus the base point", -1, U1, U2),
    ("the key is minus the base point, u1 and u2 differ by 1", -1, U1 + 1, U1),
    ("the key is 2 G", 2, U1, U2),
    ("the key is -2 G, infinity on the way", -2, 0b1011, 0b0101),
    ("the key is G / 2", 0.5, U1, U2),
)


def point(curve: str, scalar: int) -> bytes:
    kind, _ = CURVES[curve]
    public = ec.derive_private_key(scalar, kind).public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def accepted(curve: str, key: bytes, digest: bytes, signature: bytes) -> bool:
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve][0], key)
    try:
        public.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def by_way(curve: str, key: float, u1: int, u2: int) -> tuple[bytes, bytes, bytes]:
    """Return point, digest and signature whose verifier computes `u1` G + `u2` `key` G."""
    n = CURVES[curve][1]
    d = pow(2, -1, n) if key == 0.5 else key % n
    r = int.from_bytes(point(curve, (u1 + u2 * d) % n)[1:33], "big") % n
    s = r * pow(u2, -1, n) % n
    return point(curve, d), (u1 * s % n).to_bytes(32, "big"), encode_dss_signature(r, s)


def beyond_the_prime(curve: str) -> tuple[bytes, bytes, bytes]:
    """Return a case in which r + n is the point's x plus the prime: a verifier that compares
    modulo p accepts it."""
    n, p = CURVES[curve][1], PRIMES[curve]
    r = int.from_bytes(point(curve, (U1 + U2 * D) % n)[1:33], "big") + p - n
    s = r * pow(U2, -1, n) % n
    return point(curve, D % n), (U1 * s % n).to_bytes(32, "big"), encode_dss_signature(r, s)


def to_infinity(curve: str) -> tuple[bytes, bytes, bytes]:
    """Return a case in which u1 G + u2 Q is the point at infinity, whose x a careless verifier
    takes for 0 or for r."""
    n = CURVES[curve][1]
    digest = hashlib.sha256(b"infinity").digest()
    r = -int.from_bytes(digest, "big") * pow(D, -1, n) % n
    return point(curve, D % n), digest, encode_dss_signature(r, U1)


def beyond_the_order(curve: str, x: int) -> tuple[bytes, bytes, bytes] | None:
    """Return a signature whose point has the x-coordinate `x`, at least the order: r is `x` minus
    the order. Its key is R - G, with u1 = u2 = 1. Return None if no point has this `x`."""
    kind, n = CURVES[curve]
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(kind, b"\2" + x.to_bytes(32, "big"))
    except ValueError:
        return None
    numbers, base = public.public_numbers(), point(curve, n - 1)
    x2, y2 = int.from_bytes(base[1:33], "big"), int.from_bytes(base[33:], "big")
    p = PRIMES[curve]
    slope = (y2 - numbers.y) * pow(x2 - x, -1, p)
    x3 = (slope * slope - x - x2) % p
    y3 = (slope * (x - x3) - numbers.y) % p
    key = b"\4" + x3.to_bytes(32, "big") + y3.to_bytes(32, "big")
    r = x - n
    return key, r.to_bytes(32, "big"), encode_dss_signature(r, r)


def vectors():
    """Yield (name, curve, point, digest, signature)."""
    for curve, (_, n) in CURVES.items():
        for name, key, u1, u2 in WAYS:
            yield name, curve, *by_way(curve, key, u1, u2)
        key, _, signature = by_way(curve, D, 0, U2)
        yield "the digest is the order: u1 is 0", curve, key, n.to_bytes(32, "big"), signature
        yield "the result is infinity", curve, *to_infinity(curve)
        made = next(filter(None, (beyond_the_order(curve, x) for x in range(n + 1, n + 99))))
        yield "the point's x is not below the order", curve, *made
        key, digest, signature = made
        r = int.from_bytes(digest, "big")
        yield (
            "the point's x is not below the order, r is one more",
            curve,
            key,
            digest,
            encode_dss_signature(r + 1, r),
        )
        yield "r + n is the point's x plus the prime", curve, *beyond_the_prime(curve)


def main() -> None:
    text = [
        '"""Signatures on P-256 and brainpoolP256r1, and the corner cases of their verification.',
        "",
        "Rows: name, curve, point, digest, signature, valid. Bytes are hex; `valid` is what",
        "OpenSSL says. Written by `make_p256_vectors.py`.",
        '"""',
        "",
        "VECTORS = (",
    ]
    for name, curve, key, digest, signature in vectors():
        valid = accepted(curve, key, digest, signature)
        text.append("    (")
        text.append(f'        "{name}",')
        text.append(f'        "{curve}",')
        for value in (key, digest, signature):
            lines = textwrap.wrap(value.hex().upper(), 80)
            text.append("        (" + "".join(f'"{line}"\n' for line in lines) + "),")
        text.append(f"        {valid},")
        text.append("    ),")
    text.append(")")
    path = Path(__file__).with_name("p256_vectors.py")
    path.write_text("\n".join(text) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
