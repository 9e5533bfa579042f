"""Object information in the three layouts of real cards (7.4, 7.5, 14), and hostile lists."""

from cards import from_hex
from data.worked_examples import EXAMPLES, OBJECTS
from expect import raises

from iotsafe import objects
from iotsafe.tlv import TLVError

KINDS = {
    "private": objects.PRIVATE_KEY,
    "public": objects.PUBLIC_KEY,
    "secret": objects.SECRET_KEY,
    "file": objects.FILE,
}
FIELDS = {"60": "access", "4A": "state", "4B": "key_type", "61": "functions", "20": "size"}


def parse(text):
    return objects.parse(from_hex(text))


def summary(text):
    return [(info.kind, info.id, info.label) for info in parse(text)]


def layout(name):
    return EXAMPLES[name][0][1][:-4]


def check_example(found):
    """Check that `found` are the objects of 16.1, in any order."""
    assert len(found) == len(OBJECTS)
    for kind, id, label, attributes in OBJECTS:
        (info,) = [i for i in found if i.kind == KINDS[kind] and i.id == from_hex(id)]
        assert info.label == label.encode()
        for tag, value in attributes:
            if tag in FIELDS:
                assert getattr(info, FIELDS[tag]) == int(value, 16), (kind, id, tag)
            elif tag in ("4E", "21"):
                assert info.usage == int(value, 16)
        assert info.usable() == (info.id != b"\x05")
        if kind != "file":
            assert info.size is None


def test_layout_with_a_wrapper_per_object():
    check_example(parse(layout("16.5 L1")))


def test_layout_with_a_wrapper_per_type():
    check_example(parse(layout("16.5 L2")))


def test_layout_without_wrappers():
    check_example(parse(layout("16.5 L3")))


def test_object_data_with_and_without_wrapper_and_usage():
    for name, usage in (("16.6 bare", 2), ("16.6 without 21", None)):
        (info,) = parse(layout(name))
        assert (info.id, info.label, info.usage, info.size) == (b"\x02", b"CERT", usage, 300)
    for _, answer in EXAMPLES["16.6"]:
        assert len(parse(answer[:-4])) == 1


def test_objects_without_labels():
    listed = "840101 4A0101 840102 4A0100 850101 830102 20020010"
    assert summary(listed) == [
        (objects.PRIVATE_KEY, b"\x01", b""),
        (objects.PRIVATE_KEY, b"\x02", b""),
        (objects.PUBLIC_KEY, b"\x01", b""),
        (objects.FILE, b"\x02", b""),
    ]
    assert [info.state for info in parse(listed)] == [1, 0, None, None]


def test_a_label_belongs_only_to_the_id_that_follows_it():
    assert summary("74014B 840101 840102") == [
        (objects.PRIVATE_KEY, b"\x01", b"K"),
        (objects.PRIVATE_KEY, b"\x02", b""),
    ]
    # The ID of another type, or with a field between, is another object; without ID there is no
    # object.
    assert summary("74014B 850101") == [(objects.PUBLIC_KEY, b"\x01", b"")]
    assert summary("74014B 4A0101 840101") == [(objects.PRIVATE_KEY, b"\x01", b"")]
    assert summary("C10374014B C103840101") == [(objects.PRIVATE_KEY, b"\x01", b"")]


def test_ids_of_several_bytes():
    assert summary("8403303036 8503303037")[1] == (objects.PUBLIC_KEY, b"007", b"")
    assert len(summary("8414" + "01" * 20)) == 1


def test_signature_algorithm_with_a_wrong_length():
    (info,) = parse("840101 61 01 01 920204 91020001 6F0101")
    assert info.functions == 1
    (first, second) = parse("840101 92020491020001 840102 4A0100")
    assert (first.state, second.state) == (None, 0)


def test_fields_of_a_wrong_length_are_ignored():
    (info,) = parse("830102 4A020101 200103 2003000102 6000")
    assert (info.state, info.size, info.access) == (None, None, None)


def test_fields_before_any_object_are_ignored():
    assert parse("4A0101 200200FF 9000") == []


def test_wrappers_are_opened_once():
    # A wrapper in a wrapper is treated like an unknown field; nothing nests deeper.
    assert summary("C107C105C103840101") == []
    assert summary("C1058401 01C100 850102") == [
        (objects.PRIVATE_KEY, b"\x01", b""),
        (objects.PUBLIC_KEY, b"\x02", b""),
    ]
    nested = b"\x84\x01\x01"
    while len(nested) < 2000:
        size = len(nested)
        nested = bytes((0xC1, 0x82, size >> 8, size & 0xFF)) + nested
    assert objects.parse(nested) == []


def test_empty_list():
    assert parse("") == []
    assert parse("C100C200C300C400") == []


def test_cut_off_lists_are_refused():
    whole = from_hex(layout("16.5 L2"))
    ends = []
    for size in range(len(whole)):
        try:
            objects.parse(whole[:size])
            ends.append(size)
        except TLVError:
            pass
    assert ends == [0, 0x39, 0x39 + 0x5B, 0x39 + 0x5B + 0x18]  # between two wrappers


def test_too_long_an_id_is_refused():
    for text in ("8415" + "01" * 21, "8481FB" + "01" * 251, "74014B 8482012C" + "01" * 300):
        with raises(TLVError, text="an ID of"):
            parse(text)


def test_too_many_objects_are_refused():
    assert len(parse("840101" * 64)) == 64
    with raises(TLVError, text="more than 64 objects"):
        parse("8400" * 2000)
    with raises(TLVError, text="more than 64 objects"):
        parse("7400" * 2000)
    with raises(TLVError, text="more than 64 objects"):
        parse("C18207D0" + "8400" * 1000)


def test_names_in_messages():
    assert objects.name(b"\x01") == "01"
    assert objects.name(b"0006", b"KEY") == "30303036 (KEY)"
    assert objects.name(b"\xfe", b"a\n\x1b\xff") == "FE (a???)"
    assert repr(parse("74014B 840101")[0]) == "<private key 01 (K)>"


def test_every_field_of_the_example_is_read():
    got = {}
    for info in parse(EXAMPLES["16.5 L1"][0][1][:-4]):
        got[info.kind, info.id] = (info.algorithms, info.hashes, info.agreements, info.derivations)
    assert got[4, b"\1"] == (4, 1, None, None), got
    assert got[5, b"\5"] == (4, 1, 1, None), got
    assert got[6, b"\6"] == (None, None, None, 1), got
    assert got[3, b"\2"] == (None, None, None, None), got
