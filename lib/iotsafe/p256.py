"""ECDSA verification on P-256 and brainpoolP256r1 with nothing but Python's integers.

This is for firmware without a library that verifies signatures. A verification takes milliseconds
on a host, and a second or more on a small board. It works on public values only, so its time may
depend on them.

A verification is 256 doublings of 9 products each and about 192 additions of 11, with Shamir's
trick: one pass computes both multiples, over a table of three points. Intermediate points are
Jacobian, (x, y, z) for the affine (x / z^2, y / z^3), with z = 0 at infinity.
"""

from .ecdsa import numbers

# A curve: p, a, b, n, x and y of the base point (y^2 = x^3 + a x + b modulo p, n points).
# SEC 2 2.4.2 (FIPS 186-4 D.1.2.3); a stays -3, because a small factor costs less.
P256 = (
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    -3,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# RFC 5639 3.4.
BRAINPOOL_P256R1 = (
    0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377,
    0x7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9,
    0x26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6,
    0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
    0x8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262,
    0x547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997,
)


def on_curve(point, curve=P256):
    """Return whether `point` is 04 X Y (65 bytes) of a point on `curve` other than infinity."""
    return _affine(point, curve) is not None


def verify(point, digest, signature, curve=P256):
    """Return whether the key of `point` made `signature` (FIPS 186-4 6.4, SEC 1 4.1.4).

    `point`: the public key, 65 bytes 04 X Y. `digest`: 32 to 64 bytes, of which the leftmost 256
    bits count. `signature`: DER; other bytes give False. Raises ValueError for a point that is not
    on the curve, and for another length of the digest.
    """
    if not 32 <= len(digest) <= 64:
        raise ValueError("a digest has 32 to 64 bytes, not %d" % len(digest))
    key = _affine(point, curve)
    if key is None:
        raise ValueError("the public key is not a point of the curve")
    p, _, _, n, gx, gy = curve
    try:
        r, s = numbers(signature)
    except ValueError:
        return False
    if r >= n or s >= n:
        return False
    w = _inverse(s, n)
    u1 = int.from_bytes(digest[:32], "big") * w % n
    x, _, z = _two_multiples(u1, (gx, gy), r * w % n, key, curve)
    if z == 0:
        return False
    # r is x / z^2 modulo n, so x / z^2 < p may be r or r + n: compare without a division.
    zz = z * z % p
    return r * zz % p == x or (r + n < p and (r + n) * zz % p == x)


def _affine(point, curve):
    """Return (x, y) of the 65 bytes `point`, or None if they are not a point on the curve."""
    if len(point) != 65 or point[0] != 4:
        return None
    p, a, b, _, _, _ = curve
    x = int.from_bytes(point[1:33], "big")
    y = int.from_bytes(point[33:], "big")
    if x < p and y < p and (y * y - (x * x + a) * x - b) % p == 0:
        return x, y
    return None


def _inverse(value, modulus):
    """Return 1 / value modulo a prime, by Euclid's algorithm."""
    a, b = modulus, value % modulus
    u, v = 0, 1
    while b:
        q = a // b
        a, b = b, a - q * b
        u, v = v, u - q * v
    return u % modulus


def _two_multiples(u1, first, u2, second, curve):
    """Return u1 * first + u2 * second, Jacobian; the points are affine."""
    both = _sum(first, second, curve)
    result = (1, 1, 0)
    for high, low in zip(u1.to_bytes(32, "big"), u2.to_bytes(32, "big")):
        mask = 0x80
        while mask:
            result = _double(result, curve)
            if high & low & mask:
                result = _add(result, both, curve)
            elif high & mask:
                result = _add(result, first, curve)
            elif low & mask:
                result = _add(result, second, curve)
            mask >>= 1
    return result


def _sum(first, second, curve):
    """Return first + second, affine, or None for infinity."""
    p = curve[0]
    x, y, z = _add((first[0], first[1], 1), second, curve)
    if z == 0:
        return None
    w = _inverse(z, p)
    ww = w * w % p
    return x * ww % p, y * ww * w % p


def _double(point, curve):
    """Return 2 * point: 9 products (10 if a is large), 7 divisions."""
    x, y, z = point
    p = curve[0]
    yy = y * y % p
    zz = z * z % p
    s = 4 * x * yy % p
    m = (3 * x * x + curve[1] * zz * zz) % p
    x = (m * m - 2 * s) % p
    return x, (m * (s - x) - 8 * yy * yy) % p, 2 * y * z % p


def _add(point, other, curve):
    """Return point + other, which is affine or None for infinity: 11 products, 9 divisions."""
    if other is None:
        return point
    x, y, z = point
    if z == 0:
        return other[0], other[1], 1
    p = curve[0]
    zz = z * z % p
    h = (other[0] * zz - x) % p
    r = (other[1] * zz * z - y) % p
    if h == 0:
        return (1, 1, 0) if r else _double(point, curve)
    hh = h * h % p
    v = x * hh % p
    hhh = hh * h % p
    x = (r * r - hhh - 2 * v) % p
    return x, (r * (v - x) - y * hhh) % p, z * h % p
