"""The choice of key and certificate, and the errors when there are none."""

import os

from cards import ScriptedCard, TableCard, from_hex, key_answers
from data import certificates as pki
from data.worked_examples import EXAMPLES, PAIR_01_POINT, PAIR_04_POINT
from expect import equal, raises
from pem_files import pem
from software_key import sign

import iotsafe
from iotsafe import CertificateCache, find_identity
from iotsafe.applet import Applet
from iotsafe.errors import (
    BadCertificate,
    CardError,
    CardProtocolError,
    IdentityError,
    KeyMismatch,
    NoCertificate,
    NoKey,
)

CLIENT = from_hex(pki.CLIENT)
SECOND = from_hex(pki.SECOND)
KEY_01 = key_answers("01", PAIR_01_POINT)
KEY_04 = key_answers("04", PAIR_04_POINT)


def listing(*parts):
    return ("01CB010000", "".join(parts) + "9000")


def private(id, fields="4A01014B0113610101"):
    return "8401" + id + fields


def file(id, fields="4A0101210102"):
    return "8301" + id + fields


def card(*table, **files):
    """Return a card with these answers and files f02=..., f03=...; and its applet, open."""
    names = {name[1:]: content for name, content in files.items()}
    table = TableCard(table, names)
    return table, Applet(table).open()


def chosen(applet, *args):
    identity = find_identity(applet, *args)
    return identity.key_id, identity.certificate_id


def test_card_of_the_worked_examples():
    for name in ("16.5 L1", "16.5 L2", "16.5 L3"):
        _, applet = card(EXAMPLES[name][0], KEY_01, f02=CLIENT)
        identity = find_identity(applet)
        assert (identity.key_id, identity.certificate_id) == (b"\x01", b"\x02")
        equal(identity.certificate, CLIENT)
        equal(identity.public_key, from_hex(PAIR_01_POINT))
        assert identity.chain == () and identity.info.common_name == "device-0001"
        assert str(identity) == "key 01, certificate 02 (device-0001)"


def test_exchanges_of_the_choice():
    table, applet = card(EXAMPLES["16.5 L1"][0], KEY_01, f02=CLIENT)
    find_identity(applet)
    names = [command[2:4] for command in table.log]
    assert names == ["70", "A4", "CB", "CD", "B0", "B0"]


def test_exchanges_with_a_kept_certificate():
    CertificateCache("kept").save(CLIENT)
    table, applet = card(EXAMPLES["16.5 L1"][0], KEY_01, f02=CLIENT)
    equal(find_identity(applet, cache=CertificateCache("kept")).certificate, CLIENT)
    assert [command[2:4] for command in table.log[2:]] == ["CB", "CD", "B0"]


def test_only_the_chosen_certificate_is_kept():
    cache = CertificateCache("kept")
    _, applet = card(
        listing(private("01"), file("02"), file("03")), KEY_01, f02=SECOND, f03=CLIENT
    )
    assert find_identity(applet, cache=cache).certificate_id == b"\x03"
    equal(cache.load(), CLIENT)
    _, applet = card(listing(private("01"), file("02")), KEY_01, f02=SECOND)
    with raises(KeyMismatch):
        find_identity(applet, cache=cache)
    equal(cache.load(), CLIENT)


def test_renewed_certificate_replaces_the_kept_one():
    cache = CertificateCache("kept")
    cache.save(CLIENT)
    renewed = from_hex(pki.CLIENT_RENEWED)
    _, applet = card(listing(private("01"), file("02")), KEY_01, f02=renewed)
    equal(find_identity(applet, cache=cache).certificate, renewed)
    equal(cache.load(), renewed)
    assert os.listdir() == ["kept"]


def test_second_key_and_second_file():
    keys = listing(private("01"), private("04"), file("02"), file("03"))
    _, applet = card(keys, KEY_01, KEY_04, f02=SECOND, f03=CLIENT)
    assert chosen(applet) == (b"\x04", b"\x02")
    _, applet = card(keys, KEY_01, KEY_04, f02=b"", f03=SECOND)
    assert chosen(applet) == (b"\x04", b"\x03")
    _, applet = card(keys, KEY_01, f02=SECOND, f03=CLIENT)  # key 04 is empty
    assert chosen(applet) == (b"\x01", b"\x03")


def test_bad_files_before_the_good_one():
    files = listing(private("01"), file("02"), file("03"), file("04"), file("05"))
    _, applet = card(files, KEY_01, f02=CLIENT[:200], f03=b"junk" * 20, f05=CLIENT)
    assert chosen(applet) == (b"\x01", b"\x05")


def test_fixed_ids_need_no_list():
    table, applet = card(KEY_04, f03=SECOND)
    assert chosen(applet, b"\x04", b"\x03") == (b"\x04", b"\x03")
    assert [command[2:4] for command in table.log[2:]] == ["CD", "B0", "B0"]


def test_one_fixed_id():
    keys = listing(private("01"), private("04"), file("02"), file("03"))
    answers = (keys, KEY_01, KEY_04)
    _, applet = card(*answers, f02=CLIENT, f03=SECOND)
    assert chosen(applet, b"\x04") == (b"\x04", b"\x03")
    assert chosen(applet, None, b"\x03") == (b"\x04", b"\x03")
    assert chosen(applet, b"", b"") == (b"\x01", b"\x02")


def test_fixed_key_that_is_not_listed():
    _, applet = card(listing(private("01"), file("02")), KEY_01, f02=CLIENT)
    with raises(NoKey, text="the applet holds no private key that may sign"):
        find_identity(applet, b"\x07")
    with raises(NoCertificate, text="no certificate file"):
        find_identity(applet, None, b"\x07")


def test_card_without_get_data():
    for sw in ("6A86", "6A82"):
        _, applet = card(("01CB010000", sw), KEY_01, f02=CLIENT)
        assert chosen(applet) == (b"\x01", b"\x02")
    # 6D00 may also mean that the channel is lost: the client retries once on a new one.
    table, applet = card(("01CB010000", "6D00"), KEY_01, f02=CLIENT)
    assert chosen(applet) == (b"\x01", b"\x02")
    assert [command[2:4] for command in table.log[2:7]] == ["CB", "70", "70", "A4", "CB"]


def test_card_without_get_data_and_one_fixed_id():
    _, applet = card(("01CB010000", "6A86"), KEY_01, KEY_04, f02=SECOND, f03=CLIENT)
    assert chosen(applet, b"\x04") == (b"\x04", b"\x02")
    assert chosen(applet, None, b"\x03") == (b"\x01", b"\x03")


def test_public_half_is_found_by_label():
    # The halves of this card's pairs have different IDs, like Zariot's.
    keys = listing("74034B4559 8403303036 4A01014B0113610101", "75034B4559 8503303037", file("02"))
    _, applet = card(keys, key_answers("303037", PAIR_01_POINT), f02=CLIENT)
    assert chosen(applet) == (b"006", b"\x02")


def test_public_half_without_the_label_has_the_same_id():
    keys = listing("74014B 840101", "75014C 850109", file("02"))
    _, applet = card(keys, KEY_01, f02=CLIENT)
    assert chosen(applet) == (b"\x01", b"\x02")


def test_keys_that_may_not_sign():
    for fields in ("4A0100", "4A01014B0103", "4B01A0", "4B0113610106", "4B0123"):
        table, applet = card(listing(private("01", fields), file("02")), KEY_01, f02=CLIENT)
        with raises(NoKey, text="the applet holds no private key that may sign"):
            find_identity(applet)
        assert len(table.log) == 3, fields  # the client asked the card nothing


def test_keys_that_may_sign():
    for fields in ("", "4A0101", "4B0113", "4B0114", "610101", "61010F"):
        _, applet = card(listing(private("01", fields), file("02")), KEY_01, f02=CLIENT)
        assert chosen(applet) == (b"\x01", b"\x02")


def test_no_key_containers():
    for objects in ((), (file("02"),)):
        _, applet = card(listing(*objects), f02=CLIENT)
        with raises(NoKey, text="no private key"):
            find_identity(applet)


def test_empty_key_containers():
    for sw in ("6985", "6A82", "6A80", "6A88"):
        keys = listing(private("01"), private("04"), file("02"))
        refused = (KEY_01[0], sw), (KEY_04[0], sw)
        _, applet = card(keys, *refused, f02=CLIENT)
        with raises(NoKey, text="in the containers that may sign: 01, 04"):
            find_identity(applet)


def test_refusals_that_are_no_absence():
    _, applet = card(listing(private("01"), file("02")), (KEY_01[0], "6984"), f02=CLIENT)
    with raises(CardError, text="READ PUBLIC KEY public key 01: the SIM answered 6984"):
        find_identity(applet)
    _, applet = card(("01CB010000", "6984"))
    with raises(CardError, text="GET DATA: the SIM answered 6984, remote administration"):
        find_identity(applet)


def test_malformed_list():
    _, applet = card(("01CB010000", "C1 7F 84 01 01 9000"))
    with raises(CardProtocolError, text="GET DATA: the SIM's answer is not understood"):
        find_identity(applet)


def test_no_certificate_file():
    general = file("02", "4A0100210101")  # and empty
    for objects in ((private("01"),), (private("01"), general)):
        _, applet = card(listing(*objects), KEY_01, f02=CLIENT)
        with raises(NoCertificate, text="the applet has no certificate file"):
            find_identity(applet)


def test_file_without_usage_may_hold_the_certificate():
    _, applet = card(listing(private("01"), file("02", "4A0101")), KEY_01, f02=CLIENT)
    assert chosen(applet) == (b"\x01", b"\x02")


def test_empty_certificate_file():
    text = "certificate file 02 is empty"
    for content in (b"", bytes(600), b"\xff" * 600):
        _, applet = card(listing(private("01"), file("02")), KEY_01, f02=content)
        with raises(NoCertificate, text=text):
            find_identity(applet)


def test_missing_or_deactivated_certificate_file():
    for sw in ("6A82", "6985"):
        table, applet = card(KEY_01)
        table._read = lambda command, sw=sw: from_hex(sw)
        with raises(NoCertificate, text="certificate file 02 is empty"):
            find_identity(applet, b"\x01", b"\x02")


def test_certificate_that_may_not_be_read():
    table, applet = card(KEY_01)
    table._read = lambda command: b"\x69\x82"
    with raises(CardError, text="READ FILE file 02: the SIM answered 6982"):
        find_identity(applet, b"\x01", b"\x02")


def test_cut_off_certificate():
    for size in (64, 255, 256, len(CLIENT) - 1):
        _, applet = card(KEY_01, f02=CLIENT[:size])
        text = "certificate file 02 is cut off or damaged (%d bytes, DER ends early)" % size
        with raises(BadCertificate, text=text):
            find_identity(applet, b"\x01", b"\x02")


def test_padded_cut_off_certificate():
    # The container is full of zeros after the cut: its length is right, but the file is damaged.
    _, applet = card(KEY_01, f02=CLIENT[:150] + bytes(800))
    with raises(BadCertificate):
        find_identity(applet, b"\x01", b"\x02")


def test_file_that_is_no_certificate():
    key = pem(CLIENT, label=b"PRIVATE KEY")
    for content in (
        b"-----BEGIN CERTIFICATE-----\n" * 9,
        b'{"port": 8883}',
        b"\x30\x84" * 40,
        pem(CLIENT)[:-40],
        key,
    ):
        _, applet = card(KEY_01, f02=content)
        with raises(BadCertificate, text="certificate file 02 is cut off or damaged"):
            find_identity(applet, b"\x01", b"\x02")


CHAIN = (from_hex(pki.CA), from_hex(pki.OTHER_CA))


def test_a_chain_in_the_file_of_the_certificate():
    text = pem(CLIENT) + pem(CHAIN[0]) + pem(CHAIN[1])
    for content in (CLIENT + CHAIN[0] + CHAIN[1] + bytes(90), text + b"\xff" * 90):
        _, applet = card(KEY_01, f02=content)
        for _ in ("read", "kept"):
            identity = find_identity(applet, b"\x01", b"\x02", CertificateCache("kept"))
            equal(identity.certificate, CLIENT)
            assert identity.chain == CHAIN


def test_what_an_earlier_content_left_behind_is_no_chain():
    old = CHAIN[1][200:]
    for rest in (old, b"\x30\x82" + old, CHAIN[0][:-1], b"\x30\x84" + old):
        _, applet = card(KEY_01, f02=CLIENT + rest)
        assert find_identity(applet, b"\x01", b"\x02").chain == (), rest
    _, applet = card(KEY_01, f02=CLIENT + CHAIN[0] + CHAIN[1][:-1])
    assert find_identity(applet, b"\x01", b"\x02").chain == CHAIN[:1]


def test_a_chain_in_further_files_and_given():
    labelled = "7305494E544552 830103"
    keys = listing(private("01"), file("02"), labelled, file("04"))
    _, applet = card(keys, KEY_01, f02=CLIENT, f03=CHAIN[0] + bytes(9), f04=pem(CHAIN[1]))
    for chain, want in (
        ((b"\x03",), CHAIN[:1]),
        ((b"\x04", b"\x03"), (CHAIN[1], CHAIN[0])),
        ((CHAIN[0],), CHAIN[:1]),
        ((pem(CHAIN[0]) + pem(CHAIN[1]),), CHAIN),
        ((CHAIN[0] + CHAIN[1],), CHAIN),
        ((b"\x03", CHAIN[1]), CHAIN),
    ):
        assert find_identity(applet, chain=chain).chain == want


def test_a_chain_by_label():
    table, applet = card(KEY_01, f02=CLIENT)
    table._read = lambda command: (
        (CHAIN[0] if command[5] == 0x73 else CLIENT if command[7] == 2 else b"")[
            command[2] << 8 | command[3] :
        ][:256]
        + b"\x90\x00"
    )
    assert find_identity(applet, b"\x01", b"\x02", None, ("INTER",)).chain == CHAIN[:1]


def test_a_chain_that_cannot_be_read():
    _, applet = card(KEY_01, f02=CLIENT, f03=CHAIN[0][:99])
    for source, text in (
        (b"\x03", "03: certificate file 03 is cut off or damaged (99 bytes, DER ends early)"),
        (b"\x04", "04: certificate file 04 is empty"),
        (b"junk" * 9, "given: no certificate in PEM or DER"),
        (CHAIN[0][:-1], "given: DER ends early"),
    ):
        with raises(BadCertificate, text="the issuers' certificates cannot be used: " + text):
            find_identity(applet, b"\x01", b"\x02", None, (source,))


def test_certificate_of_another_key():
    _, applet = card(listing(private("01"), file("02")), KEY_01, f02=SECOND)
    text = "certificate in file 02 (device-0004) belongs to another key than 01"
    with raises(KeyMismatch, text=text):
        find_identity(applet)


def test_certificate_of_a_key_that_is_not_p256():
    for content in (pki.RSA, pki.P384):
        _, applet = card(KEY_01, f02=from_hex(content))
        with raises(KeyMismatch):
            find_identity(applet, b"\x01", b"\x02")


def test_the_first_problem_is_told():
    files = listing(private("01"), file("02"), file("03"))
    _, applet = card(files, KEY_01, f02=b"", f03=SECOND)
    with raises(NoCertificate, text="file 02"):
        find_identity(applet)
    _, applet = card(files, KEY_01, f02=SECOND, f03=CLIENT[:99])
    with raises(KeyMismatch, text="file 02"):
        find_identity(applet)


def test_identity_errors_have_one_class():
    for kind in (NoKey, NoCertificate, BadCertificate, KeyMismatch):
        assert issubclass(kind, IdentityError)


def test_signature_is_counted_and_costs_two_exchanges():
    digest = bytes(range(48))
    signed = sign(digest)  # DER inside tag 33: r and s need not be known here
    table, applet = card(
        KEY_01,
        ("012A00010D840101A1010391020001920104", "9000"),
        (
            "012B8001229E20" + "".join("%02X" % i for i in range(32)) + "00",
            "33%02X%s9000" % (len(signed), "".join("%02X" % byte for byte in signed)),
        ),
        f02=CLIENT,
    )
    identity = find_identity(applet, b"\x01", b"\x02")
    before = applet.apdu.exchanges
    for count in (1, 2, 3):
        equal(identity.sign(digest), signed)
        assert identity.signatures == count
        assert applet.apdu.exchanges - before == 2 * count
    table.table.clear()
    with raises(CardError):
        identity.sign(digest)
    assert identity.signatures == 3


def test_keys_for_tls_come_first():
    keys = (private("01"), private("04", "4A01014B01134E0102610101"), file("02"), file("03"))
    table, applet = card(listing(*keys), KEY_01, KEY_04, f02=CLIENT, f03=SECOND)
    find_identity(applet)
    assert next(command for command in table.log if command[2:4] == "CD") == KEY_04[0]


def test_a_card_that_does_not_tell_public_keys():
    table, applet = card(
        listing(private("01"), file("02")),
        ("01CD00000385010100", "6D00"),
        ("012A00010D840101A1010391020001920104", "9000"),
        f02=CLIENT,
    )
    answer = table._answer
    raw = from_hex("330040" + "11" * 64 + "9000")
    table._answer = lambda command: raw if command[1] == 0x2B else answer(command)
    identity = find_identity(applet)
    # One signature: the key is there. With one key and one certificate, nobody verifies it.
    assert [command[2:4] for command in table.log].count("2B") == 1
    assert (identity.key_id, identity.certificate_id) == (b"\x01", b"\x02")
    equal(identity.public_key, from_hex(PAIR_01_POINT))  # the certificate's


def test_fixed_ids_of_a_pair_whose_halves_differ():
    keys = listing("74034B4559 8403303036 4A01014B0113610101", "75034B4559 8503303037", file("02"))
    _, applet = card(keys, key_answers("303037", PAIR_01_POINT), f02=CLIENT)
    assert chosen(applet, b"006", b"\x02") == (b"006", b"\x02")


def test_fixed_labels():
    keys = ("74034B4559840101", "7402454B840104", "7502454B850104", "730143830102", "730144830103")
    _, applet = card(listing(*keys), KEY_01, KEY_04, f02=CLIENT, f03=SECOND)
    assert chosen(applet, "EK", "D") == (b"\x04", b"\x03")
    assert chosen(applet, "EK") == (b"\x04", b"\x03")
    assert chosen(applet, "", "D") == (b"\x04", b"\x03")
    with raises(NoKey):
        find_identity(applet, "NONE")
    with raises(KeyMismatch, text="belongs to another key than 04"):
        find_identity(applet, "EK", "C")
    # On a card without a list the client asks for the labels themselves.
    read = ("01CD000004 7502454B 00".replace(" ", ""), KEY_04[1])
    _, applet = card(("01CB010000", "6A86"), read, f03=SECOND)
    assert find_identity(applet, "EK", b"\x03").sign


def test_the_door_opens_the_applet_and_finds_the_identity():
    class Modem:
        def __init__(self, channel):
            self.channel = channel

        def sim(self):
            return self.channel

    for behind in (lambda channel: channel, Modem):
        channel = TableCard((EXAMPLES["16.5 L1"][0], KEY_01), {"02": CLIENT})
        identity = iotsafe.identity(behind(channel))
        assert (identity.key_id, identity.certificate_id) == (b"\x01", b"\x02")
        assert identity.applet.aid == iotsafe.AIDS[0] and identity.applet.random


def test_the_door_takes_what_is_wanted():
    aid = b"\xa0\x00\x00\x00\x01"
    table = (("00A4040005A000000001", "9000"), KEY_04, ("01A4040005A000000001", "9000"))
    channel = TableCard(table, {"03": SECOND})
    cache = CertificateCache("kept")
    identity = iotsafe.identity(channel, b"\x04", b"\x03", cache, (aid,))
    assert (identity.key_id, identity.certificate_id) == (b"\x04", b"\x03")
    assert identity.applet.aid == aid and cache.load() == SECOND


def test_the_door_leaves_no_channel_open_when_it_finds_nothing():
    # Whoever tries again opens another one each time, and a SIM has three, or nineteen.
    for table, kind in (
        ((listing(file("02")),), NoKey),
        ((listing(private("01"), file("02")), KEY_01), NoCertificate),
        ((("01CB010000", "6984"),), CardError),
    ):
        channel = TableCard(table, {})
        with raises(kind):
            iotsafe.identity(channel)
        assert channel.log[-1] == "0070800100", channel.log


def test_a_close_that_fails_does_not_hide_what_is_missing():
    key = (private("01"), file("02"))
    steps = [("0070000001", "019000"), ("01A4040007A0000005590010", "9000")]
    steps.append(listing(*key))
    steps += [(KEY_01[0], "6A82"), ("012A00010D840101A1010391020001920104", "6A82")]
    steps.append(("0070800100", OSError(5, "x")))
    channel = ScriptedCard(*steps)
    with raises(NoKey):
        iotsafe.identity(channel)
    channel.done()


def test_the_door_says_what_is_missing():
    refused = ("01A4040007A0000005590010", "6A82")
    with raises(iotsafe.AppletNotFound):
        iotsafe.identity(TableCard((refused,), {}), aids=iotsafe.AIDS[:1])
    with raises(NoKey):
        iotsafe.identity(TableCard((listing(file("02")),), {"02": CLIENT}))
