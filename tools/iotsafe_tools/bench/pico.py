"""Runs the main job on the Raspberry Pi Pico's image in the emulator; measures time and heap."""

import json
import queue
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.console import Console
from iotsafe_tools.emulator.pico import FIRMWARE
from iotsafe_tools.testbed import ProcessError, Rig, chains
from iotsafe_tools.testbed.pki import Issued

from .measure import SIGN_MS, Numbers

KIB = 1024
EC = "ec-256"
HEAP_TARGETS = {EC: 64 * KIB, "rsa-2048": 66 * KIB, "rsa-4096": 70 * KIB}
"""Server's chain -> bytes of MicroPython heap, TLS buffers included, that the main job may need.

`EC` is the server that the rig's own authority issues, the others are in `chains.CHAINS`.
"""

_HERE = Path(__file__).parent
_LAB = {"uart": "tcp:127.0.0.1:0", "auto_power": False, "delays": 0.0, "sign_ms": SIGN_MS}
_TIMEOUT = 300.0  # seconds between two lines, on a busy machine; a handshake takes about 10
_TAIL = 12  # lines quoted in an error
_ATTEMPTS = 3  # at a trial whose outcome is no evidence about the heap
_SESSIONS = 3
_PER_SESSION = 2  # readings
_HEAP_MOST = 128 * KIB
_KEYS = chains.Keys()

# "    12.345  mqtt      delivered …": time since the application's start, area, text.
_LINE = re.compile(r"^ *(\d+)\.(\d{3})  (.*)")
_NUMBER = re.compile(r"^BENCH (\w+) (\d+)$")
NO_MEMORY = re.compile(
    r"MemoryError|memory allocation failed|ENOMEM|ALLOC_FAILED|out of memory|crashed: see"
)
"""Found in the lines in which the board reports a lack of memory."""
# The board was reset, or it is at the REPL because the application ended.
_STOPPED = re.compile(r"^EMULATOR |^MicroPython v")
# Errors that the board reports when a busy host does not schedule the modem in time.
_TOO_SLOW = re.compile(r"ModemTimeout|ModemSilent|ETIMEDOUT")


class BoardRun:
    """One run of the image from power on. A context manager.

    flash: content of the flash; config, CA certificate and `files` are written into it.
    chain: the server's, one of HEAP_TARGETS.
    """

    def __init__(
        self,
        folder: str,
        flash: bytes,
        files: Mapping[str, bytes] | None = None,
        chain: str = EC,
    ) -> None:
        image = Path(folder) / "flash.img"
        image.write_bytes(flash)
        self._queue: queue.Queue[str] = queue.Queue()
        broker, authority = {}, {}
        if chain != EC:
            made = chains.make(chain, _KEYS, Path(folder) / chain)
            broker = {"server": Issued(made.certificate, made.chain, made.key)}
            authority = {"ca.pem": made.root.read_bytes()}
        self.rig = Rig(folder, lab=_LAB, broker=broker)
        self.pico = Pico(flash=image, lab=self.rig.lab, on_event=self._event)
        config = self.rig.config()
        del config["modem"]["uart"]  # the board's modem is wired
        own = {"config.json": json.dumps(config).encode(), "ca.pem": self.rig.pki.ca_pem}
        for name, content in {**own, **authority, **(files or {})}.items():
            self.pico.flash.write_file(name, content)

    def __enter__(self) -> Self:
        self.rig.start()
        try:
            self.pico.start(power=False)
            self._console = Console(self.pico.console, self._queue.put)
            self._console.__enter__()
            self.pico.power(True)
        except BaseException:
            self.pico.stop()
            self.rig.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._console.__exit__()
        self.pico.stop()
        self.rig.stop()

    def _event(self, event: dict[str, Any]) -> None:
        if event["event"] == "halt":
            self._queue.put(f"EMULATOR the core halted: {event['why']}")
        elif event["event"] == "reset" and event["cause"] != "power":
            self._queue.put(f"EMULATOR reset by {event['cause']}")

    def lines(self) -> Iterator[str]:
        """Yield the lines that the board prints. Raises ProcessError if the board stays silent."""
        seen = []
        while True:
            try:
                line = self._queue.get(timeout=_TIMEOUT)
            except queue.Empty:
                why = f"the board printed nothing for {_TIMEOUT:g} s"
                raise ProcessError(why, seen[-_TAIL:]) from None
            seen.append(line)
            yield line


def new_flash() -> bytes:
    """Return the flash of a board that has made its file system and has no config yet."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "flash.img"
        with Pico(flash=image, flash_time="none") as pico:
            pico.exec("pass")  # the REPL answers only after the file system is made
        return image.read_bytes()


def image() -> Numbers:
    """Return the flash that the image takes, in bytes."""
    return {"pico.image": json.loads(FIRMWARE.with_name("sizes.json").read_text())["flash"]}


def first_publish(flash: bytes) -> Numbers:
    """Measure board time from power on to the first delivered reading, and to open the session.

    The modem boots and registers at once. The time includes the pause for Ctrl-C.
    """
    with tempfile.TemporaryDirectory() as folder, BoardRun(folder, flash) as run:
        since = run.pico.wait_event("reset", cause="power")["us"]
        last = began = connected = 0
        for line in run.lines():
            said = _LINE.match(line)
            if not said:
                continue
            now, text = int(said[1] + said[2]), said[3]
            if text.startswith("tls ") and not began:
                began = last  # the previous step ended when it printed its last line
            elif text.startswith("mqtt      connected to"):
                connected = now
            elif text.startswith("mqtt      delivered"):
                break
            last = now
        end = run.pico.counters()["board_us"]
    return {
        "pico.first_publish.board_ms": round((end - since) / 1000),
        "pico.connect.board_ms": connected - began,
    }


def heap_in_use(flash: bytes) -> Numbers:
    """Measure the heap in use after a collection: with an open session, and after a delivery.

    `pico_heap.py`, which measures, uses some of that heap itself: see README.md.
    """
    said: dict[str, int] = {}
    files = {"app.py": (_HERE / "pico_heap.py").read_bytes()}
    with tempfile.TemporaryDirectory() as folder, BoardRun(folder, flash, files) as run:
        for line in run.lines():
            if _STOPPED.search(line):
                raise ProcessError("the board did not report its heap", [line])
            if number := _NUMBER.match(line):
                said[number[1]] = int(number[2])
            if "end" in said:
                break
    return {
        "pico.heap.total": said["total"],
        "pico.heap.at_session": said["_session"],
        "pico.heap.first_publish": said["_delivered"],
    }


class InconclusiveTrial(ProcessError):
    """A trial failed for a reason that has nothing to do with the heap."""


def main_job(flash: bytes, heap: int, chain: str = EC) -> str | None:
    """Connect, publish, and twice lose the session, reconnect, publish, with `heap` bytes.

    `chain`: the server's, one of HEAP_TARGETS.
    Returns None if the job passes, else the line in which the board reports the failure. Raises
    ProcessError if no trial is conclusive about the heap.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _trial(flash, heap, chain)
        except InconclusiveTrial as e:
            error = e
    raise error


def _trial(flash: bytes, heap: int, chain: str) -> str | None:
    messages = _SESSIONS * _PER_SESSION
    files = {
        "app.py": (_HERE / "pico_app.py").read_bytes(),
        "bench": b"%d %d" % (heap, messages),
    }
    sessions = cuts = failures = 0
    last = ""
    with tempfile.TemporaryDirectory() as folder, BoardRun(folder, flash, files, chain) as run:
        for line in run.lines():
            if NO_MEMORY.search(line):
                return line
            if _STOPPED.search(line):
                return f"{last}; {line}"
            if "mqtt      connected to" in line:
                sessions += 1
            elif "mqtt      delivered" in line and cuts < min(sessions, _SESSIONS - 1):
                cuts += 1
                run.rig.lab.call(run.rig.lab.modem.sockets.peer_closed, 0)
            elif "next attempt in" in line:
                failures += 1
                if failures > cuts:
                    if _TOO_SLOW.search(last):
                        raise InconclusiveTrial(f"the modem was too slow for the board: {last}")
                    return last
            elif (number := _NUMBER.match(line)) and number[1] == "end":
                break
            last = line
    if not int(number[2]):
        return last
    if sessions != _SESSIONS:
        raise InconclusiveTrial(
            f"{sessions} sessions instead of {_SESSIONS}: the bench was too slow to cut them"
        )
    return None


def smallest(passes: Callable[[int], bool], low: int, high: int) -> int:
    """Find the smallest number for which `passes` holds, by bisection.

    The search starts in the range above `low` up to `high`, and moves if the number is outside.
    """
    step = high - low
    if passes(high):
        while passes(low):
            low, high = low - step, low
    else:
        low, high = high, high + step
        while not passes(high):
            low, high = high, high + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def smallest_heap(flash: bytes, chain: str = EC) -> Numbers:
    """Find the smallest heap, to 1 KiB, with which the main job passes; the server has `chain`."""

    def passes(kib: int) -> bool:
        why = main_job(flash, kib * KIB, chain)
        if why and kib * KIB >= _HEAP_MOST:
            raise ProcessError(f"the main job fails even with {kib} KiB of heap: {why}")
        return why is None

    target = HEAP_TARGETS[chain] // KIB
    return {smallest_name(chain): smallest(passes, target - 8, target) * KIB}


def smallest_name(chain: str) -> str:
    """Return the name in the report of the smallest heap with a server of `chain`."""
    return "pico.heap.smallest" + ("" if chain == EC else f".{chain}")
