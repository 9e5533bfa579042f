"""The client against section 16 of the applet reference: exact commands, parsed results."""

from cards import ScriptedCard, from_hex
from data.worked_examples import EXAMPLES, FILE_02, PAIR_01_POINT
from expect import equal, raises

from iotsafe.applet import Applet
from iotsafe.errors import CardError

SIGNATURE = from_hex(EXAMPLES["16.12 DER"][1][1][4:-4])
DIGEST = from_hex(EXAMPLES["16.12"][1][0][14:-2])
ID_01 = b"\x01"
ID_02 = b"\x02"


def played(name, call, first=None, last=None):
    """Return the result of `call(applet)` with the examples `name`, which it must use up. `first`,
    `last`: the range of the example's exchanges."""
    card = ScriptedCard(*EXAMPLES["16.2"][:2])
    applet = Applet(card).open()
    card.then(*EXAMPLES[name][first:last])
    result = call(applet)
    card.done()
    return result


def test_channel_and_selection():
    open_, found, absent, close = EXAMPLES["16.2"]
    card = ScriptedCard(open_, absent, found, close)
    applet = Applet(card, (from_hex(absent[0][10:]), from_hex(found[0][10:]))).open()
    applet.close()
    card.done()
    equal(applet.aid, from_hex("A0000005590010"))


def test_get_random():
    (example,) = EXAMPLES["16.3"]
    equal(played("16.3", lambda a: a.random(16)), from_hex(example[1][:-4]))


def test_object_list():
    want = played("16.5 L1", lambda a: a.objects())
    assert len(want) == 7
    for name in ("16.5 L1 fetch", "16.5 L2", "16.5 L3"):
        got = played(name, lambda a: a.objects())
        shown = sorted(repr(info) for info in got)
        assert shown == sorted(repr(info) for info in want), name


def test_read_public_key():
    equal(played("16.8", lambda a: a.read_public_key(ID_01)), from_hex(PAIR_01_POINT))


def test_read_file():
    content = from_hex(FILE_02)
    calls = (
        (lambda a: a.read_file(ID_02), content[:256]),
        (lambda a: a.read_file(ID_02, 256), content[256:]),
        (lambda a: a.read_file(ID_02, 300), b""),
        (lambda a: a.read_file(ID_02, 512), b""),
        (lambda a: a.read_file(ID_02, 0, 50), content[:50]),
    )
    assert len(calls) == len(EXAMPLES["16.11"])
    for number, (call, want) in enumerate(calls):
        equal(played("16.11", call, number, number + 1), want)


def test_sign_in_each_encoding():
    for name in ("16.12", "16.12 one-byte length", "16.12 DER"):
        # Not the third exchange: the last update has closed the session.
        equal(played(name, lambda a: a.sign(ID_01, DIGEST), 0, 2), SIGNATURE)


def test_sign_with_get_response():
    for name in ("16.12 fetch", "16.12 one-byte length fetch"):
        init, (update, waiting), fetch, _ = EXAMPLES[name]
        card = ScriptedCard(*EXAMPLES["16.2"][:2])
        applet = Applet(card).open()
        card.then(init, (update + "00", waiting), fetch)  # our command has Le
        equal(applet.sign(ID_01, DIGEST), SIGNATURE)
        card.done()


def test_session_already_open():
    first, again, close = EXAMPLES["16.19 init twice"]
    card = ScriptedCard(*EXAMPLES["16.2"][:2])
    applet = Applet(card).open()
    card.then(again, close, first, EXAMPLES["16.12"][1])
    equal(applet.sign(ID_01, DIGEST), SIGNATURE)
    card.done()


def test_no_open_session():
    ((update, refused),) = EXAMPLES["16.19 no open session"]
    card = ScriptedCard(*EXAMPLES["16.2"][:2])
    applet = Applet(card).open()
    card.then(EXAMPLES["16.12"][0], (update + "00", refused))
    with raises(CardError) as caught:
        applet.sign(ID_01, DIGEST)
    assert caught.error.sw == 0x6985
    card.done()
