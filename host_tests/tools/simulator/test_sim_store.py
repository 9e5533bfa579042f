"""The store of the simulated SIM: permissions, damage, other programs, sudden death, secrets."""

import errno
import json
import logging
import os
import stat
import subprocess
import sys

import pytest

from iotsafe_tools.simulator.sim import Card, Profile, SecretKey, Store, StoreError, ecc
from iotsafe_tools.simulator.sim import store as store_module
from iotsafe_tools.simulator.sim.objects import Kind
from iotsafe_tools.testbed import PATIENCE


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sim.json"


def state(store: Store) -> list:
    """Return the content of a store in a form that can be compared."""
    return [store_module._object_to_json(item) for item in store.objects()]


def generate(card: Card) -> str:
    """Select the applet on a new channel and generate pair 07; return the status word."""
    channel = card.transmit(bytes.fromhex("0070000001"))[0]
    for command in ("A4040007A0000005590010", "B900000384010700"):
        answer = card.transmit(bytes([channel]) + bytes.fromhex(command))
    return answer[-2:].hex().upper()


# ---- keeping -----------------------------------------------------------------------------


def test_a_new_store_is_made_and_kept(path):
    first = Store(path)
    assert state(Store(path)) == state(first)
    assert len(first.objects()) == 7


def test_folder_of_a_new_store_is_made(tmp_path):
    Store(tmp_path / "a" / "b" / "sim.json")
    assert (tmp_path / "a" / "b" / "sim.json").exists()


def test_what_the_issuer_and_the_applet_write_is_kept(path):
    card = Card(Store(path))
    point = card.issuer.create_key_pair(b"\x07", b"NEW", functions=0x03)
    card.issuer.write_file(b"\x02", b"certificate", label=b"MINE")
    again = Card(Store(path))
    assert again.issuer.public_key(b"\x07") == point
    file = again.store.find(Kind.FILE, label=b"MINE")
    assert (file.content, file.size) == (b"certificate", 1024)
    assert generate(card) == "9000"
    assert card.issuer.public_key(b"\x07") != point
    assert state(Store(path)) == state(card.store)


def test_volatile_keys_never_get_to_the_disk(path):
    card = Card(Store(path))
    point = card.issuer.create_key_pair(b"\x04", key_type=0x14)
    assert card.issuer.public_key(b"\x04") == point
    assert point.hex() not in path.read_text()
    kept = Store(path).find(Kind.PRIVATE, id=b"\x04")
    assert kept is not None
    assert not kept.filled
    identity = os.stat(path).st_ino
    card.issuer.create_key_pair(b"\x04", key_type=0x14)
    assert os.stat(path).st_ino == identity  # nothing to write


# ---- permissions -------------------------------------------------------------------------


def test_file_is_private_from_its_creation(path):
    old = os.umask(0)
    try:
        store = Store(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        Card(store).issuer.write_file(b"\x02", b"x")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(old)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o610, 0o644])
def test_file_that_others_may_access_is_refused(path, mode):
    Store(path)
    path.chmod(mode)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"sim\.json .*mode {mode:04o}.*chmod 600"):
        Store(path)
    assert path.read_bytes() == before


def test_what_is_no_store_stays_accessible(path):
    path.write_text("root:x:0:0:root:/root:/bin/bash\n")
    path.chmod(0o644)
    with pytest.raises(StoreError, match=r"sim\.json is not the store of a SIM") as caught:
        Store(path)
    assert "chmod" not in str(caught.value)


def test_folder_or_pipe_in_place_of_the_file(tmp_path):
    with pytest.raises(StoreError, match=str(tmp_path)):
        Store(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(StoreError, match="pipe is not a file"):
        Store(tmp_path / "pipe")


def test_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"sim\.json can't be read"):
        Store(tmp_path / "file" / "sim.json")


# ---- damage ------------------------------------------------------------------------------


def refused(path, content: bytes, message: str) -> None:
    """Check that opening a file of this content raises a StoreError and leaves the file
    unchanged."""
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=message) as caught:
        Store(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert os.listdir(path.parent) == [path.name]


def test_cut_off_anywhere(path):
    Store(path)
    whole = path.read_bytes()
    for end in range(0, len(whole) - 2, 7):
        refused(path, whole[:end], "is damaged; restore it")


def test_any_byte_changed(path):
    before = state(Store(path))
    whole = path.read_bytes()
    differs = 0
    for at in range(len(whole)):
        for mask in (0x01, 0x20):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
            try:
                assert state(Store(path)) == before  # white space, or case of a hex digit
            except StoreError:
                differs += 1
    assert differs > len(whole)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"\xff\xfe",
        b"{}",
        b"[" * 100_000,
        b'{"format": "iotsafe-sim"}',
        b" " * (store_module.MAX_BYTES + 1),
    ],
)
def test_other_content(path, content):
    refused(path, content, "is damaged")


def rewrite(path, change) -> bytes:
    """Return a store's text after `change` of its parsed form, with the right digest."""
    Store(path)
    whole = json.loads(path.read_bytes())
    change(whole)
    whole["sha256"] = store_module._digest(whole["objects"])
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.update(objects={}),
        lambda w: w.update(objects=["x"]),
        lambda w: w.update(extra=1),
        lambda w: w["objects"][0].update(kind="nonsense"),
        lambda w: w["objects"][0].update(extra=1),
        lambda w: w["objects"][0].pop("kind"),
        lambda w: w["objects"][0].update(key="0"),
        lambda w: w["objects"][0].update(key="F" * 64),
        lambda w: w["objects"][0].update(key=5),
        lambda w: w["objects"][0].update(key_type=0x99),
        lambda w: w["objects"][0].update(usage="1"),
        lambda w: w["objects"][0].update(usage=256),
        lambda w: w["objects"][0].update(access=-1),
        lambda w: w["objects"][0].update(active=1),
        lambda w: w["objects"][1].update(modulus="80" + "00" * 254 + "01", exponent=3),
        lambda w: w["objects"][0].update(id=""),
        lambda w: w["objects"][0].update(id="zz"),
        lambda w: w["objects"][1].update(point="04" + "00" * 64),
        lambda w: w["objects"][5].update(content="00" * 1025),
        lambda w: w["objects"].append(w["objects"][0]),
        lambda w: w["objects"].append({**w["objects"][0], "id": "77"}),  # label twice
    ],
)
def test_well_formed_but_impossible(path, change):
    refused(path, rewrite(path, change), "is damaged")


@pytest.mark.parametrize("change", [{"version": 3}, {"format": "other"}, {"version": "1"}])
def test_other_version(path, change):
    refused(path, rewrite(path, lambda w: w.update(change)), "this program writes iotsafe-sim v")


def test_version_1_is_read_and_written_as_it_is_now(path):
    card = Card(Store(path))
    card.issuer.write_file(b"\x02", b"certificate")
    before = state(card.store)

    def as_version_1(whole):
        whole["version"] = 1
        for entry in whole["objects"]:
            for name in ("active", "modulus", "exponent"):
                entry.pop(name, None)

    text = rewrite(path, as_version_1)
    path.write_bytes(text)
    card = Card(Store(path))
    assert state(card.store) == before
    assert path.read_bytes() == text
    card.issuer.deactivate(Kind.FILE, b"\x02")
    assert json.loads(path.read_bytes())["version"] == 2
    assert not Store(path).find(Kind.FILE, id=b"\x02").activated


def test_file_changed_by_another_program_is_not_overwritten(path):
    mine, other = Card(Store(path)), Card(Store(path))
    other.issuer.write_file(b"\x02", b"theirs")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="changed by another program"):
        mine.issuer.write_file(b"\x02", b"mine")
    assert path.read_bytes() == before
    assert not mine.store.find(Kind.FILE, id=b"\x02").filled
    path.unlink()
    with pytest.raises(StoreError, match="changed by another program"):
        other.issuer.write_file(b"\x02", b"more")


# ---- writing that fails ------------------------------------------------------------------


def test_written_in_an_order_that_survives_a_power_cut(path, monkeypatch):
    card = Card(Store(path))
    done = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(handle):
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def record_replace(source, target):
        done.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    card.issuer.write_file(b"\x02", b"x")
    assert done == ["file", "rename", "folder"]


def test_full_disk_changes_nothing_and_is_logged(path, monkeypatch, caplog):
    card = Card(Store(path))
    point = card.issuer.create_key_pair(b"\x07", functions=0x03)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with caplog.at_level(logging.ERROR):
        assert generate(card) == "6F00"
    assert "sim.json can't be written: No space left on device" in caplog.text
    assert card.issuer.public_key(b"\x07") == point
    assert path.read_bytes() == before
    monkeypatch.undo()
    assert generate(card) == "9000"


# Kills itself at the n-th line that store.py executes, for every n, and checks the file that is
# left.
KILLED_EVERYWHERE = """
import os, stat, sys
from iotsafe_tools.simulator.sim import Card, Store
from iotsafe_tools.simulator.sim import store as module

folder = sys.argv[1]
path = os.path.join(folder, "sim.json")
os.umask(0)
card = Card(Store(path))
outcomes = set()
n = 0
while "finished" not in outcomes:
    n += 1
    wanted = b"content %d" % n
    old = card.store.find(module.o.Kind.FILE, id=b"\\x02").content
    child = os.fork()
    if child == 0:
        left = n

        def trace(frame, event, argument):
            global left
            if frame.f_code.co_filename != module.__file__:
                return None
            if event == "line":
                left -= 1
                if not left:
                    os._exit(9)
            return trace

        sys.settrace(trace)
        card.issuer.write_file(b"\\x02", wanted)
        sys.settrace(None)
        os._exit(0)
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for name in os.listdir(folder):
        mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
        assert mode == 0o600, (name, oct(mode))
    card = Card(Store(path))
    found = card.store.find(module.o.Kind.FILE, id=b"\\x02").content
    assert found in (old, wanted), (n, found)
    outcomes.add("new" if found == wanted else "old")
    if killed == 0:
        assert found == wanted
        outcomes.add("finished")
assert outcomes == {"old", "new", "finished"}
print(n)
"""


def test_killed_at_every_line(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", KILLED_EVERYWHERE, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 50
    assert os.listdir(tmp_path) == ["sim.json"]


# A child writes as fast as it can and reports each write. The parent kills it at a moment
# unrelated to its work, and checks the file that is left. Thirty rounds; each continues from the
# last file.
KILLED_AT_RANDOM = """
import os, random, signal, sys
from iotsafe_tools.simulator.sim import Card, Store
from iotsafe_tools.simulator.sim.objects import Kind

path = os.path.join(sys.argv[1], "sim.json")
Store(path)
source = random.Random(int(sys.argv[2]))
reached = 0
for _ in range(30):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        card, n = Card(Store(path)), reached
        while True:
            n += 1
            card.issuer.write_file(b"\\x02", b"state %d" % n)
            os.write(writer, b"%d\\n" % n)
    os.close(writer)
    said = b""
    while said.count(b"\\n") < source.randrange(1, 6):
        more = os.read(reader, 100)
        assert more, "the child has ended by itself"
        said += more
    for _ in range(source.randrange(20000)):  # somewhere in the next write
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(reader, 65536):
        said += more
    os.close(reader)
    counted = int(said.split()[-1])
    content = Store(path).find(Kind.FILE, id=b"\\x02").content
    assert content in (b"state %d" % counted, b"state %d" % (counted + 1)), (counted, content)
    reached = int(content.split()[1])
print(reached)
"""


def test_killed_at_random_moments(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", KILLED_AT_RANDOM, str(tmp_path), "4"],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) >= 30
    assert "sim.json" in os.listdir(tmp_path)


# ---- secrets -----------------------------------------------------------------------------


def test_no_secret_in_any_text(path, caplog, monkeypatch):
    card = Card(Store(path), Profile())
    key = card.store.find(Kind.PRIVATE, id=b"\x01").key
    scalar = key.private_numbers().private_value
    secrets = (f"{scalar:064x}", f"{scalar:064X}", str(scalar), "shared secret")
    card.issuer.put(SecretKey(id=b"\x06", value=b"shared secret"))
    texts = [repr(thing) for thing in (card, card.store, card.issuer, card.issuer.objects())]
    channel = card.transmit(bytes.fromhex("0070000001"))[0]
    for command in ("A4040007A0000005590010", "2A00010D840101A1010391020001920104"):
        card.transmit(bytes([channel]) + bytes.fromhex(command))
    texts.append(repr(card._applet.sessions._open))
    monkeypatch.setattr(ecc, "sign", lambda *_, **__: 1 / 0)
    with caplog.at_level(logging.DEBUG):
        answer = card.transmit(bytes.fromhex("012B8001229E20" + "11" * 32 + "00"))
    assert answer == b"\x6f\x00"
    assert "ZeroDivisionError" in caplog.text
    texts.append(caplog.text)
    for change in ({"key_type": 0x99}, {"usage": "x"}):
        whole = json.loads(path.read_bytes())
        whole["objects"][0] |= change
        whole["sha256"] = store_module._digest(whole["objects"])
        broken = path.with_name("broken.json")
        broken.touch(mode=0o600)
        broken.write_text(json.dumps(whole))
        with pytest.raises(StoreError) as caught:
            Store(broken)
        texts.append(repr(caught.value))
        assert caught.value.__suppress_context__
    assert not [text for text in texts if any(secret in text for secret in secrets)]
