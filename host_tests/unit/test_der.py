"""Signatures and certificates in DER: the forms that cards give, shortest forms, hostile bytes."""

from cards import from_hex, to_hex
from data import certificates as pki
from data.worked_examples import EXAMPLES, PAIR_01_POINT, PAIR_04_POINT
from effort import some
from expect import equal, raises
from server_certificates import der, subject
from software_key import sign

from iotsafe.der import Certificate, element, signature, validity

TIME = der(0x17, b"200101000000Z")

# 16.12: the raw signature of the worked examples, and the form for TLS.
RAW = EXAMPLES["16.12"][1][1][6:-4]
DER = EXAMPLES["16.12 DER"][1][1][4:-4]


def integers(r, s):
    """r and s as hex of 32 bytes each -> contents of the DER integers."""
    der = signature(from_hex(r + s))
    _, start, end = element(der)
    assert end == len(der)
    _, a, b = element(der, start)
    _, c, d = element(der, b)
    assert (der[start], der[b], d) == (2, 2, end)
    return to_hex(der[a:b]), to_hex(der[c:d])


def test_raw_signature_of_the_worked_example():
    equal(signature(from_hex(RAW)), from_hex(DER))


def test_der_signature_is_kept():
    equal(signature(from_hex(DER)), from_hex(DER))


def test_high_bit_gets_a_zero():
    assert integers("80" + "00" * 31, "7F" + "FF" * 31) == ("0080" + "00" * 31, "7F" + "FF" * 31)


def test_leading_zeros_are_removed():
    for zeros in range(32):
        rest = "11" * (32 - zeros)
        assert integers("00" * zeros + rest, "22" * 32) == (rest, "22" * 32)
        assert integers("22" * 32, "00" * zeros + rest) == ("22" * 32, rest)


def test_leading_zeros_before_a_high_bit():
    assert integers("0000FF" + "01" * 29, "00" * 31 + "80") == ("00FF" + "01" * 29, "0080")


def test_der_of_a_card_is_brought_into_its_shortest_form():
    long = from_hex("3009 0203000011 0202FFEE")  # a zero too many, and one too few
    equal(signature(long), from_hex("3008 020111 020300FFEE"))


def test_numbers_that_are_no_signature():
    for text in ("00" * 64, "11" * 32 + "00" * 32, "00" * 32 + "11" * 32):
        with raises(ValueError, text="numbers of 1 to 32 bytes"):
            signature(from_hex(text))
    for text in (
        "300402000201",
        "3006020100020100",
        "30460221" + "11" * 33 + "0221" + "11" * 33,
        "3082014C028200A0" + "11" * 160 + "028200A4" + "11" * 164,
    ):
        with raises(ValueError):
            signature(from_hex(text))


def test_cut_off_and_padded_signatures():
    whole = from_hex(DER)
    for size in range(len(whole)):
        if size == 64:  # it is read as r and s
            continue
        with raises(ValueError):
            signature(whole[:size])
    for tail in (b"\x00", b"\x90\x00", whole):
        with raises(ValueError):
            signature(whole + tail)


def test_other_der_is_no_signature():
    for text in ("3106020101020101", "3006030101020101", "3003020101", "3009020101020101020101"):
        with raises(ValueError):
            signature(from_hex(text))


def test_software_signer_agrees_with_the_worked_example():
    digest = from_hex(EXAMPLES["16.12"][1][0][14:-2])
    equal(sign(digest), from_hex(DER))


# ---- elements --------------------------------------------------------------------------------


def test_element_lengths():
    assert element(from_hex("3003020101")) == (0x30, 2, 5)
    assert element(from_hex("308103")) == (0x30, 3, 6)
    assert element(from_hex("30820100")) == (0x30, 4, 260)
    assert element(from_hex("3083010000")) == (0x30, 5, 65541)


def test_element_refuses_what_it_does_not_understand():
    for text in ("", "30", "3080", "3081", "308201", "30840000000101", "30FF"):
        with raises(ValueError):
            element(from_hex(text))


# ---- certificates ----------------------------------------------------------------------------


def certificate(text):
    return Certificate(from_hex(text))


def test_certificate_fields():
    info = certificate(pki.CLIENT)
    equal(info.public_key, from_hex(PAIR_01_POINT))
    assert info.common_name == "device-0001"
    # UTCTime before 2050, GeneralizedTime from then on.
    assert (info.not_before, info.not_after) == ("2020-01-01 00:00:00", "2120-01-01 00:00:00")
    equal(certificate(pki.SECOND).public_key, from_hex(PAIR_04_POINT))


def test_certificate_without_a_subject():
    info = certificate(pki.CLIENT_SHORT)
    assert info.common_name == "" and info.not_after == "2049-12-31 23:59:59"


def test_certificates_of_other_keys_have_no_point():
    for text, name in ((pki.P384, "p384"), (pki.RSA, "rsa")):
        info = certificate(text)
        assert info.public_key is None and info.common_name == name


def test_common_names():
    assert certificate(pki.CLIENT_UTF8).common_name == "Z\xe4hler"
    # Not UTF-8, and unfit for a message of one line: it has no name, but is still a certificate.
    latin = pki.CLIENT_UTF8.replace("C3A4", "E4E4")
    for text in (latin, pki.CLIENT_CONTROL):
        info = certificate(text)
        assert info.common_name == "" and info.public_key is not None


def test_years_of_two_digits():
    for digits, year in (("49", "2049"), ("50", "1950"), ("99", "1999"), ("00", "2000")):
        old = "170D" + to_hex(b"200101000000Z")
        new = "170D" + to_hex((digits + "0101000000Z").encode())
        assert pki.CLIENT.count(old) == 1
        assert certificate(pki.CLIENT.replace(old, new)).not_before[:4] == year


def test_invalid_times():
    old = "170D" + to_hex(b"200101000000Z")
    for text in (b"200101000000+", b"20010100000\xffZ", b"2001\n1000000Z", b"20-101000000Z"):
        with raises(ValueError):
            certificate(pki.CLIENT.replace(old, "170D" + to_hex(text)))
    with raises(ValueError, text="tag 16"):
        certificate(pki.CLIENT.replace(old, "160D" + to_hex(b"200101000000Z")))


def test_cut_off_certificates():
    whole = from_hex(pki.CLIENT)
    for size in range(len(whole)):
        with raises(ValueError):
            Certificate(whole[:size])
    with raises(ValueError, text="DER ends early"):
        Certificate(whole[:300])


def test_certificates_cut_off_in_a_padded_container():
    whole = from_hex(pki.CLIENT)
    _, signature_value = whole[:-1].rsplit(b"\x03", 1)
    # After the last byte of the signature's header, only the issuer's key could detect a change.
    for end in some(range(4, len(whole) - len(signature_value) - 2)):
        with raises(ValueError):
            Certificate(whole[:end] + bytes(len(whole) - end))


def test_bytes_after_the_certificate():
    with raises(ValueError, text="2 bytes after the certificate"):
        certificate(pki.CLIENT + "0000")


def test_no_certificate():
    for text in ("00" * 64, "FF" * 64, "3000", "30023000", to_hex(b"-----BEGIN CERTIFICATE-----")):
        with raises(ValueError):
            certificate(text)


def test_each_changed_byte_is_survived():
    whole = bytearray(from_hex(pki.CLIENT))
    for at in some(range(len(whole))):
        old = whole[at]
        for new in (0x00, 0x7F, 0x80, 0x84, 0xFF, old ^ 1):
            whole[at] = new
            try:
                info = Certificate(bytes(whole))
            except ValueError:
                continue
            assert info.public_key is None or len(info.public_key) == 65
            assert isinstance(info.common_name, str)
        whole[at] = old


def test_common_names_that_are_no_plain_text():
    # UTF8String, PrintableString with NUL, BMPString, and none.
    for tag, content in ((0x0C, b"a\0b"), (0x13, b"\0"), (0x1E, b"\0d\0e\0v"), (0x0C, b"")):
        name = der(0x31, der(0x30, b"\x06\x03\x55\x04\x03", der(tag, content)))
        assert validity(der(0x30, name), der(0x30, TIME, TIME))[0] == "", content


def test_validity():
    dates = der(0x30, TIME, der(0x18, b"21200101000000Z"))
    got = validity(subject("root"), dates)
    assert got == ("root", "2020-01-01 00:00:00", "2120-01-01 00:00:00")
