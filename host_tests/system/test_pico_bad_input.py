"""Faults of the board itself: the board names the fault, stays reachable and does what it can.

The tests run the image that a user flashes. The table in firmware/README.md states the behaviour.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest
from terminal import Terminal

from iotsafe_tools.emulator import MpremoteError, Pico
from iotsafe_tools.emulator.flash_image import SECTOR, SIZE
from iotsafe_tools.emulator.pico import FIRMWARE, LED_PIN
from iotsafe_tools.testbed import ROOT, Rig, Subscriber

STORAGE = SIZE - 352 * SECTOR  # start of the file system
PROMPT = r">>> $"
RUNNING = r"Ctrl-C within 3 s stops here"
BOARD = (ROOT / "boards" / "WAVESHARE_PICO_SIM7080G" / "board.py").read_text()


class Desk:
    """A board that each test boots with its own files.

    `golden`: a flash image with a file system; `files`: its files when nothing is wrong.
    """

    def __init__(self, pico: Pico, golden: bytes, files: Mapping[str, bytes]) -> None:
        self.pico = pico
        self._golden = golden
        self._files = files
        self._terminals: list[Terminal] = []

    def boot(self, changes: Mapping[str, bytes | None] | None = None) -> Terminal:
        """Switch the board on with the good files, except `changes` (None: remove the file)."""
        self.cut()
        self.pico.flash.path.write_bytes(self._golden)
        for name, content in {**self._files, **(changes or {})}.items():
            if content is not None:
                self.pico.flash.write_file(name, content)
        return self.on()

    def on(self, flash_fails: bool = False) -> Terminal:
        """Switch the board on; the terminal gets all its output from the beginning."""
        self.pico.start(power=False)
        self.pico.flash_fails(flash_fails)
        terminal = Terminal(self.pico.console)
        self._terminals.append(terminal)
        self.pico.power(True)
        return terminal

    def next_start(self) -> Terminal:
        """Return a new terminal after a reset that has just happened."""
        terminal = Terminal(self.pico.console)
        self._terminals.append(terminal)
        return terminal

    def cut(self) -> None:
        """Cut the power at this moment."""
        self.pico.power_cut()
        for terminal in self._terminals:
            terminal.close()
        self._terminals.clear()

    def resets(self) -> int:
        """Number of watchdog resets since the board was switched on."""
        return self.pico.counters()["resets.watchdog"]

    def pass_time(self, seconds: int) -> None:
        """Let `seconds` of board time pass; the board must be mostly idle."""
        mark = self.pico.mark
        self.pico.skip(seconds)
        self.pico.wait_event("skipped", after=mark)

    def blinks(self, count: int) -> list[tuple[int, int]]:
        """Return the next `count` changes of the LED: (value before, ms of board time with that
        value)."""
        changes = []
        mark = self.pico.mark
        while len(changes) <= count:
            event = self.pico.wait_event("gpio", pin=LED_PIN, after=mark)
            changes.append(event)
            mark = 1 + self.pico.events.index(event, mark)
        return [(a["value"], (b["us"] - a["us"]) / 1000) for a, b in pairwise(changes)]

    def answers(self, terminal: Terminal) -> None:
        """Check that the board is at the prompt and that nothing resets it there."""
        terminal.wait_for(PROMPT)
        before = self.resets()
        self.pass_time(30)
        assert self.resets() == before
        terminal.type("print(6 * 7)")
        terminal.wait_for(r"42\n>>> $")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    lab = {"delays": 0.0, "uart": "tcp:127.0.0.1:0", "auto_power": False}
    with Rig(tmp_path_factory.mktemp("rig"), lab=lab) as rig:
        yield rig


@pytest.fixture(scope="module")
def files(rig: Rig) -> dict[str, bytes]:
    config = rig.config()
    del config["modem"]["uart"]
    return {"config.json": json.dumps(config).encode(), "ca.pem": rig.pki.ca_pem}


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the flash of a board that has made its file system."""
    path = tmp_path_factory.mktemp("golden") / "flash.img"
    with Pico(FIRMWARE, path, flash_time="none") as pico, Terminal(pico.console) as terminal:
        terminal.wait_for("CA certificate of the server")
    return path.read_bytes()


@pytest.fixture(scope="module")
def desk(
    rig: Rig, golden: bytes, files: dict, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """Return a board with modem, SIM and broker."""
    pico = Pico(FIRMWARE, tmp_path_factory.mktemp("desk") / "flash.img", lab=rig.lab)
    yield Desk(pico, golden, files)
    pico.stop()


@pytest.fixture(scope="module")
def lone(golden: bytes, files: dict, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a board with nothing on its UART, so that tests can skip time."""
    pico = Pico(FIRMWARE, tmp_path_factory.mktemp("lone") / "flash.img")
    yield Desk(pico, golden, files)
    pico.stop()


@pytest.fixture(scope="module")
def subscriber(rig: Rig) -> Iterator[Subscriber]:
    with Subscriber(rig.broker, topic="devices/#") as subscriber:
        yield subscriber


def delivers(terminal: Terminal, subscriber: Subscriber) -> None:
    """Wait for a new reading to arrive."""
    subscriber.drain()
    terminal.wait_for(r"delivered \{")
    subscriber.get()


# -- the config -----------------------------------------------------------------------------------

CONFIGS = {
    "truncated": (lambda good: good[: len(good) // 2], r"config.json: .*\(line \d+, column \d+\)"),
    "not JSON": (lambda good: b"\x00\xff" * 200, "config.json: not text, or UTF-16"),
    "a lost backslash": (
        lambda good: good.replace(b"{", b'{"mqtt.user": "corp\\alice", ', 1),
        r"config.json: no escape: write \\\\ for \\ \(line 1, column 20\)",
    ),
    "empty": (lambda good: b"", "config.json: cut off"),
    "huge": (lambda good: b" " * 9000, "config.json: larger than 8192 bytes"),
    "newer": (
        lambda good: good.replace(b'"version": 1', b'"version": 2'),
        r"version: must be 1 \(newer firmware needed\?\)",
    ),
    "wrong type": (
        lambda good: good.replace(b'"port": ', b'"port": "x", "was": '),
        r"mqtt.port: must be a whole number",
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_bad_config_is_named_and_left_as_it_is(lone, files, name):
    spoil, line = CONFIGS[name]
    bad = spoil(files["config.json"])
    terminal = lone.boot({"config.json": bad})
    terminal.wait_for("config +.*" + line)
    lone.answers(terminal)
    lone.cut()
    assert lone.pico.flash.read_file("config.json") == bad
    assert lone.pico.flash.read_file("crashes") == b"0"


def answer(terminal: Terminal, answers: Mapping[str, str], ca: bytes) -> None:
    """Answer the dialogue's questions. `answers`: part of the question -> answer; else default."""
    left = dict(answers)
    terminal.wait_for("CA certificate of the server")
    for line in ca.decode().splitlines():
        terminal.type(line)
    while True:
        question = terminal.wait_for(r"([^\n]+): $|(config +written)")
        if question[2]:
            break
        name = next((name for name in left if name in question[1]), None)
        terminal.send(left.pop(name, "").encode() + b"\r")
    assert not left


def test_without_a_config_the_board_asks_and_then_works(desk, rig, subscriber):
    terminal = desk.boot({"config.json": None, "ca.pem": None})
    terminal.wait_for("config.json: no such file")
    answers = {"APN": "internet", "Host name": "localhost", "Port": str(rig.broker.port)}
    answer(terminal, answers | {"Seconds": "1"}, rig.pki.ca_pem)
    assert re.findall(r"(\w+) +works", terminal.text) == [
        "power",
        "sim",
        "network",
        "clock",
        "session",
        "sensor",
    ]
    terminal.wait_for(PROMPT)
    desk.cut()
    delivers(desk.on(), subscriber)
    # The LED blinks briefly every three seconds. Sending a reading may delay a blink.
    shown = desk.blinks(4)
    assert sorted(value for value, _ in shown) == [0, 0, 1, 1]
    for value, ms in shown:
        assert 30 < ms < 700 if value else 2_300 < ms < 3_000, shown


# -- the file system ------------------------------------------------------------------------------


# Fills the file system: no room for a block, nor for the smallest file.
FILL = """
number = 0
for size in (65536, 4096, 200, 1):
    try:
        while True:
            number += 1
            with open("fill%d" % number, "wb") as file:
                file.write(bytes(size))
    except OSError as e:
        print(e)
"""


def test_a_full_file_system_stops_nothing(desk, subscriber, files):
    terminal = desk.boot({"most.bin": bytes(320 * SECTOR)})
    terminal.wait_for(RUNNING)
    terminal.close()
    errors = desk.pico.exec(FILL).split()
    assert len(errors) == 4 and set(errors) <= {"28", "36"}, (
        errors
    )  # ENOSPC, or littlefs's own error
    desk.cut()
    terminal = desk.on()
    terminal.wait_for("/crashes cannot be written: no space left: remove files")
    delivers(terminal, subscriber)
    desk.cut()
    for name, content in files.items():
        assert desk.pico.flash.read_file(name) == content


def test_unknown_files_and_folders_are_ignored(desk):
    strange = {
        "notes.txt": b"call me",
        "System Volume Information/IndexerVolumeGuid": bytes(76),
        ".Trashes/501/main.py": b"raise SystemExit",
        "config.json.new": b'{"version": 1, "mq',
        "crashes.new": b"",
        "\xe4\U0001f600": b"\x00" * 5000,
        "crash.log/is/a/folder": b"",
        "certificate.der": random.Random(1).randbytes(900),
    }
    terminal = desk.boot(strange)
    terminal.wait_for("key 01, certificate 02")
    terminal.wait_for("registered, address")
    desk.cut()
    names = set(desk.pico.flash.names())
    assert {name.split("/")[0] for name in strange} <= names | {"crashes.new"}


def test_the_users_program_goes_first_and_the_application_says_so(lone):
    own = b"import app\nprint('mine')\napp.run()\n"
    terminal = lone.boot({"main.py": own, "sensors.py": b"def read():\n    return {'x': 1}\n"})
    terminal.wait_for("main.py on the flash runs instead of the application")
    terminal.wait_for("mine")
    terminal.wait_for("readings from sensors.py")
    lone.cut()


def test_flash_that_cannot_be_written_stops_nothing(desk, subscriber, files):
    desk.boot()
    desk.cut()
    terminal = desk.on(flash_fails=True)
    terminal.wait_for("/crashes cannot be written: the flash fails")
    delivers(terminal, subscriber)
    delivers(terminal, subscriber)
    assert desk.resets() == 0
    desk.cut()
    for name, content in files.items():
        assert desk.pico.flash.read_file(name) == content
    desk.on().wait_for(RUNNING)


def spoil(desk: Desk, first: int, count: int) -> None:
    """Write random bytes to blocks of the file system."""
    path = desk.pico.flash.path
    image = bytearray(path.read_bytes())
    start = STORAGE + first * SECTOR
    image[start : start + count * SECTOR] = random.Random(first).randbytes(count * SECTOR)
    path.write_bytes(image)


@pytest.mark.parametrize("block", [0, 1])
def test_one_damaged_superblock_costs_nothing(lone, block):
    lone.boot()
    lone.cut()
    spoil(lone, block, 1)
    lone.on().wait_for(RUNNING)


def test_a_file_system_that_does_not_mount_is_made_anew_and_said_so(lone):
    lone.boot()
    lone.cut()
    spoil(lone, 0, 2)
    terminal = lone.on()
    terminal.wait_for("the file system could not be mounted .* config and state are gone")
    terminal.wait_for("config.json: no such file")
    terminal.wait_for("CA certificate of the server")
    lone.cut()
    assert b"could not be mounted" in lone.pico.flash.read_file("crash.log")


# -- no modem -------------------------------------------------------------------------------------


def test_without_a_modem_it_says_so_and_goes_on_trying(golden, files, tmp_path):
    # The board waits busily: with "wall" that takes no longer here than on a real board.
    desk = Desk(Pico(FIRMWARE, tmp_path / "flash.img", time="wall"), golden, files)
    try:
        terminal = desk.boot()
        terminal.wait_for("looking for the modem")
        # 100 ms on, 100 off; on a busy host the board switches some of them late.
        blinks = desk.blinks(12)
        for value in (0, 1):
            assert min(ms for shown, ms in blinks if shown == value) <= 150
        terminal.wait_for("ModemSilent: the modem answers nothing: check the modem's power")
        terminal.wait_for(r"next attempt in \d\.\d s, from step power")
        terminal.wait_for("looking for the modem")
        assert desk.resets() == 0
        terminal.send(b"\x03")
        terminal.wait_for("stopped by Ctrl-C")
        desk.answers(terminal)
    finally:
        desk.pico.stop()


# -- crashes --------------------------------------------------------------------------------------

# Replaces the frozen `board`. The application finds the mistake only when it calls the function.
CRASHING = BOARD + "\n\ndef uart(where):\n    return open_uart(nowhere, where)\n"
HANGING = BOARD + "\n\ndef led(on):\n    import time\n    time.sleep(3600)\n"


def wait_reset(desk: Desk, after: int) -> Terminal:
    """Let board time pass until the watchdog resets the board."""
    desk.pico.skip(20)
    desk.pico.wait_event("reset", after=after, cause="watchdog")
    desk.pico.skip(0)
    return desk.next_start()


def test_after_five_crashes_the_board_waits_for_somebody(lone):
    terminal = lone.boot({"board.py": CRASHING.encode()})
    for _ in range(5):
        mark = lone.pico.mark
        terminal.wait_for("the watchdog restarts the board")
        terminal.wait_for("NameError: name 'nowhere' isn't defined")
        terminal = wait_reset(lone, mark)
    lone.pico.gpio.wait(LED_PIN, 1, after=mark)
    terminal.wait_for("safe mode after 5 crashes: see /crash.log")
    lone.answers(terminal)
    assert lone.pico.gpio[LED_PIN] == 1
    terminal.close()
    log = lone.pico.mpremote("fs", "cat", ":crash.log")
    assert log.count("NameError: name 'nowhere' isn't defined") == 5
    lone.pass_time(30)
    assert lone.resets() == 5
    lone.cut()
    assert lone.pico.flash.read_file("crash.log").decode() == log


def test_a_board_that_crashes_can_be_repaired(lone):
    terminal = lone.boot({"board.py": CRASHING.encode()})
    terminal.wait_for("the watchdog restarts the board")
    terminal.close()
    for _ in range(4):  # the watchdog fires after 8 s, and a busy host may need that long
        try:
            lone.pico.mpremote("fs", "rm", ":board.py")
            break
        except MpremoteError as e:
            assert lone.resets() > 0, e.output
    before = lone.resets()
    lone.pass_time(30)
    assert lone.resets() == before
    lone.cut()
    lone.on().wait_for(RUNNING)


def test_safe_mode_ends_after_an_hour(lone):
    terminal = lone.boot(
        {"board.py": CRASHING.encode(), "crashes": b"6"}
    )  # the power cut does not count as a crash
    terminal.wait_for("safe mode after 5 crashes")
    terminal.wait_for(PROMPT)
    terminal.type("import gc; gc.collect()")
    terminal.wait_for(PROMPT)
    mark = lone.pico.mark
    lone.pass_time(3590)
    assert lone.resets() == 0
    terminal = wait_reset(lone, mark)
    terminal.wait_for("NameError: name 'nowhere' isn't defined")


def test_the_watchdog_ends_a_hang(lone):
    mark = lone.pico.mark
    lone.boot({"board.py": HANGING.encode()}).wait_for(RUNNING)
    terminal = wait_reset(lone, mark)
    terminal.wait_for(RUNNING)
    assert lone.resets() == 1
    lone.cut()
    assert b"start 1 after the watchdog" in lone.pico.flash.read_file("crash.log")


def test_ctrl_c_at_the_start_leaves_the_board_to_its_user(lone):
    terminal = lone.boot()
    terminal.wait_for(RUNNING)
    terminal.send(b"\x03")
    terminal.wait_for("stopped by Ctrl-C")
    lone.answers(terminal)


def test_ctrl_c_later_keeps_the_watchdog_away_even_over_a_soft_reset(lone):
    terminal = lone.boot()
    terminal.wait_for("looking for the modem")
    terminal.send(b"\x03")
    terminal.wait_for("stopped by Ctrl-C")
    lone.answers(terminal)
    terminal.close()
    assert lone.pico.mpremote("exec", "print('still here')") == "still here\n"
    lone.pass_time(30)
    assert lone.resets() == 0
