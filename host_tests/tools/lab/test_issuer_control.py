"""The issuer's commands over the lab's control port: their effects, and the secrets they never
show."""

import base64
import json
import random
import socket

import pytest
from worked_card import W, fixture_card

from iotsafe_tools.lab import Lab
from iotsafe_tools.lab.issuer_control import IssuerControl
from iotsafe_tools.simulator.modem.control import LINE_LIMIT
from iotsafe_tools.simulator.sim import Card, Profile, Store
from iotsafe_tools.testbed import PATIENCE

SELECT = "00A4040007A0000005590010"
READ_INFO = "00CBC3000383010200"


@pytest.fixture
def card():
    return fixture_card()


@pytest.fixture
def do(card):
    control = IssuerControl(card.issuer, card.profile)

    def answer(line):
        return control(line.encode().decode("latin-1"))

    return answer


def apdu(card, text):
    return card.transmit(bytes.fromhex(text)).hex().upper()


def selected(card):
    card.power_on()
    assert apdu(card, SELECT) == "9000"
    return card


def entry(do, kind, id):
    (found,) = [
        item for item in do("objects")["objects"] if (item["kind"], item["id"]) == (kind, id)
    ]
    return found


def test_objects_are_listed_with_words_and_without_values(do):
    found = do("objects")["objects"]
    assert [(item["kind"], item["id"], item["label"]) for item in found] == [
        (kind, id, label) for kind, id, label, _ in W["OBJECTS"]
    ]
    assert entry(do, "public", "04") == {
        "kind": "public",
        "id": "04",
        "label": "EPH",
        "access": ["read"],
        "type": "P-256 volatile",
        "usage": "general",
        "functions": ["key generation", "key agreement"],
        "agreements": ["ECKA"],
        "state": "activated",
        "administration": False,
    }
    assert entry(do, "file", "02")["bytes"] == entry(do, "file", "02")["size"] == 300
    assert entry(do, "public", "05")["state"] == "empty"


def test_the_profile_is_shown(do):
    shown = do("profile")["profile"]
    assert shown["aids"] == ["A0000005590010"]
    assert shown["max_files"] == 8
    assert "objects" not in shown


def test_a_pair_is_created_and_usable_at_once(card, do):
    do('create pair id=4B31 label="second key" type=P-256 functions=signature generate=true')
    made = entry(do, "private", "4B31")
    assert (made["label"], made["state"], made["functions"]) == (
        "second key",
        "activated",
        ["signature"],
    )
    selected(card)
    assert apdu(card, "00CD00000485024B3100") == (
        "344549438641" + card.issuer.public_key(b"K1").hex().upper() + "9000"
    )
    assert apdu(card, "002A00010E84024B31A1010391020001920104") == "9000"


def test_what_is_created_empty_is_empty(card, do):
    do("create secret id=07 label=Schlüssel type=HMAC derivations=PRF,HKDF")
    do("create file id=09 size=1500 usage=general access=read,update")
    assert entry(do, "secret", "07")["label"] == "Schlüssel"
    assert entry(do, "secret", "07")["derivations"] == ["PRF", "HKDF"]
    assert entry(do, "file", "09") == {
        "kind": "file",
        "id": "09",
        "label": "",
        "access": ["read", "update"],
        "usage": "general",
        "size": 1500,
        "state": "empty",
        "administration": False,
        "bytes": 0,
    }


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_file_is_written_and_read_by_the_device(card, do, encoding):
    content = bytes(range(200))
    text = content.hex() if encoding == "hex" else base64.b64encode(content).decode()
    assert do(f"write file 02 {encoding}={text}") == {"bytes": 200}
    assert apdu(selected(card), "00B0000003830102C8") == content.hex().upper() + "9000"


def test_the_other_values_that_can_be_written(card, do):
    do(f"write public 05 hex={W['PEER_POINT']}")
    assert card.issuer.public_key(b"\x05").hex().upper() == W["PEER_POINT"]
    before = do("objects")
    do("write secret 06 hex=00FF10")
    assert do("objects") == before
    selected(card)
    command, response = W["EXAMPLES"]["16.17 PSK-plain"][0]
    assert apdu(card, "00" + command[2:]) != response  # derived from another secret
    do(f"write secret 06 hex={W['SECRET_06']}")
    assert apdu(card, "00" + command[2:]) == response


def test_deactivated_objects_refuse_and_keep_their_value(card, do):
    sign_init = "002A00010D840101A1010391020001920104"
    do("deactivate private 01")
    assert entry(do, "private", "01")["state"] == "deactivated"
    assert apdu(selected(card), sign_init) == "6985"
    do("activate private 01")
    assert entry(do, "private", "01")["state"] == "activated"
    assert apdu(card, sign_init) == "9000"
    do("deactivate pair 01")
    assert entry(do, "public", "01")["state"] == "deactivated"


def test_empty_and_remove(card, do):
    do("empty pair 01")
    assert entry(do, "private", "01")["state"] == entry(do, "public", "01")["state"] == "empty"
    do("remove pair 01")
    do("remove file 02")
    names = {(item["kind"], item["id"]) for item in do("objects")["objects"]}
    assert names == {
        ("private", "04"),
        ("public", "04"),
        ("public", "05"),
        ("secret", "06"),
    }
    assert apdu(selected(card), READ_INFO) == "6A82"


def test_remote_administration(card, do):
    selected(card)
    do("admin begin file 02")
    assert entry(do, "file", "02")["administration"] is True
    assert apdu(card, "00B000000383010201") == "6984"
    do("write file 02 hex=3003020101")
    do("admin end file 02")
    assert entry(do, "file", "02")["administration"] is False
    assert apdu(card, "00B000000383010201") == "30" + "63CF"
    assert apdu(card, "00B000000383010201") == "30" + "9000"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "the issuer has no command ''; it has objects, profile, create"),
        ("explode", "the issuer has no command 'explode'"),
        ("objects all", "write: objects"),
        ("create", "write: create pair|"),
        ("create pair", "id is missing"),
        ("create chair id=01", "kind must be one of"),
        ("create pair id=01", "private object 01 exists already; remove it first"),
        ("create pair id=10 colour=red", "no key 'colour'"),
        ("create pair id=10 type=P-257", "type must be one of: P-256, "),
        ("create pair id=10 functions=sing", "functions must be one of: signature"),
        ("create pair id=10 generate=yes", "generate must be true or false"),
        ("create pair id=xx", "id must be bytes"),
        ("create pair id=10 id=11", "id is there twice"),
        ("create pair 10", "word 1 after the type of object is not KEY=VALUE"),
        ("create pair id=10 kind=file", "kind is there twice"),
        ('create pair id=10 label="x', "quotation mark"),
        ("create file id=10 size=70000", "size must be 1 to 65535"),
        ("create file id=10 size=١٢", "size must be 1 to 65535"),
        (f"create file id={'00' * 21} size=1", "1 to 20 bytes"),
        (f"create file id=10 size=1 label={'x' * 61}", "at most 60 bytes"),
        ("write file", "write: write file|public|secret ID"),
        ("write file 02", "write: write file|public|secret ID"),
        ("write file 02 300", "write: write file|public|secret ID"),
        ("write file 02 hex=300", "the text after hex= is not hex"),
        ("write file 02 base64=3", "the text after base64= is not base64"),
        ("write file 02 hex=", "has 1 to 65535 bytes, not 0"),
        (f"write file 02 hex={'00' * 301}", "301 bytes do not fit"),
        ("write file 77 hex=00", "the card has no file object 77; see: card objects"),
        ("write private 01 hex=00", "a private key cannot be written"),
        ("write pair 01 hex=00", "no type of object 'pair'"),
        ("write public 05 hex=040102", "a point of its curve, 65 bytes"),
        ("write public 05 hex=" + "04" * 65, "a point of its curve, 65 bytes"),
        (f"write secret 06 hex={'00' * 256}", "has 1 to 255 bytes, not 256"),
        ("empty file zz", "an ID is in hexadecimal"),
        ("empty pair 05", "the card has no private object 05"),
        ("empty chair 05", "no type of object 'chair'; choose private"),
        ("remove file", "write: remove"),
        ("admin begin pair 01", "no type of object 'pair'"),
        ("admin stop file 02", "write: admin begin|end"),
        ("admin end file 02", "is not being administered"),
    ],
)
def test_bad_commands_say_what_is_right_and_change_nothing(card, do, line, message):
    before = card.issuer.objects()
    with pytest.raises(ValueError) as caught:
        do(line)
    assert message in str(caught.value)
    assert card.issuer.objects() == before


def test_bytes_that_are_no_text(card):
    with pytest.raises(ValueError, match="UTF-8"):
        IssuerControl(card.issuer, card.profile)("create file id=10 label=\xff size=1")


def test_a_second_administration_is_refused(do):
    do("admin begin file 02")
    with pytest.raises(ValueError, match="already"):
        do("admin begin file 02")


def test_a_store_that_cannot_be_written_is_told(tmp_path):
    path = tmp_path / "sim.json"
    card = Card(Store(path), Profile())
    do = IssuerControl(card.issuer, card.profile)
    path.write_text("somebody else was here")
    with pytest.raises(ValueError, match="was changed by another program"):
        do("create file id=10 size=1")


def test_a_card_that_is_full_says_so(do):
    for number in range(0x10, 0x17):
        do(f"create file id={number:02X} size=10")
    with pytest.raises(ValueError, match="room for 8 objects of type FILE"):
        do("create file id=20 size=10")


def test_no_key_comes_out(card, do):
    """No answer and no error shows a key, whatever the commands do with the keys."""
    given = "C0FFEE" * 9
    secrets = [W["PAIR_01_D"], W["PAIR_04_D"], given]
    lines = ["write private 01 hex=", "write secret 06 hex=0", "write secret 06 hex="]
    lines += ["write secret 09 hex=", "write secret 06 xex=", "write secret 06 ", ""]
    lines += ["create secret ", "create secret id=08 value=", "create secret id=08 label='"]
    lines = [line + given for line in lines]
    lines += ["deactivate private 01", "objects", "profile", "empty private 01", "objects"]
    said = ""
    for line in lines:
        try:
            said += json.dumps(do(line))
        except ValueError as error:
            said += str(error)
    said = said.upper()
    for secret in secrets:
        number = int(secret, 16)
        assert secret[:40] not in said
        assert str(number) not in said
        assert base64.b64encode(bytes.fromhex(secret)).decode().upper() not in said


def test_noise_is_refused_in_words(card, do):
    source = random.Random(4)
    words = ["create", "pair", "file", "id=30", "size=9", "write", "02", "hex=00", "admin", "'"]
    words += [
        "begin",
        "end",
        "remove",
        "label=é",
        "generate=true",
        "=",
        "",
        "private",
        "01",
        "A" * 99,
    ]
    refused = done = 0
    for _ in range(4000):
        line = " ".join(source.choices(words, k=source.randrange(1, 5)))
        try:
            assert isinstance(do(line), dict)
            done += 1
        except ValueError as error:
            assert len(str(error)) < 400
            refused += 1
    assert done
    assert refused > 1000


# ---- over the wire ---------------------------------------------------------------------------


@pytest.fixture
def wire(card):
    """Return a function that asks the control port of a lab with that card."""
    with Lab(card=card, control="tcp:127.0.0.1:0", delays=0.0) as lab:
        host, port = lab.control[4:].split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            stream = connection.makefile("rw", encoding="utf-8")

            def ask(line):
                stream.write(line + "\n")
                stream.flush()
                return json.loads(stream.readline())

            yield ask


def test_commands_come_over_the_control_port(card, wire):
    assert wire("card create file id=10 label=café size=4") == {"ok": True}
    assert wire("card write file 10 hex=0102") == {"ok": True, "bytes": 2}
    shown = wire("card objects")
    assert shown["ok"] is True
    assert {"kind": "file", "id": "10", "label": "café"}.items() <= shown["objects"][-1].items()
    assert wire("card remove file 11") == {
        "error": "the card has no file object 11; see: card objects"
    }
    assert "there are" in wire("card")["error"]


def test_the_longest_file_fits_into_a_line(card, wire):
    assert wire("card create file id=10 size=65535") == {"ok": True}
    data = bytes(i * 7 & 255 for i in range(65535))
    line = f"card write file 10 hex={data.hex()}"
    assert len(line) < LINE_LIMIT
    assert wire(line) == {"ok": True, "bytes": 65535}
    assert wire("card objects")["objects"][-1]["bytes"] == 65535


def test_no_apdu_reaches_what_the_issuer_does(card):
    """The commands are not part of the device's interface, not even with their words as data."""
    before = card.issuer.objects()
    for name in ("card empty pair 01", "empty pair 01", "card remove file 02"):
        data = name.encode()
        for ins in range(256):
            card.power_on()
            apdu(card, SELECT)
            card.transmit(bytes([0x00, ins, 0, 0, len(data)]) + data)
    volatile = {item.id for item in before if item.volatile}
    after = [item for item in card.issuer.objects() if item.id not in volatile]
    assert after == [item for item in before if item.id not in volatile]
