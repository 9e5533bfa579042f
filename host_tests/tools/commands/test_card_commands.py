"""`iotsafe objects|apdu|random|sign` as a user runs them, on a simulated SIM in a file."""

import base64
import hashlib
import io
import json
import re

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from iotsafe_command import COMMAND, answer, environment, failure, iotsafe, refusal
from pty_terminal import PtyTerminal

from iotsafe_tools.commands.card import apdu as card_apdu
from iotsafe_tools.simulator.sim import File, Issuer, Profile, Store

AID = "A0000005590010"


@pytest.fixture
def path(tmp_path):
    """Return the file of a SIM whose key pair 01 is from the factory, and which has more
    objects."""
    path = tmp_path / "sim.json"
    issuer = Issuer(Store(path), Profile())
    issuer.write_file(b"\x02", bytes(300))
    issuer.put(File(id=b"\x11\x22", label=b"[red]\x1b[31m", size=10))
    return path


@pytest.fixture
def sim(path):
    return f"sim:{path}"


def public_key(path):
    point = Issuer(Store(path), Profile()).public_key(b"\x01")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def verify(path, signature, data):
    public_key(path).verify(signature, data, ec.ECDSA(hashes.SHA256()))


# -- objects --------------------------------------------------------------------------------


def test_objects_are_a_line_each(sim, path):
    lines = iotsafe("objects", "--port", sim).stdout.splitlines()
    rows = [re.split("  +", line) for line in lines]
    head = ["KIND", "ID", "LABEL", "STATE", "TYPE", "USAGE", "FUNCTIONS", "SIZE"]
    assert rows[0] == head
    assert ["private key", "01", "KEY", "active", "P-256", "TLS 1.2", "sign", "-"] in rows
    assert ["file", "02", "CERT", "active", "-", "certificate", "-", "1024"] in rows
    volatile = ["EPH", "empty", "P-256, volatile", "general", "generate, agree", "-"]
    assert ["public key", "04", *volatile] in rows
    assert len(rows) == 1 + len(Store(path).objects())


def test_objects_as_json(sim, path):
    whole = answer("objects", "--port", sim)
    assert whole["aid"] == AID
    assert str(path) in whole["port"]
    stored = {(type(item).__name__, item.id.hex().upper()): item for item in Store(path).objects()}
    kinds = {"private key": "PrivateKey", "public key": "PublicKey", "file": "File"}
    assert {(kinds[entry["kind"]], entry["id"]) for entry in whole["objects"]} == set(stored)
    for entry in whole["objects"]:
        item = stored[kinds[entry["kind"]], entry["id"]]
        assert entry["label_bytes"] == item.label.hex().upper()
        assert entry["codes"]["access"] == item.access
        assert entry["codes"]["type"] == getattr(item, "key_type", None)
        assert entry["size"] == getattr(item, "size", None)
    key = next(entry for entry in whole["objects"] if entry["id"] == "04")
    assert key["functions"] == ["generate", "agree"]
    assert key["access"] == ["update"]
    assert key["state"] == "empty"


def test_what_a_label_says_is_only_shown(sim):
    shown = iotsafe("objects", "--port", sim).stdout
    assert "[red]?[31m" in shown
    assert "\x1b" not in shown
    listed = answer("objects", "--port", sim)["objects"]
    label = next(entry for entry in listed if entry["id"] == "1122")
    assert bytes.fromhex(label["label_bytes"]) == b"[red]\x1b[31m"


@pytest.mark.parametrize(("setting", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals(sim, setting, coloured):
    env = environment(TERM="xterm-256color", NO_COLOR=setting)
    words = [f"{name}={value}" for name, value in env.items()]
    with PtyTerminal(["env", "-i", *words, *COMMAND, "objects", "--port", sim]) as terminal:
        terminal.wait_for("1122")
        assert terminal.wait() == 0
    assert ("\x1b[32m" in terminal.shown) == coloured
    assert "private key" in terminal.shown


# -- which applet ---------------------------------------------------------------------------


def test_an_applet_that_is_not_there(sim):
    said = failure("objects", "--port", sim, "--aid", "A000000001FF")
    assert "no IoT SAFE applet" in said
    assert "A000000001FF: 6A82" in said
    assert "--aid" in said
    whole = answer("objects", "--port", sim, "--aid", "A000000001FF", status=1)
    assert whole.keys() == {"error", "advice"}
    assert "A000000001FF: 6A82" in whole["error"]
    assert "--aid" in whole["advice"]


def test_several_aids_are_tried_in_order(sim):
    options = ("--aid", "A000000001FF", "--aid", AID.lower())
    assert answer("random", "1", "--port", sim, *options)["aid"] == AID


@pytest.mark.parametrize("aid", ["A0", "xyz", "", "00" * 17])
def test_what_is_no_aid(path, tmp_path, aid):
    assert "--aid" in refusal("objects", "--port", f"sim:{tmp_path / 'new'}", "--aid", aid)
    assert not (tmp_path / "new").exists()


# -- random ---------------------------------------------------------------------------------


def test_random_bytes(sim):
    first = iotsafe("random", "600", "--port", sim)
    assert first.returncode == 0
    assert re.fullmatch("[0-9A-F]{1200}\n", first.stdout)
    second = answer("random", "600", "--port", sim)["random"]
    assert len(bytes.fromhex(second)) == 600
    assert second != first.stdout.strip()
    raw = iotsafe("random", "257", "--raw", "--port", sim, text=False)
    assert len(raw.stdout) == 257
    assert len(iotsafe("random", "3", "--hex", "--port", sim).stdout) == 7


@pytest.mark.parametrize(
    "arguments", [["0"], ["65537"], ["x"], ["5", "--raw", "--json"], ["5", "--raw", "--hex"]]
)
def test_random_bytes_that_cannot_be(sim, arguments):
    assert refusal("random", *arguments, "--port", sim)


# -- apdu -----------------------------------------------------------------------------------


def test_apdus_on_the_applets_channel(sim):
    """APDUs go to the applet's channel, whatever channel their class byte has. The command fetches
    61xx and corrects Le after 6Cxx."""
    done = answer("apdu", "0384000010", "80 CB 00 00 10", "C0CD000003850101", "--port", sim)
    random, data, key = done["exchanges"]
    assert done["aid"] == AID
    assert [entry["sw"] for entry in done["exchanges"]] == ["9000"] * 3
    assert {entry["meaning"] for entry in done["exchanges"]} == {"success"}
    assert random["command"] == "0184000010"
    assert len(bytes.fromhex(random["data"])) == 16
    assert data["command"] == "81CB000010"
    assert data["data"].startswith("1001101120")
    assert len(bytes.fromhex(data["data"])) == 0x44
    assert key["command"] == "81CD000003850101"
    assert key["data"].startswith("34454943864104")


def test_an_answer_for_people(sim):
    done = iotsafe("apdu", "0185000000", "0184000004", "--port", sim)
    assert done.returncode == 0
    sent, refused, again, given = done.stdout.splitlines()
    assert (sent, again) == ("> 0185000000", "> 0184000004")
    assert re.fullmatch("< 6D00  .*not supported.*", refused)
    assert re.fullmatch("< [0-9A-F]{8} 9000  success", given)


def test_apdus_from_the_input(sim):
    script = b"# random\n0184000004 # four\n\n  01 84 00 00 08\n"
    done = answer("apdu", "-", "--port", sim, stdin=script)
    assert [len(entry["data"]) for entry in done["exchanges"]] == [8, 16]


def test_apdus_as_editors_save_them():
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        file = io.BytesIO("0184000004 # four\r\n".encode(encoding))
        assert card_apdu.script(file) == ["0184000004"]


def test_raw_apdus_go_as_they_are(sim):
    """Nothing is opened before: the first channel that the card gives is 1."""
    script = ["0184000010", "0070000001", f"01A4040007{AID}", "01CD000003850101", "01C0000000"]
    done = answer("apdu", "--raw", *script, "0184000010AA", "--port", sim)
    assert done["aid"] is None
    assert [entry["command"] for entry in done["exchanges"]] == [*script, "0184000010AA"]
    found = [entry["sw"] for entry in done["exchanges"]]
    assert found == ["6881", "9000", "9000", "6147", "9000", "6700"]
    assert done["exchanges"][1]["data"] == "01"
    assert "71 bytes wait" in done["exchanges"][3]["meaning"]
    assert len(done["exchanges"][4]["data"]) == 2 * 71


def test_an_input_that_is_no_text(sim):
    said = refusal("apdu", "-", "--port", sim, stdin=b"0184000004\n\xff\xfe\x00")
    assert "APDU 2 is not hex" in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["018400001"], "APDU 1 is not hex"),
        (["0184000010", "hello"], "APDU 2 is not hex"),
        (["018400"], "APDU 1 has 3 bytes"),
        ([""], "APDU 1 is not hex"),
        (["01CD00000585010100"], "Lc says 5 bytes of data, 4 follow"),
        (["--raw", "018400"], "APDU 1 has 3 bytes"),
        (["--raw", "00" * 262], "APDU 1 has 262 bytes"),
        (["-"], "an APDU is missing"),
    ],
)
def test_what_is_no_apdu_never_reaches_the_card(tmp_path, arguments, complaint):
    fresh = tmp_path / "new.json"
    assert complaint in refusal("apdu", *arguments, "--port", f"sim:{fresh}")
    assert not fresh.exists()


# -- sign -----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(bytes(range(251)) * 1000)
    return file


@pytest.mark.parametrize("key", ["01", "label:KEY"])
@pytest.mark.parametrize("mode", ["hash", "text"])
def test_a_signature_verifies(sim, path, file, key, mode):
    done = iotsafe("sign", key, file, "--mode", mode, "--port", sim)
    assert done.returncode == 0, done.stderr
    verify(path, base64.b64decode(done.stdout.strip(), validate=True), file.read_bytes())
    with pytest.raises(InvalidSignature):
        verify(path, base64.b64decode(done.stdout), file.read_bytes() + b".")


def test_a_signature_in_other_forms(sim, path, file, tmp_path):
    data = file.read_bytes()
    out = tmp_path / "data.sig"
    assert iotsafe("sign", "01", file, "--out", out, "--port", sim).stdout == ""
    verify(path, out.read_bytes(), data)
    piped = iotsafe("sign", "01", "-", "--hex", "--port", sim, stdin=data)
    verify(path, bytes.fromhex(piped.stdout), data)
    digest = hashlib.sha256(data).hexdigest()
    whole = answer("sign", "label:KEY", "--digest", digest, "--port", sim)
    assert (whole["key"], whole["aid"]) == ("label:KEY", AID)
    signature = bytes.fromhex(whole["signature"])
    prehashed = ec.ECDSA(Prehashed(hashes.SHA256()))
    public_key(path).verify(signature, bytes.fromhex(digest), prehashed)


def test_an_empty_file_is_signed_by_its_hash(sim, path, tmp_path):
    (tmp_path / "empty").touch()
    done = iotsafe("sign", "01", tmp_path / "empty", "--hex", "--port", sim)
    verify(path, bytes.fromhex(done.stdout), b"")


@pytest.mark.parametrize(("key", "name"), [("09", "09"), ("label:NOPE", "NOPE")])
def test_a_key_that_is_not_there(sim, file, key, name):
    said = failure("sign", key, file, "--port", sim)
    assert f"private key {name}" in said or f"private key ({name})" in said
    assert "6A8" in said
    assert "`iotsafe objects`" in said
    assert answer("sign", key, file, "--port", sim, status=1).keys() == {"error", "advice"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["01"], "name a file"),
        (["01", "FILE", "--digest", "00" * 32], "name a file"),
        (["01", "--digest", "00" * 31], "SHA-256 has 32 bytes"),
        (["01", "--digest", "0x"], "--digest"),
        (["01", "--digest", "00" * 32, "--mode", "text"], "--digest"),
        (["01", "FILE", "--mode", "other"], "--mode"),
        (["01", "/nowhere/at/all"], "No such file"),
        (["01", "/"], "directory"),
        (["xyz", "FILE"], "hex, or label:NAME"),
        (["label:", "FILE"], "a label has 1 to 60 bytes"),
        (["00" * 21, "FILE"], "an ID has at most 20 bytes"),
        (["01", "FILE", "--jwt-header", "{}"], "--jwt"),
        (["01", "FILE", "--jwt", "--hex"], "--jwt"),
        (["01", "FILE", "--jwt"], "not JSON"),
        (["01", "EMPTY", "--mode", "text"], "1 to 16777215 bytes"),
    ],
)
def test_what_cannot_be_signed(tmp_path, file, arguments, complaint):
    (tmp_path / "empty").touch()
    names = {"FILE": str(file), "EMPTY": str(tmp_path / "empty")}
    words = [names.get(word, word) for word in arguments]
    fresh = tmp_path / "new.json"
    assert complaint in refusal("sign", *words, "--port", f"sim:{fresh}")
    assert not fresh.exists()


def test_a_result_that_cannot_be_written(sim, file):
    said = failure("sign", "01", file, "--out", "/nowhere/at/all", "--port", sim)
    assert "/nowhere/at/all: No such file" in said
    assert "--out" in said


def test_the_port_may_be_in_the_environment(sim):
    assert json.loads(iotsafe("random", "2", "--json", IOTSAFE_PORT=sim).stdout)["aid"] == AID
    assert "--port" in refusal("random", "2")
