"""The emulated Raspberry Pi Pico, for tests and commands."""

import contextlib
import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from iotsafe_tools.testbed.process import Process, ProcessError
from iotsafe_tools.testbed.reserved_port import ReservedPort
from iotsafe_tools.testbed.started import Started

from .control import Control
from .errors import EmulatorError
from .flash_image import FlashImage
from .gpio import Gpio
from .mpremote import mpremote

_ROOT = Path(__file__).resolve().parents[3]
BOARD = "WAVESHARE_PICO_SIM7080G"
FIRMWARE = _ROOT / "build" / "firmware" / BOARD / "firmware.uf2"
MODULES = _ROOT / "build" / "emulator"
"""Folder that holds node_modules/rp2040js."""
MAIN = Path(__file__).resolve().parent / "board" / "main.mjs"

POWER_KEY_PIN = 14
"""The Pico-SIM7080G hat's pin; HIGH presses the modem's power key."""
LED_PIN = 25

_START_TIMEOUT = 120.0  # seconds; it takes 0.3 on an idle machine
_EVENTS_MAX = 100_000  # events kept; beyond that, the older half is dropped


class Pico(Started):
    """A board with `firmware` (UF2) and `flash` (an image file that is kept; None: not kept).

    lab: a Lab with uart="tcp:…". UART0 connects to its modem, and the pin `power_key` drives the
    modem's power key. Without a lab, UART0 listens at `uart0`.
    time: "cpu" or "wall", see README.md. flash_time: "typical" or "none". hold: keep received
    bytes for a UART whose FIFO is full. uid: unique id, 16 hex digits. console_port: a fixed port
    for the console. log: a file for the emulator's output. on_event(event): called for each event,
    from a thread.

    A context manager: the board has power on entry; no process is left running on exit. `start`
    may be called again after `power_cut`. Raises EmulatorError.
    """

    def __init__(
        self,
        firmware: str | os.PathLike[str] = FIRMWARE,
        flash: str | os.PathLike[str] | None = None,
        *,
        lab: Any = None,
        power_key: int = POWER_KEY_PIN,
        time: str = "cpu",
        flash_time: str = "typical",
        hold: bool = False,
        uid: str | None = None,
        console_port: int | None = None,
        modules: Path = MODULES,
        log: Path | None = None,
        on_event: Callable[[dict[str, Any]], None] = lambda event: None,
    ) -> None:
        _check(Path(firmware), modules)
        self._lab = lab
        self._power_key = power_key
        self._log = log
        self._on_event = on_event
        self._uart0 = _lab_uart(lab) if lab else "0"
        self._options = ["--time", time, "--flash-time", flash_time]
        self._options += ["--hold"] if hold else []
        self._options += ["--uid", uid] if uid else []
        self._files = ["--uf2", os.fspath(firmware), "--modules", os.fspath(modules)]
        self._changed = threading.Condition()
        self._events: list[dict[str, Any]] = []
        self._dropped = 0  # number of events that were dropped from the list
        self._console_ready = False
        self._process: Process | None = None
        self._control: Control | None = None
        self._places: dict[str, str] = {}
        self.gpio = Gpio(self)
        self._folder = None if flash else tempfile.TemporaryDirectory(prefix="pico-")
        self.flash = FlashImage(flash or Path(self._folder.name) / "flash.img")
        self._port = ReservedPort() if console_port is None else None
        self._console_port = self._port.number if self._port else console_port

    # -- power and resets ------------------------------------------------------------------------

    def start(self, power: bool = True) -> Self:
        """Start the emulator; with `power`, also the board. Does nothing if it runs."""
        if self._process is not None:
            return self
        self.flash.lock()
        places = ["--console", str(self._console_port), "--uart0", self._uart0]
        command = ["node", str(MAIN), *self._files, *self._options, *places, "--off"]
        command += ["--flash", str(self.flash.path)]
        process = Process(command, name="the emulator", log=self._log)
        try:
            process.start()
            self._places = json.loads(process.wait_for(r'^\{"event":"ready".*', _START_TIMEOUT)[0])
            self._process = process
            self._control = Control(_port(self._places["control"]), self._event, self._on_end)
            self.gpio.restore()
            if power:
                self.power(True)
        except BaseException as error:
            self._end(process)
            if isinstance(error, ProcessError):
                raise EmulatorError(_reason(error)) from error
            raise
        return self

    def power(self, on: bool) -> None:
        """Switch the board's supply; the emulator keeps running."""
        self._request("power", on=on)

    def reset(self) -> None:
        """Pull the board's RUN pin, like its reset button."""
        mark = self.mark
        self._request("reset")
        self.wait_event("reset", after=mark)

    def power_cut(self) -> None:
        """Kill the emulator at once, at any point. The flash image stays as it is at that moment;
        `start` continues with it."""
        if self._process is not None:
            self._process.kill()
            self._end(self._process)

    def tear(self, after: int, seed: int) -> None:
        """Cut the power in the middle of the flash step (erase of a sector, program of a page)
        that follows `after` more steps. The emulator then ends as after `power_cut`; `wait_end`
        waits for that."""
        self._request("tear", after=after, seed=seed)

    def wait_end(self, timeout: float = 60.0) -> None:
        """Wait until the emulator has ended by itself. Raises EmulatorError if it has not."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout)
        except ProcessError as error:
            raise EmulatorError(str(error)) from error
        self._end(self._process)

    def stop(self) -> None:
        """Stop the emulator; may be called twice."""
        if self._process is not None:
            self._end(self._process)
        self.flash.unlock()
        if self._port:
            self._port.close()
        if self._folder:
            self._folder.cleanup()

    close = stop

    def _end(self, process: Process) -> None:
        process.stop()
        if self._control is not None:
            self._control.close()
        self._process = self._control = None

    # -- its events and counters -----------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the emulator's process runs."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """The emulator's process id. Raises EmulatorError if it does not run."""
        if self._process is None:
            raise EmulatorError("the emulator does not run; start it")
        return self._process.pid

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events so far: {"event": name, "us": board time in microseconds, …}."""
        with self._changed:
            return list(self._events)

    @property
    def mark(self) -> int:
        """Return the number of events so far, for `after` of `wait_event`."""
        with self._changed:
            return self._dropped + len(self._events)

    def wait_event(
        self, name: str, *, after: int = 0, timeout: float = 120.0, **fields: Any
    ) -> dict[str, Any]:
        """Wait for the first event after the mark `after` with that name and those fields.

        Raises EmulatorError after `timeout` seconds.
        """
        found: list[dict[str, Any]] = []

        def look() -> bool:
            wanted = {"event": name, **fields}.items()
            later = self._events[max(0, after - self._dropped) :]
            found[:] = [event for event in later if wanted <= event.items()][:1]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(look, timeout):
                raise EmulatorError(f"no event {name} {fields or ''} within {timeout:g} s")
        return found[0]

    def counters(self) -> dict[str, int]:
        """Return numbers by dotted name: board_us, uart0.lost, flash.wear, resets.watchdog, …"""
        return self._request("counters")["counters"]

    def flash_fails(self, failing: bool) -> None:
        """Make the flash ignore erase and program, like a worn-out chip (True), or work again.

        The firmware can still read its content."""
        self._request("flash", failing=failing)

    def skip(self, seconds: float) -> None:
        """Skip the next `seconds` of board time in which the board is idle, also across resets.
        The event "skipped" follows when they have passed. 0 ends it."""
        self._request("skip", ms=round(seconds * 1000))

    def entropy(self, stuck: int | None) -> None:
        """Make the chip's random source always give 0 or 1, or (None) be random again."""
        self._request("entropy", stuck=stuck)

    def drive(self, pin: int, value: int | None) -> None:
        """Drive a pin from outside to 0 or 1; None leaves it open."""
        self._request("pin", pin=pin, value=value)

    def _request(self, do: str, **fields: Any) -> dict[str, Any]:
        if self._control is None:
            raise EmulatorError("the emulator does not run; start it")
        return self._control.request(do, **fields)

    def _event(self, event: dict[str, Any]) -> None:
        with self._changed:
            self._events.append(event)
            if len(self._events) > _EVENTS_MAX:
                self._dropped += _EVENTS_MAX // 2
                del self._events[: _EVENTS_MAX // 2]
            if event["event"] in ("reset", "power", "gone"):
                self._console_ready = False
            elif event["event"] == "console":
                self._console_ready = True
            self.gpio.note(event)
            self._changed.notify_all()
        if self._lab and event["event"] == "gpio" and event["pin"] == self._power_key:
            with contextlib.suppress(OSError):  # the lab may have stopped earlier
                self._lab.power_key(event["value"] == 1)
        self._on_event(event)

    def _on_end(self) -> None:
        """Record that the emulator has ended: no pin is driven any more."""
        for pin in list(self.gpio.driven):
            self._event({"event": "gpio", "pin": pin, "value": None})
        self._event({"event": "gone"})

    # -- its lines -------------------------------------------------------------------------------

    @property
    def console(self) -> str:
        """The address for mpremote's `connect`. It is the same after every start."""
        return f"socket://127.0.0.1:{self._console_port}"

    @property
    def uart0(self) -> str:
        """The address where UART0 listens or that it dials, tcp:HOST:PORT."""
        return f"tcp:{self._places['uart0']}"

    @property
    def uart1(self) -> str:
        """The address where UART1 listens, tcp:HOST:PORT."""
        return f"tcp:{self._places['uart1']}"

    def wait_console(self, timeout: float = 120.0) -> None:
        """Wait until the board's USB console is configured. Raises EmulatorError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._console_ready, timeout):
                raise EmulatorError(f"the board has no USB console after {timeout:g} s")

    def mpremote(self, *arguments: str, timeout: float = 300.0, **options: Any) -> str:
        """Run mpremote with the board; return its output. See `mpremote.mpremote`."""
        self.wait_console()
        return mpremote(self.console, *arguments, timeout=timeout, **options)

    def exec(self, code: str, timeout: float = 300.0) -> str:
        """Run `code` on the board without a soft reset before; return its output."""
        return self.mpremote("resume", "exec", code, timeout=timeout)


def _check(firmware: Path, modules: Path) -> None:
    if shutil.which("node") is None:
        raise EmulatorError("node is not installed: apt-get install nodejs npm")
    if not (modules / "node_modules" / "rp2040js").is_dir():
        raise EmulatorError(f"rp2040js is not in {modules}; `make pico` installs it")
    if not firmware.is_file():
        board = firmware.parent.name if firmware == FIRMWARE else BOARD
        raise EmulatorError(f"no firmware {firmware}: run `make firmware BOARD={board}`")


def _lab_uart(lab: Any) -> str:
    match = re.fullmatch(r"tcp:(.+:\d+)", lab.uart)
    if match is None:
        raise EmulatorError(f"the lab's UART is {lab.uart}; give it uart='tcp:127.0.0.1:0'")
    return match[1]


def _port(place: str) -> int:
    return int(place.rpartition(":")[2])


def _reason(error: ProcessError) -> str:
    for line in error.lines:
        if line.startswith("emulator: "):
            return line.removeprefix("emulator: ")
    return str(error)
