"""Certification requests: the same bytes as from other programs, and refusals."""

import hashlib

from cards import from_hex
from data.worked_examples import PAIR_01_POINT, PAIR_04_POINT
from effort import some
from expect import equal, raises
from software_key import Signer, sign

from iotsafe import csr
from iotsafe.der import element

# A board needs seconds to verify.
TIMEOUT = 120

POINT = from_hex(PAIR_01_POINT)

# CertificationRequestInfo as the CertificateSigningRequestBuilder of Python's `cryptography`
# builds it, for the subjects and names below.
SHORT = (
    "3081940201003032310B30090603550406130246523110300E060355040A0C074578616D706C653111300F06"
    "035504030C086465766963652D313059301306072A8648CE3D020106082A8648CE3D0301070342000460FED4"
    "BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC"
    "64F2F1B20C2D7E9F5177A3C294D4462299A000"
)
LONG = (
    "308201640201003081A7310B3009060355040613024652310D300B06035504080C04C38E6C65310E300C0603"
    "5504070C0550617269733110300E060355040A0C074578616D706C65310F300D060355040B0C064D65746572"
    "7331173015060A0992268993F22C64011916076578616D706C65310D300B0603550405130431323A33311A30"
    "1806092A864886F70D010901160B6140622E6578616D706C653112301006035504030C096465766963652C20"
    "313059301306072A8648CE3D020106082A8648CE3D0301070342000460FED4BA255A9D31C961EB74C6356D68"
    "C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294"
    "D4462299A05A305806092A864886F70D01090E314B304930470603551D110440303E820E6465766963652E65"
    "78616D706C65860775726E3A783A318704C0000201871020010DB8000000000000000000000001810B614062"
    "2E6578616D706C65"
)
NO_SUBJECT = (
    "30819102010030003059301306072A8648CE3D020106082A8648CE3D0301070342000460FED4BA255A9D31C9"
    "61EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D"
    "7E9F5177A3C294D4462299A02F302D06092A864886F70D01090E3120301E301C0603551D110101FF04123010"
    "820E6465766963652E6578616D706C65"
)
LONG_SUBJECT = (
    ("C", "FR"),
    ("ST", "\xcele"),
    ("L", "Paris"),
    ("O", "Example"),
    ("OU", "Meters"),
    ("DC", "example"),
    ("serialNumber", "12:3"),
    ("emailAddress", "a@b.example"),
    ("CN", "device, 1"),
)
LONG_NAMES = (
    "DNS:device.example",
    "URI:urn:x:1",
    "IP:192.0.2.1",
    "IP:2001:db8::1",
    "email:a@b.example",
)
ECDSA_WITH_SHA256 = from_hex("300A06082A8648CE3D040302")


def parts(der):
    """Return CertificationRequestInfo and signature of the request `der`; check its frame."""
    tag, pos, end = element(der)
    assert (tag, end) == (0x30, len(der))
    _, _, stop = element(der, pos)
    info = der[pos:stop]
    equal(der[stop : stop + 12], ECDSA_WITH_SHA256)
    tag, pos, end = element(der, stop + 12)
    assert (tag, end, der[pos]) == (3, len(der), 0)
    return info, der[pos + 1 :]


def walked(der, pos, end):
    """Return how many elements lie between `pos` and `end`; each must have the shortest length
    form."""
    count = 0
    while pos < end:
        tag, start, stop = element(der, pos)
        size = stop - start
        assert start - pos == 2 + (size > 0x7F) + (size > 0xFF), (pos, size)
        assert stop <= end, pos
        count += 1 + (walked(der, start, stop) if tag & 0x20 else 0)
        pos = stop
    return count


def built(subject, names=()):
    """Return the request's info; its signature must cover exactly that."""
    signer = Signer()
    der = csr.build(signer, POINT, subject, names)
    assert isinstance(der, bytes)
    info, signature = parts(der)
    assert signer.digests == [hashlib.sha256(info).digest()]
    equal(signature, sign(signer.digests[0]))
    return info


def test_the_same_as_another_builder():
    equal(built((("C", "FR"), ("O", "Example"), ("CN", "device-1"))), from_hex(SHORT))
    equal(built(LONG_SUBJECT, LONG_NAMES), from_hex(LONG))
    equal(built((), ("DNS:device.example",)), from_hex(NO_SUBJECT))


def test_a_subject_as_text_has_the_last_first():
    equal(built("CN=device-1,O=Example,C=FR"), from_hex(SHORT))
    text = (
        "CN=device\\, 1, emailaddress=a@b.example, SERIALNUMBER=12:3, DC=example, OU=Meters, "
        "O=Example, L=Paris, ST=\\C3\\8ele, C=FR"
    )
    equal(built(text, list(LONG_NAMES)), from_hex(LONG))
    equal(built("", ("DNS:device.example",)), from_hex(NO_SUBJECT))


def test_a_point_may_be_any_bytes():
    equal(csr.build(sign, bytearray(POINT), "CN=a"), csr.build(sign, POINT, "CN=a"))
    equal(csr.build(sign, memoryview(POINT), "CN=a"), csr.build(sign, POINT, "CN=a"))


def test_lengths_of_one_two_and_three_bytes():
    # The subject, and with it each sequence around it, grows over 127 and 255 bytes.
    for size in some(range(1, 129), 9):
        info = built((("L", "x" * size), ("ST", "y" * 128)))
        # 4 of its own, 5 of the key, 4 of each attribute.
        assert walked(info, 0, len(info)) == 4 + 5 + 2 * 4, size
        assert info.count(b"x" * size) == 1


def test_as_many_as_there_may_be():
    info = built([("OU", "a")] * 16, ["DNS:a"] * 16)
    # The same, and 7 around the names, which are inside an OCTET STRING.
    assert walked(info, 0, len(info)) == 4 + 5 + 16 * 4 + 7


def test_the_largest_request():
    # 128 characters of 4 bytes each, three times, and a name: 1,9xx bytes.
    subject = [("L", "\U0001f600" * 128)] * 3
    info = built(subject, ["URI:x:" + "z" * 100])
    assert 1750 < len(info) < 2048
    with raises(ValueError, text="at most 2048"):
        csr.build(sign, POINT, subject + [("L", "\U0001f600" * 64)])


def test_every_size_of_signature():
    for r, s in ((1, 1), (1, 32), (33, 33), (32, 32)):
        signature = bytes((0x30, 4 + r + s))
        for size in (r, s):
            signature += (
                bytes((2, size, 0)) + b"\xff" * (size - 1)
                if size > 32
                else (bytes((2, size)) + b"\x11" * size)
            )
        got = parts(csr.build(Signer(signature), POINT, LONG_SUBJECT, LONG_NAMES))
        equal(got[0], from_hex(LONG))
        equal(got[1], signature)


def test_invalid_signatures():
    for signature in (b"", b"\x30", bytes(64), bytes(72), b"\x30" * 5000, sign(bytes(32)) + b"\0"):
        with raises(ValueError):
            csr.build(Signer(signature), POINT, "CN=a")


def test_a_card_that_refuses_is_heard():
    error = OSError(110)

    def refuse(digest):
        raise error

    with raises(OSError) as caught:
        csr.build(refuse, POINT, "CN=a")
    assert caught.error is error


def test_a_checked_signature():
    equal(
        csr.build(sign, POINT, "CN=a", check=True),
        csr.build(sign, POINT, "CN=a"),
    )
    with raises(ValueError, text="does not fit the public key"):
        csr.build(sign, from_hex(PAIR_04_POINT), "CN=a", check=True)
    with raises(ValueError, text="not a point of the curve"):
        csr.build(sign, POINT[:64] + b"\0", "CN=a", check=True)


def test_what_is_refused_before_the_card_is_asked():
    signer = Signer()
    for point in (b"", POINT[1:], POINT + b"\0", b"\2" + POINT[1:33], b"\5" + POINT[1:]):
        with raises(ValueError, text="65 bytes"):
            csr.build(signer, point, "CN=a")
    for subject in ("", " ", (), []):
        with raises(ValueError, text="a subject or an alternative name"):
            csr.build(signer, POINT, subject)
    with raises(ValueError, text="CN"):
        csr.build(signer, POINT, (("CN", ""),))
    with raises(ValueError, text="DNS"):
        csr.build(signer, POINT, "CN=a", ("DNS:a..b",))
    assert signer.digests == []


def test_pem():
    der = bytes(range(100))
    equal(
        csr.pem(der).encode(),
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\n"
        b"MDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f\n"
        b"YGFiYw==\n"
        b"-----END CERTIFICATE REQUEST-----\n",
    )
    for size in (47, 48, 49, 96):
        lines = csr.pem(bytes(size)).split("\n")
        assert max(len(line) for line in lines[1:-2]) <= 64 and len(lines) == 3 + -(-size // 48)
