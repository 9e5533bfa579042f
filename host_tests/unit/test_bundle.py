"""The reader of certificates: PEM and DER as people have them, and what cannot be read."""

from cards import from_hex
from data import certificates as pki
from effort import some
from expect import raises
from pem_files import pem

from iotsafe.bundle import certificates

CA = from_hex(pki.CA)
OTHER = from_hex(pki.OTHER_CA)


def test_der():
    assert certificates(CA) == (CA,)
    assert certificates(CA + OTHER + CA) == (CA, OTHER, CA)
    for padding in (b"\0", b"\xff", b"\n"):
        assert certificates(CA + OTHER + padding * 9) == (CA, OTHER)


def test_der_that_is_cut_off_is_given_as_it_is():
    for size in some(range(5, len(OTHER))):
        assert certificates(CA + OTHER[:size]) == (CA, OTHER[:size])


def test_text_that_begins_with_0_is_no_der():
    for text in (b"0 our CA:\n", b"01 02 03\n", b"0"):
        assert certificates(text + pem(CA)) == (CA,)
        with raises(ValueError, text="no certificate in PEM or DER"):
            certificates(text)


def test_pem():
    for end in (b"\n", b"\r\n"):
        assert certificates(pem(CA, end)) == (CA,)
        assert certificates(b"# our CAs\n" + pem(CA, end) + b"\n" + pem(OTHER, end)) == (CA, OTHER)


def test_both_forms_in_one_file_of_cas():
    for text in (pem(OTHER), pem(OTHER, b"\r\n"), b"\n# theirs\n" + pem(OTHER)):
        assert certificates(CA + text, []) == (CA, OTHER)
        assert certificates(text + CA + OTHER, []) == (OTHER, CA, OTHER)
        assert certificates(CA + text + CA, []) == (CA, OTHER, CA)
    assert certificates(CA + pem(OTHER).rstrip(), []) == (CA, OTHER)
    # Behind the certificate in a file of the SIM there may be what an earlier one left.
    assert certificates(CA + pem(OTHER)[90:]) == certificates(CA + pem(OTHER)) == (CA,)


def test_text_and_other_kinds_of_bytes():
    assert certificates(pem(CA).decode()) == (CA,)
    for kind in (bytearray, memoryview):
        assert certificates(kind(CA + OTHER)) == (CA, OTHER)
        assert certificates(kind(pem(CA))) == (CA,)
    with raises(ValueError, text="no certificate in PEM or DER"):
        certificates("ca.pem")  # the name of a file
    for wrong in ([CA], (CA,), None, 5):
        with raises(TypeError, text="certificates: bytes, not "):
            certificates(wrong)


def test_other_pem_is_skipped():
    key = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert certificates(key + pem(CA)) == (CA,)


def test_no_certificate():
    for data in (b"", b"junk", b"-----END CERTIFICATE-----", b"\x00" * 20):
        with raises(ValueError, text="no certificate in PEM or DER"):
            certificates(data)


def test_pem_that_is_cut_off():
    whole = pem(CA)
    for size in (30, 200, len(whole) - 30):
        with raises(ValueError, text="a PEM certificate is cut off"):
            certificates(whole[:size])
    with raises(ValueError, text="cut off"):
        certificates(pem(OTHER) + whole[:100])


def test_pem_that_is_no_base64():
    with raises(ValueError):
        certificates(b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n")


def test_labels_of_openssl():
    trust = from_hex("300C300A06082B06010505070301")  # OpenSSL: trusted for servers
    for label in (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"):
        assert certificates(pem(CA, label=label) + pem(OTHER, label=label)) == (CA, OTHER)
        assert certificates(pem(CA + trust, label=label)) == (CA,)


def test_a_private_key_is_no_certificate():
    for label in (b"PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY"):
        key = pem(from_hex(pki.SERVER_KEY), label=label)
        assert certificates(key + pem(CA) + key) == (CA,)
        with raises(ValueError, text="no certificate in PEM or DER"):
            certificates(key)


def test_blocks_that_cannot_be_read_are_told_and_skipped():
    bad = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
    cut = pem(OTHER)[:150]
    for data, count in (
        (bad + pem(CA), 1),
        (pem(CA) + bad, 1),
        (cut + pem(CA), 1),
        (pem(CA) + cut, 1),
        (bad + cut + pem(CA) + bad + cut, 4),
    ):
        problems = []
        assert certificates(data, problems) == (CA,)
        assert len(problems) == count, problems
        with raises(ValueError):
            certificates(data)
    with raises(ValueError, text="a PEM certificate is cut off"):
        certificates(cut, [])


def test_cut_off_anywhere():
    whole = pem(CA) + pem(OTHER)
    for size in some(range(len(whole))):
        try:
            found = certificates(whole[:size], [])
        except ValueError:
            continue
        assert found in ((CA,), (CA, OTHER)), size
