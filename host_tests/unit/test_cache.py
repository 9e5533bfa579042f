"""The cached certificate: checked in one exchange, never trusted when damaged, never an
obstacle."""

import os

from cards import TableCard, from_hex
from data import certificates as pki
from effort import some
from expect import equal, raises, replaced
from pem_files import pem

from iotsafe import cache as module
from iotsafe.applet import Applet
from iotsafe.cache import CertificateCache
from iotsafe.errors import CardError

DER = from_hex(pki.CLIENT)
RENEWED = from_hex(pki.CLIENT_RENEWED)
PATH = "certificate"


def cache_with(certificate=DER):
    """Return a cache that keeps `certificate`, made by an earlier boot."""
    CertificateCache(PATH).save(certificate)
    return CertificateCache(PATH)


def fetch(cache, content, **card):
    """Return the certificate by way of `cache`, and the number of exchanges."""
    applet = Applet(TableCard(files={"02": content}, **card)).open()
    before = applet.apdu.exchanges
    return cache.fetch(applet, b"\x02"), applet.apdu.exchanges - before


def contents(path=PATH):
    with open(path, "rb") as file:
        return file.read()


def write(data, path=PATH):
    with open(path, "wb") as file:
        file.write(data)


def test_without_a_file():
    cache = CertificateCache(PATH)
    assert cache.load() is None
    assert fetch(cache, DER) == (DER, 2)


def test_what_is_kept_is_loaded():
    equal(cache_with().load(), DER)
    assert os.listdir() == [PATH]


def test_kept_certificate_costs_one_exchange():
    card = TableCard(files={"02": DER + bytes(500)})
    applet = Applet(card).open()
    equal(cache_with().fetch(applet, b"\x02"), DER)
    start = len(DER) - 32
    # Its last 32 bytes, and five more, where another certificate would begin.
    assert card.log[2:] == ["01B0%04X0383010225" % start]


def chain(count):
    """Return a file with the certificate and `count` others after it."""
    others = (pki.CA, pki.OTHER_CA)
    return DER + b"".join([from_hex(text) for text in others[:count]])


def test_a_kept_chain_costs_one_exchange():
    for count in (1, 2):
        for padding in (b"", bytes(300)):
            assert fetch(cache_with(chain(count)), chain(count) + padding) == (chain(count), 1)


def test_a_chain_that_changed_is_read():
    other = DER + from_hex(pki.OTHER_CA)
    for kept, content in (
        (DER, chain(1)),  # it was added
        (chain(1), DER),  # and removed
        (chain(1), other),
        (chain(1), RENEWED + chain(1)[len(DER) :]),  # below the same issuer
        (chain(1), from_hex(pki.CLIENT_SHORT) + chain(1)[len(DER) :]),
    ):
        equal(fetch(cache_with(kept), content + bytes(200))[0], content)


def test_a_kept_pem_file():
    text = pem(DER) + pem(from_hex(pki.CA))
    assert fetch(cache_with(text), text + bytes(50)) == (text, 1)
    renewed = pem(RENEWED) + pem(from_hex(pki.CA))
    equal(fetch(cache_with(text), renewed + bytes(50))[0], renewed)
    equal(fetch(cache_with(text), DER)[0], DER)


def test_changed_certificate_is_read():
    assert RENEWED != DER
    got, exchanges = fetch(cache_with(), RENEWED)
    equal(got, RENEWED)
    assert exchanges == 3


def test_shorter_and_longer_certificates_are_read():
    short = from_hex(pki.CLIENT_SHORT)
    assert len(short) < len(DER)
    equal(fetch(cache_with(), short)[0], short)
    equal(fetch(cache_with(short), DER)[0], DER)


def test_emptied_file_is_not_covered_up():
    for content in (b"", bytes(600), b"\xff" * 600):
        for end in ("6A86", "6981", "9000"):
            assert fetch(cache_with(), content, file_end=end)[0] == b""


def test_missing_file_is_not_covered_up():
    with raises(CardError, text="6A82"):
        cache_with().fetch(Applet(TableCard()).open(), b"\x02")


def test_each_damaged_byte_is_noticed():
    whole = contents(cache_with().path)
    for at in some(range(len(whole))):
        write(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        assert CertificateCache(PATH).load() is None, at


def test_damaged_lengths_are_noticed():
    whole = contents(cache_with().path)
    for size in some(range(0, len(whole), 7)):
        write(whole[:size])
        assert CertificateCache(PATH).load() is None
    for data in (whole + b"\x00", whole + whole, bytes(len(whole)), DER, bytes(40000)):
        write(data)
        assert CertificateCache(PATH).load() is None


def test_damaged_file_is_read_again_and_replaced():
    write(b"\x30\x03abc")
    cache = CertificateCache(PATH)
    assert fetch(cache, DER) == (DER, 2)
    cache.save(DER)
    equal(cache.load(), DER)


def test_fetch_writes_nothing():
    fetch(CertificateCache(PATH), DER)
    assert os.listdir() == []


def test_what_is_kept_already_is_not_written_again():
    cache = cache_with()
    with replaced(module, os=None):  # no rename
        cache.save(DER)
    equal(cache.load(), DER)


def test_unwritable_flash():
    cache = CertificateCache("no-such-folder/certificate")
    cache.save(DER)
    assert cache.load() is None
    assert fetch(cache, DER) == (DER, 2)
    # A folder cannot be read or written as a file. (An empty one can, on littlefs: removing a file
    # removes it.)
    os.mkdir("folder")
    write(b"", "folder/file")
    cache = CertificateCache("folder")
    cache.save(DER)
    assert cache.load() is None
    assert "folder" in os.listdir()


class PowerCut(BaseException):
    pass


class CutAtRename:
    """`os` whose power fails at the rename."""

    def __init__(self):
        self.remove = os.remove

    def rename(self, old, new):
        raise PowerCut


def test_power_cut_between_write_and_rename_keeps_the_old():
    cache = cache_with()
    with replaced(module, os=CutAtRename()), raises(PowerCut):
        cache.save(RENEWED)
    equal(CertificateCache(PATH).load(), DER)
    cache.save(RENEWED)
    equal(CertificateCache(PATH).load(), RENEWED)
    assert os.listdir() == [PATH]


def test_power_cut_in_the_write_keeps_the_old():
    cache = cache_with()
    for size in (0, 1, 400):
        write(RENEWED[:size], PATH + ".new")
        equal(CertificateCache(PATH).load(), DER)
    cache.save(RENEWED)
    equal(cache.load(), RENEWED)


class FAT:
    """`os` of a file system whose rename does not replace."""

    def __init__(self, cut=False):
        self.cut = cut

    def rename(self, old, new):
        if new in os.listdir():
            raise OSError(17)
        if self.cut:
            raise PowerCut
        os.rename(old, new)

    def remove(self, path):
        os.remove(path)


def test_fat_replaces():
    cache = cache_with()
    with replaced(module, os=FAT()):
        cache.save(RENEWED)
    equal(cache.load(), RENEWED)


def test_power_cut_on_fat_leaves_no_wrong_certificate():
    cache = cache_with()
    with replaced(module, os=FAT(cut=True)), raises(PowerCut):
        cache.save(RENEWED)
    assert CertificateCache(PATH).load() is None
    with replaced(module, os=FAT()):
        cache.save(RENEWED)
    equal(cache.load(), RENEWED)


def test_a_left_over_file_that_cannot_be_removed_is_not_written_to():
    cache = cache_with()
    write(b"left over", PATH + ".new")

    class Failing:
        """`os` of a flash that fails."""

        def remove(self, path):
            raise OSError(28)

    with replaced(module, os=Failing()):
        cache.save(RENEWED)
    equal(cache.load(), DER)
    equal(contents(PATH + ".new"), b"left over")
    cache.save(RENEWED)
    equal(cache.load(), RENEWED)
    assert os.listdir() == [PATH]


def test_a_file_that_cannot_be_renamed_leaves_nothing_behind():
    cache = cache_with()

    class Full:
        """`os` that can neither replace a file nor remove the cached one."""

        def rename(self, *_):
            raise OSError(28)

        def remove(self, path):
            if path == PATH:
                raise OSError(28)
            os.remove(path)

    with replaced(module, os=Full()):
        cache.save(RENEWED)
    equal(cache.load(), DER)
    assert os.listdir() == [PATH]


def test_flash_that_can_neither_rename_nor_remove():
    class Stuck:
        def rename(self, *_):
            raise OSError(30)

        remove = rename

    cache = cache_with()
    with replaced(module, os=Stuck()):
        cache.save(RENEWED)
    equal(cache.load(), DER)
