"""The power fails at any moment: the board restarts with an intact config and loses no reading.

The test runs the image that a user flashes. It kills the emulator, whose flash image stays as it
is at that moment. `make soak` cuts the power more often.
"""

import json
import random
import threading
import time
from pathlib import Path

import pytest
from terminal import Terminal

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.__main__ import LAB, provision
from iotsafe_tools.testbed import Rig, Subscriber

CUTS = 24
SEED = 1
BOARDS = 2  # running at the same time: one for each core
_PATIENCE = 600.0  # seconds for what takes a few on an idle machine
_LATE = 8.0  # seconds after the start of the console; a session begins after some 5


class Device:
    """A board that publishes every second, its broker, and a record of its readings."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.rig = Rig(folder, lab=LAB)
        self.pico = Pico(flash=folder / "flash.img", lab=self.rig.lab)
        self.kept: dict[
            int, dict
        ] = {}  # number -> reading that was on flash when the power failed
        self.received: list[dict] = []
        self.moments: list[str] = []  # how far the board was at each cut
        self.files: dict[str, bytes] = {}
        self.error: BaseException | None = None

    def run(self, cuts: int) -> None:
        """Cut the power `cuts` times, then deliver the readings that are left."""
        try:
            with self.rig, self.pico, Subscriber(self.rig.broker, topic="devices/#") as subscriber:
                provision(self.pico, self.rig, 1)
                self.pico.power_cut()
                self.files = {
                    name: self.pico.flash.read_file(name) for name in ("config.json", "ca.pem")
                }
                for _ in range(cuts):
                    self._cut()
                    self._take(subscriber)
                self._finish(subscriber)
        except BaseException as error:  # the test's thread raises it
            self.error = error

    def _cut(self) -> None:
        pico, choice = self.pico, self.random.random()
        pico.start(power=False)
        terminal = Terminal(pico.console)
        pico.power(True)
        pico.skip(3)  # the pause for Ctrl-C
        if choice < 0.3:  # in the middle of an erase or a program
            pico.tear(self.random.randrange(40), self.random.randrange(1 << 30))
            pico.wait_end(_PATIENCE)
        elif choice < 0.4:  # while it boots
            time.sleep(self.random.random() * 0.6)
        else:
            pico.wait_console(_PATIENCE)
            time.sleep(self.random.random() * _LATE)
        pico.power_cut()
        terminal.close()
        self._look(terminal.text)

    def _look(self, text: str) -> None:
        """Check the board's output and the content of its flash."""
        assert "Traceback" not in text and "safe mode" not in text, text
        for line in text.splitlines():
            assert " config " not in line, text
        last = [line.split()[1] for line in text.splitlines() if line[:1] == " "]
        self.moments.append(last[-1] if last else "boot")
        flash = self.pico.flash
        for name, content in self.files.items():
            assert flash.read_file(name) == content, f"{name} has changed"
        if "queue" in flash.names():
            for name in flash.names("/queue"):
                content = flash.read_file(f"/queue/{name}")
                if content.endswith(b"\n") and not name.endswith(".d"):
                    self.kept[int(name, 16)] = json.loads(content)

    def _take(self, subscriber: Subscriber) -> None:
        self.received += [json.loads(message.payload) for message in subscriber.drain()]

    def _finish(self, subscriber: Subscriber) -> None:
        """Start once more: all readings on flash must arrive, then new ones."""
        self.pico.start()
        wanted = max(self.kept, default=0) + 3
        while not any(reading["seq"] == wanted for reading in self.received):
            message = subscriber.get(_PATIENCE)
            self.received.append(json.loads(message.payload))

    def check(self) -> None:
        """Check that no reading is lost and that a repeat is marked and unchanged."""
        seen: dict[int, dict] = {}
        for reading in self.received:
            number, repeat = reading["seq"], reading.pop("repeat", False)
            if number in seen:
                assert repeat, f"reading {number} came twice, unmarked"
                assert reading == seen[number], f"reading {number} came as two different ones"
            seen[number] = reading
        assert list(seen) == list(range(1, len(seen) + 1)), f"a gap or another order: {list(seen)}"
        for number, reading in self.kept.items():
            assert seen[number] == {**reading, "seq": number}, f"reading {number} was changed"


@pytest.mark.timeout(_PATIENCE + 60 * CUTS)
def test_the_power_fails_at_any_moment(tmp_path):
    devices = [Device(tmp_path / str(n), SEED + n) for n in range(BOARDS)]
    threads = [
        threading.Thread(target=device.run, args=((CUTS + n) // BOARDS,))
        for n, device in enumerate(devices)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for device in devices:
        if device.error:
            raise AssertionError(f"seed {SEED}: {device.error}") from device.error
        device.check()
    cuts = [moment for device in devices for moment in device.moments]
    assert len(cuts) == CUTS
    readings = sum(len({r["seq"] for r in device.received}) for device in devices)
    assert readings >= CUTS // 4, f"{readings} readings are too few to say much"
    counts = ", ".join(f"{cuts.count(moment)} {moment}" for moment in sorted(set(cuts)))
    repeats = sum(len(device.received) for device in devices) - readings
    print(f"{CUTS} power cuts, seed {SEED}: {counts}; {readings} readings, {repeats} repeats")
