"""ECDSA verification with Python's integers: published vectors, corner cases, hostile bytes."""

from cards import from_hex
from data.p256_vectors import VECTORS
from data.worked_examples import PAIR_01_POINT, PAIR_04_POINT, PEER_POINT
from expect import raises, replaced

from iotsafe import p256
from iotsafe.p256 import BRAINPOOL_P256R1, P256, on_curve, verify

# A verification takes ten seconds in the emulator of the board; test_pico_explore does one there.
RUNTIMES = ("cpython", "micropython")

POINT = from_hex(PAIR_01_POINT)
N = P256[3]
# RFC 6979 A.2.5: digest, r, s. The longer digests are those of "sample".
RFC_6979 = (
    (
        "AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF",
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    ),
    (
        (
            "9A9083505BC92276AEC4BE312696EF7BF3BF603F4BBD381196A029F340585312"
            "313BCA4A9B5B890EFEE42C77B1EE25FE"
        ),
        0x0EAFEA039B20E9B42309FB1D89E213057CBF973DC0CFC8F129EDDDC800EF7719,
        0x4861F0491E6998B9455193E34E7B0D284DDD7149A74B95B9261F13ABDE940954,
    ),
    (
        (
            "39A5E04AAFF7455D9850C605364F514C11324CE64016960D23D5DC57D3FFD8F4"
            "9A739468AB8049BF18EEF820CDB1AD6C9015F838556BC7FAD4138B23FDF986C7"
        ),
        0x8496A60B5E9B47C825488827E0495B0E3FA109EC4568FD3F8D1097678EB97F00,
        0x2362AB1ADBE2B8ADF9CB9EDAB740EA6049C028114F2460F96554F61FAE3302FE,
    ),
)
DIGEST = from_hex(RFC_6979[0][0])
# RFC 7027 A.1: the public keys of both sides.
BRAINPOOL_POINTS = (
    (
        "0444106E913F92BC02A1705D9953A8414DB95E1AAA49E81D9E85F929A8E3100BE5"
        "8AB4846F11CACCB73CE49CBDD120F5A900A69FD32C272223F789EF10EB089BDC"
    ),
    (
        "048D2D688C6CF93E1160AD04CC4429117DC2C41825E1E9FCA0ADDD34E6F1B39F7B"
        "990C57520812BE512641E47034832106BC7D3E8DD0E4C7F1136D7006547CEC6A"
    ),
)


def der(r, s):
    """Return the ECDSA-Sig-Value of any two numbers below 2^256."""
    body = b""
    for number in (r, s):
        raw = number.to_bytes(33, "big").lstrip(b"\0")
        if not raw or raw[0] & 0x80:
            raw = b"\0" + raw
        body += bytes((2, len(raw))) + raw
    return bytes((0x30, len(body))) + body


SIGNATURE = der(*RFC_6979[0][1:])


def curve(name):
    return {"P256": P256, "BRAINPOOL_P256R1": BRAINPOOL_P256R1}[name]


def judge(vectors):
    for name, of, point, digest, signature, valid in vectors:
        got = verify(from_hex(point), from_hex(digest), from_hex(signature), curve(of))
        assert got is valid, (of, name)


# ---- vectors ---------------------------------------------------------------------------------


def test_published_signatures():
    for digest, r, s in RFC_6979:
        assert verify(POINT, from_hex(digest), der(r, s)) is True, digest
    assert verify(POINT, bytes(32), SIGNATURE) is False


def test_points_of_published_keys():
    for text in (PAIR_01_POINT, PAIR_04_POINT, PEER_POINT):
        assert on_curve(from_hex(text)) is True
        assert on_curve(from_hex(text), BRAINPOOL_P256R1) is False
    for text in BRAINPOOL_POINTS:
        assert on_curve(from_hex(text), BRAINPOOL_P256R1) is True
        assert on_curve(from_hex(text)) is False


def test_corner_cases_of_p256():
    assert len(VECTORS) == 34
    judge(VECTORS[:17])


def test_corner_cases_of_brainpool():
    judge(VECTORS[17:])


def test_a_signature_is_bound_to_its_curve():
    _, _, point, digest, signature, _ = VECTORS[0]
    with raises(ValueError, text="not a point of the curve"):
        verify(from_hex(point), from_hex(digest), from_hex(signature), BRAINPOOL_P256R1)


def test_what_a_verification_costs():
    calls = []
    double, add = p256._double, p256._add

    def counted_double(point, curve):
        calls.append("double")
        return double(point, curve)

    def counted_add(point, other, curve):
        calls.append("add")
        return add(point, other, curve)

    with replaced(p256, _double=counted_double, _add=counted_add):
        assert verify(POINT, DIGEST, SIGNATURE)
    # Three of four bits of a pair cause an addition; the table costs one more.
    assert calls.count("double") == 256
    assert calls.count("add") == 195, calls.count("add")


# ---- invalid signatures ----------------------------------------------------------------------


def test_numbers_out_of_range():
    _, r, s = RFC_6979[0]
    for pair in (
        (0, s),
        (r, 0),
        (0, 0),
        (0, 1),
        (1, 0),
        (N, s),
        (r, N),
        (N, 0),
        (N + 1, s),
        (r, 2**256 - 1),
        (2**256 - 1, 2**256 - 1),
        (P256[0], s),
    ):
        assert verify(POINT, DIGEST, der(*pair)) is False, pair


def test_r_and_s_are_not_taken_modulo_the_order():
    # Both are small and equal here: with the order added they fit into 256 bits.
    name, _, point, digest, _, _ = VECTORS[14]
    assert name == "the point's x is not below the order"
    r = int.from_bytes(from_hex(digest), "big")
    point, digest = from_hex(point), from_hex(digest)
    assert verify(point, digest, der(r, r)) is True
    assert verify(point, digest, der(r + N, r)) is False
    assert verify(point, digest, der(r, r + N)) is False


def test_small_numbers():
    for r, s in ((1, 1), (1, 2), (N - 1, 1), (N - 1, N - 1), (1, N - 1)):
        assert verify(POINT, DIGEST, der(r, s)) is False


def test_s_may_be_negated():
    _, r, s = RFC_6979[0]
    assert verify(POINT, DIGEST, der(r, N - s)) is True
    assert verify(POINT, DIGEST, der(N - r, s)) is False


def test_each_flipped_bit_of_the_digest():
    digest = bytearray(DIGEST + bytes(16))
    for bit in range(3, 256, 23):
        digest[bit >> 3] ^= 1 << (bit & 7)
        assert verify(POINT, digest, SIGNATURE) is False, bit
        digest[bit >> 3] ^= 1 << (bit & 7)
    digest[40] ^= 1  # after the bits that count
    assert verify(POINT, digest, SIGNATURE) is True


def test_each_flipped_bit_of_the_signature():
    signature = bytearray(SIGNATURE)
    for bit in range(5, 8 * len(signature), 19):
        signature[bit >> 3] ^= 1 << (bit & 7)
        assert verify(POINT, DIGEST, signature) is False, bit
        signature[bit >> 3] ^= 1 << (bit & 7)


def test_another_key():
    assert verify(from_hex(PAIR_04_POINT), DIGEST, SIGNATURE) is False
    y = P256[0] - int.from_bytes(POINT[33:], "big")
    assert verify(POINT[:33] + y.to_bytes(32, "big"), DIGEST, SIGNATURE) is False


def test_bytes_that_are_no_signature():
    for size in range(len(SIGNATURE)):
        assert verify(POINT, DIGEST, SIGNATURE[:size]) is False, size
    for text in ("", "00" * 72, "FF" * 72, "3006020101020101" + "00", "30800201010201010000"):
        assert verify(POINT, DIGEST, from_hex(text)) is False, text
    assert verify(POINT, DIGEST, bytes(4096)) is False


# ---- invalid keys and digests ----------------------------------------------------------------


def test_invalid_points():
    p = P256[0]
    x, y = POINT[1:33], POINT[33:]
    for point in (
        b"",
        b"\0",  # infinity
        b"\4",
        bytes(65),
        b"\4" + bytes(64),
        b"\xff" * 65,
        b"\2" + x,  # compressed
        b"\6" + x + y,  # hybrid
        POINT[:-1],
        POINT + b"\0",
        POINT[:33] + b"\0" + y,
        b"\4" + y + x,
        b"\4" + x + bytes(32),
        # Not reduced: 0 and p are the same number, like x and x + p.
        b"\4" + p.to_bytes(32, "big") + y,
        b"\4" + x + p.to_bytes(32, "big"),
        b"\4" + b"\xff" * 64,
    ):
        assert on_curve(point) is False, point
        with raises(ValueError, text="not a point of the curve"):
            verify(point, DIGEST, SIGNATURE)


def test_coordinates_are_below_p():
    # x = 0 belongs to a point, (0, sqrt b); so 0 + p also would, if it were reduced.
    p, _, b, _, _, _ = P256
    y = pow(b, (p + 1) // 4, p)
    assert on_curve(b"\4" + bytes(32) + y.to_bytes(32, "big")) is True
    assert on_curve(b"\4" + p.to_bytes(32, "big") + y.to_bytes(32, "big")) is False
    # The same for y = 5 and y = 5 + p; x is the root of x^3 - 3 x + b - 25.
    x = from_hex("D7325D7646CD60D80A92738CEB345F844CFFAF35841022CAB176F692DE8DE1D7")
    assert on_curve(b"\4" + x + (5).to_bytes(32, "big")) is True
    assert on_curve(b"\4" + x + (5 + p).to_bytes(32, "big")) is False


def test_each_flipped_bit_of_a_point():
    point = bytearray(POINT)
    for bit in range(8 * len(point)):
        point[bit >> 3] ^= 1 << (bit & 7)
        assert on_curve(point) is False, bit
        point[bit >> 3] ^= 1 << (bit & 7)
    assert on_curve(point) is True


def test_lengths_of_digests():
    for size in (0, 20, 31, 65, 256):
        with raises(ValueError, text="32 to 64 bytes, not %d" % size):
            verify(POINT, bytes(size), SIGNATURE)
