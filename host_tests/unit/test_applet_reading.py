"""What the applet client reads: random bytes, the object list, public keys, files of all kinds."""

from applet_script import DIGEST, opened
from cards import TableCard, from_hex
from data import certificates as pki
from data.worked_examples import PAIR_01_POINT
from expect import equal, raises
from pem_files import pem

from iotsafe.applet import Applet
from iotsafe.bundle import certificates
from iotsafe.errors import CardError, CardProtocolError

# ---- GET RANDOM, GET DATA, READ PUBLIC KEY ----------------------------------------------------


def test_random_of_256_bytes():
    _, applet = opened(("0184000000", "5A" * 256 + "9000"))
    equal(applet.random(256), b"\x5a" * 256)


def test_random_of_another_length_is_refused():
    _, applet = opened(("0184000004", "0102039000"))
    with raises(
        CardProtocolError, text="GET RANDOM: the SIM's answer is not understood: 3 bytes for 4"
    ):
        applet.random(4)


def test_random_of_no_or_too_many_bytes():
    card, applet = opened()
    for size in (0, 257, -1):
        with raises(ValueError, text="1 to 256"):
            applet.random(size)
    card.done()


def test_object_list_in_parts():
    card, applet = opened(
        ("01CB010000", "8401016300"), ("01CB010100", "8501016300"), ("01CB010100", "8301029000")
    )
    assert [info.id for info in applet.objects()] == [b"\x01", b"\x01", b"\x02"]
    card.done()


def test_object_cut_between_parts():
    _, applet = opened(("01CB010000", "84016300"), ("01CB010100", "079000"))
    assert [info.id for info in applet.objects()] == [b"\x07"]


def test_endless_object_list_is_given_up():
    card, applet = opened(("01CB010000", "6300"), *[("01CB010100", "6300")] * 15)
    with raises(CardProtocolError, text="the object list does not end"):
        applet.objects()
    card.done()


def test_large_object_list_is_given_up():
    card, applet = opened(("01CB010000", "6100"))
    for _ in range(16):
        card.then(("01C0000000", "00" * 256 + "6100"))
    card.then(("01C0000000", "6300"), ("01CB010100", "006300"))
    with raises(CardProtocolError, text="the object list does not end"):
        applet.objects()
    card.done()


def test_malformed_object_list():
    _, applet = opened(("01CB010000", "84019000"))
    with raises(CardProtocolError, text="GET DATA: the SIM's answer is not understood: tag 84"):
        applet.objects()


def test_public_key_in_anything_else_is_refused():
    point = "04" + "11" * 64
    for answer, text in (
        ("", "tag 34 is missing"),
        ("8641" + point, "tag 34 is missing"),
        ("34438641" + point, "tag 49 is missing"),
        ("34024900", "tag 86 is missing"),
        ("344549438641" + point[:-2], "claims"),
        ("344449428640" + point[:-2], "not an uncompressed point of 256 bits"),
        ("344549438641" + "02" + point[2:], "not an uncompressed point of 256 bits"),
    ):
        _, applet = opened(("01CD00000385010100", answer + "9000"))
        with raises(CardProtocolError, text=text):
            applet.read_public_key(b"\x01")


def test_public_key_after_other_objects():
    _, applet = opened(("01CD00000385010100", "840101850101344549438641" + PAIR_01_POINT + "9000"))
    equal(applet.read_public_key(b"\x01"), from_hex(PAIR_01_POINT))


def test_refusals_name_the_object():
    _, applet = opened(
        ("01CD00000385010700", "6985"),
        ("01B000000383010200", "6982"),
        ("012A00010D840109A1010391020001920104", "6A82"),
    )
    with raises(CardError, text="READ PUBLIC KEY public key 07: the SIM answered 6985"):
        applet.read_public_key(b"\x07")
    with raises(CardError, text="READ FILE file 02: the SIM answered 6982, not allowed"):
        applet.read_file(b"\x02")
    with raises(CardError, text="COMPUTE SIGNATURE private key 09: the SIM answered 6A82"):
        applet.sign(b"\x09", DIGEST)


# ---- READ FILE --------------------------------------------------------------------------------


def test_read_file_at_an_offset():
    card, applet = opened(("01B0012C0383010220", "AA9000"), ("01B000000483020102 00", "BB9000"))
    equal(applet.read_file(b"\x02", 0x12C, 32), b"\xaa")
    equal(applet.read_file(b"\x01\x02", 0, 256), b"\xbb")
    card.done()


def test_offset_beyond_the_end_is_the_end():
    for answer in ("6981", "6A86", "9000"):
        _, applet = opened(("01B00100038301 0200", answer), ("01B00000038301 0200", answer))
        equal(applet.read_file(b"\x02", 256), b"")
        equal(applet.read_file(b"\x02"), b"")


def file_reads(content, chunk=256, **card):
    """Return what read_der makes of a file, and the offsets it read."""
    table = TableCard(files={"02": content}, **card)
    table.chunk = chunk
    data = Applet(table).open().read_der(b"\x02")
    return data, [int(command[4:8], 16) for command in table.log[2:]]


def test_certificate_is_read_in_pieces():
    der = from_hex(pki.CLIENT)
    data, offsets = file_reads(der)
    equal(data, der)
    assert offsets == [0, 256] and 256 < len(der) < 512


def test_a_channel_that_brings_less_in_one_piece():
    der = from_hex(pki.CLIENT)
    table = TableCard(files={"02": der})
    table.part = 112
    equal(Applet(table).open().read_der(b"\x02"), der)
    reads = table.log[2:]
    assert [int(command[4:8], 16) for command in reads] == list(range(0, len(der), 112))
    assert {command[-2:] for command in reads} == {"70"}
    equal(Applet(table).open().read_file(b"\x02", 4, 32), der[4:36])  # the length requested
    assert table.log[-1][-2:] == "20"


def test_certificate_of_one_full_piece():
    # One read more tells whether another certificate follows.
    der = b"\x30\x81\xfd" + bytes(253)
    assert file_reads(der) == (der, [0, 256])
    assert file_reads(der[:1] + b"\x81\xf8" + bytes(248) + b"\xff" * 9)[1] == [0]
    der = b"\x30\x82\x01\xfc" + bytes(508)
    assert file_reads(der) == (der, [0, 256, 512])


def content_of(content, chunk=256):
    table = TableCard(files={"02": content})
    table.chunk = chunk
    return Applet(table).open().read_content(b"\x02")


def test_a_file_with_a_chain():
    chain = from_hex(pki.CLIENT) + from_hex(pki.CA) + from_hex(pki.OTHER_CA)
    for padding in (b"", b"\x00" * 700, b"\xff" * 700):
        for chunk in (50, 255, 256):
            equal(content_of(chain + padding, chunk), chain)
    equal(file_reads(chain)[0], from_hex(pki.CLIENT))


class Strict(TableCard):
    """Refuses an offset at the end of a file with 6B00."""

    def _read(self, command):
        if command[2] << 8 | command[3] >= len(self.files["02"]):
            return b"\x6b\x00"
        return TableCard._read(self, command)


def test_a_card_that_refuses_to_read_at_the_end():
    der = b"\x30\x82\x00\xfc" + bytes(252)
    text = pem(from_hex(pki.CLIENT))
    for content in (der, text + b"\n" * (-len(text) % 256)):
        got = Applet(Strict(files={"02": content})).open().read_der(b"\x02")
        equal(got, certificates(content)[0])
    with raises(CardError, text="6B00"):
        Applet(Strict(files={"02": der[:200]})).open().read_der(b"\x02")


def test_a_file_in_pem():
    text = b"device\n" + pem(from_hex(pki.CLIENT)) + pem(from_hex(pki.CA))
    for padding in (b"", b"\x00" * 700, b"\xff" * 700):
        equal(content_of(text + padding), text)
        equal(file_reads(text + padding)[0], from_hex(pki.CLIENT))


def test_padding_is_neither_read_nor_given():
    der = from_hex(pki.CLIENT)
    for padding in (b"\x00", b"\xff", b"\x90"):
        data, offsets = file_reads(der + padding * 2000)
        equal(data, der)
        assert offsets == [0, 256]


def test_card_that_gives_less_than_asked():
    der = from_hex(pki.CLIENT)
    for chunk in (50, 60, 255):
        data, offsets = file_reads(der, chunk=chunk)
        equal(data, der)
        # A full part at the end of the file does not tell that it is the last.
        assert offsets == list(range(0, len(der) + (len(der) % chunk == 0), chunk))


def test_empty_files():
    for content in (b"", b"\x30", b"\x00" * 300, b"\xff" * 300, b"\x30\x00\x00"):
        for end in ("6A86", "6981", "9000"):
            assert file_reads(content, file_end=end)[0] == b""


def test_cut_off_file_is_given_as_it_is():
    der = from_hex(pki.CLIENT)
    for size in (4, 255, 256, 257, len(der) - 1):
        for end in ("6A86", "6981", "9000"):
            equal(file_reads(der[:size], file_end=end)[0], der[:size])


def test_files_that_are_no_der():
    for content in (b"-----BEGIN CERT", b"\x30\x84\x00\x00\x01\x00abc", b"\x30\x80abcd", b"{}  "):
        data, offsets = file_reads(content)
        equal(data, content[: len(data)])
        assert len(offsets) <= 2


def test_huge_file_is_read_up_to_a_limit():
    data, offsets = file_reads(b"\x30\x83\xff\xff\xff" + bytes(9000))
    assert len(data) == 4096 and offsets == list(range(0, 4096, 256))


def test_card_that_gives_single_bytes_is_given_up():
    data, offsets = file_reads(b"\x30\x82\x10\x00" + bytes(9000), chunk=4)
    assert len(data) == 4 * 257 and len(offsets) == 257


def test_missing_file_is_an_error():
    with raises(CardError) as caught:
        Applet(TableCard()).open().read_der(b"\x02")
    assert caught.error.sw == 0x6A82
