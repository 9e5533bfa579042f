"""Cards that answer anything: the client ends soon, with an error of its own, in little memory.

The answers are changed copies of good ones, or noise, from a fixed seed. An exception from outside
the package, or a lack of memory, fails the test.
"""

import random

from cards import OPEN, SELECT, TableCard, from_hex, key_answers
from data import certificates as pki
from data.worked_examples import EXAMPLES, PAIR_01_POINT
from effort import cases, some

import iotsafe
from iotsafe import CertificateCache, find_identity, objects, tlv
from iotsafe.applet import Applet
from iotsafe.der import Certificate, signature
from iotsafe.errors import AppletNotFound, CardError, IdentityError

HEAP = "512k"
TIMEOUT = 120

EXPECTED = (CardError, AppletNotFound, IdentityError)
# An endless list of 64 files would be this long; the cases here are far shorter.
MOST_EXCHANGES = 20_000

STATUS_WORDS = (
    b"\x90\x00\x61\x00\x61\x10\x9f\x05\x6c\x20\x63\x00\x63\xcf\x91\x10\x6a\x82\x69\x85\x6d\x00"
    b"\x6e\x00\x6a\x86\x68\x81\x69\x84\x6f\x00\x69\x81\x00\x00\xff\xff"
)


def bits(count):
    return random.getrandbits(count)


def pick(size):
    """Return a number below `size`."""
    return bits(16) % size


def noise(size):
    return bytes(bits(8) for _ in range(size))


def changed(data):
    """Return `data` with up to three changes: a byte, a bit, a piece removed, a piece doubled,
    cut, more."""
    data = bytearray(data)
    for _ in range(pick(4)):
        at = pick(len(data) + 1)
        how = pick(6)
        if how == 0 and data:
            data[at - 1] = bits(8)
        elif how == 1 and data:
            data[at - 1] ^= 1 << pick(8)
        elif how == 2:
            data = data[:at] + data[at + pick(5) :]
        elif how == 3:
            data = data[:at] + data[at : at + pick(40)] + data[at:]
        elif how == 4:
            data = data[:at]
        else:
            data = data[:at] + noise(pick(20)) + data[at:]
    return bytes(data)


class HostileCard(TableCard):
    """A good card that answers, with a chance of one in `odds`, with a changed answer or noise."""

    def __init__(self, odds):
        super().__init__(
            (
                EXAMPLES[("16.5 L1", "16.5 L2", "16.5 L3")[pick(3)]][0],
                key_answers("01", PAIR_01_POINT),
                EXAMPLES["16.12"][0],
                EXAMPLES[("16.12", "16.12 one-byte length", "16.12 DER")[pick(3)]][1],
                EXAMPLES["16.3"][0],
                ("01CB000000", EXAMPLES["16.4"][0][1]),
            ),
            {"02": from_hex(pki.CLIENT) + bytes(200)},
        )
        self.odds = odds
        self.exchanges = 0

    def _answer(self, command):
        self.exchanges += 1
        assert self.exchanges < MOST_EXCHANGES, "this does not end"
        self.log = []
        answer = super()._answer(command)
        if pick(self.odds):
            return answer
        data, sw = answer[:-2], answer[-2:]
        how = pick(4)
        if how == 0:
            data = noise(pick(257))
        elif how == 1:
            data = changed(data)[:256]
        if how == 2 or not pick(3):
            at = 2 * pick(len(STATUS_WORDS) // 2)
            sw = STATUS_WORDS[at : at + 2]
        return data + sw


def use(card, cache):
    """Do everything that the application does with a card; return the number of successful
    calls."""
    applet = Applet(card)
    well = 0
    for call in (
        applet.open,
        lambda: find_identity(applet, cache=cache),
        lambda: find_identity(applet, b"\x01", b"\x02").sign(from_hex(pki.CA)[:32]),
        lambda: applet.sign(b"\x01", from_hex(EXAMPLES["16.12"][1][0][14:-2])),
        lambda: applet.random(16),
        applet.close,
    ):
        try:
            call()
            well += 1
        except EXPECTED as e:
            assert str(e) and "\n" not in str(e)
    return well


def test_good_card_in_this_setting():
    # Without faults all calls succeed, so that the cases below begin from a working card.
    card = HostileCard(1 << 16)
    card.odds = 1 << 20
    assert use(card, None) == 5  # the signature over the CA is not in the table


def run(seed, count, odds):
    random.seed(seed)
    cache = CertificateCache("kept")
    well = 0
    for _ in range(cases(count)):
        well += use(HostileCard(odds), cache)
    assert 0 < well < 6 * cases(count)


def test_mostly_hostile_answers():
    run(1, 1000, 1)


def test_hostile_answers_now_and_then():
    run(2, 1500, 8)


def test_rare_hostile_answers():
    run(3, 1500, 25)


def test_card_of_pure_noise():
    random.seed(4)

    class Noise(TableCard):
        def _answer(self, command):
            self.log = []
            return noise(pick(257)) + noise(2)

    for _ in range(cases(200)):
        use(Noise(), None)


def test_card_that_offers_more_for_ever():
    for sw in ("6100", "61FF", "9F01", "6300", "6C01"):

        class Endless(TableCard):
            exchanges = 0

            def _answer(self, command, sw=sw):
                self.exchanges += 1
                if command[1] in (0x70, 0xA4):
                    return super()._answer(command)
                return b"\x84\x01\x01" * 85 + from_hex(sw)

        card = Endless((OPEN, SELECT))
        use(card, None)
        assert card.exchanges < 500, (sw, card.exchanges)


def test_all_commands_on_hostile_cards():
    random.seed(9)
    state = bytes(32)
    digest = iotsafe.Digest(from_hex(EXAMPLES["16.12"][1][0][14:-2]))
    calls = (
        lambda applet: applet.capabilities(),
        lambda applet: repr(applet.capabilities()) and repr(applet.objects()),
        lambda applet: applet.object_info(objects.FILE, "CERT"),
        lambda applet: applet.generate_key_pair(b"\4"),
        lambda applet: applet.put_public_key(b"\5", from_hex(PAIR_01_POINT)),
        lambda applet: applet.compute_signature(b"\1", digest),
        lambda applet: applet.compute_signature(b"\1", iotsafe.Text(bytes(300))),
        lambda applet: applet.compute_signature(b"\1", iotsafe.LastBlock(b"x", state, 64)),
        lambda applet: applet.compute_signature(b"\1", digest, algorithm=iotsafe.RSA_PSS),
        lambda applet: applet.verify_signature(b"\1", digest, bytes(range(64))),
        lambda applet: applet.compute_dh(b"\4", b"\5"),
        lambda applet: applet.compute_prf(b"seed", 48, b"secret"),
        lambda applet: applet.compute_hkdf(b"ikm"),
    )
    names = ("16.4", "16.6", "16.7", "16.9", "16.10", "16.12", "16.13", "16.14", "16.15 K1")
    names += ("16.16", "16.17 general", "16.18 early secret")
    table = [step for name in names for step in EXAMPLES[name]]
    well = 0
    for number in range(cases(4000)):
        card = HostileCard((1, 3, 20)[number % 3])
        card.table.update(table)
        applet = iotsafe.FullApplet(card)
        for _ in range(3):
            try:
                calls[pick(len(calls))](applet)
                well += 1
            except EXPECTED as e:
                assert str(e) and "\n" not in str(e)
        assert card.exchanges < 300, card.exchanges
    assert 0 < well < 3 * cases(4000)


def test_lists_of_many_files():
    # The most expensive list: the client reads each file to its limit, and none is a certificate.
    files = some(range(40), 5)

    class Many(TableCard):
        exchanges = 0

        def _answer(self, command):
            self.exchanges += 1
            self.log = []
            if command[1] == 0xCB:
                ids = b"".join(b"\x83\x01%c" % i for i in files)
                return b"\x84\x01\x01" + ids + b"\x90\x00"
            if command[1] == 0xB0:
                return b"\x30\x82\xff\xff" * 64 + b"\x90\x00"
            return super()._answer(command)

    card = Many((key_answers("01", PAIR_01_POINT),))
    use(card, None)
    assert 16 * len(files) < card.exchanges < 16 * len(files) + 100


# ---- the codecs alone ------------------------------------------------------------------------


def codec(seed, count, samples, call):
    random.seed(seed)
    good = 0
    for number in range(cases(count)):
        sample = samples[number % len(samples)]
        data = noise(pick(120)) if number % 8 == 0 else changed(sample)
        try:
            call(data)
            good += 1
        except ValueError as e:  # TLVError is a ValueError
            assert "\n" not in str(e)
    assert 0 < good < cases(count)


def test_data_objects():
    samples = [from_hex(EXAMPLES[name][0][1][:-4]) for name in ("16.5 L1", "16.5 L2", "16.5 L3")]
    samples.append(from_hex("330040" + "AB" * 64))
    codec(5, 3000, samples, lambda data: [value for _, value in tlv.items(data)])


def test_object_lists():
    samples = [from_hex(EXAMPLES[name][0][1][:-4]) for name in ("16.5 L1", "16.5 L2", "16.5 L3")]

    def call(data):
        for info in objects.parse(data):
            assert 0 < len(info.id) <= 20
            repr(info)

    codec(6, 3000, samples, call)


def test_signatures():
    raw = EXAMPLES["16.12"][1][1][6:-4]
    samples = [from_hex(raw), from_hex(EXAMPLES["16.12 DER"][1][1][4:-4])]

    def call(data):
        der = signature(data)
        assert 8 <= len(der) <= 72 and der[1] == len(der) - 2

    codec(7, 3000, samples, call)


def test_certificates():
    samples = [from_hex(text) for text in (pki.CLIENT, pki.CLIENT_UTF8, pki.RSA, pki.P384)]

    def call(data):
        info = Certificate(data)
        assert info.public_key is None or len(info.public_key) == 65
        assert len(info.not_before) == len(info.not_after) == 19

    codec(8, 3000, samples, call)
