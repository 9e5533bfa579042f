"""A 3GPP modem on a serial port, or at any URL of pyserial: its line, and its SIM as a card
channel.

This module finds the modem (AT), switches error numbers on and checks its SIM. It does nothing
else with it: no power key, no registration, no connection.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import serial

import cellular
from cellular import timeouts
from cellular.errors import text
from cellular.modem import Modem
from iotsafe_tools.console.errors import BadURL, PortError, as_tool_error
from iotsafe_tools.simulator.modem.transcript import RecordedUART

from .recording import recorded
from .shapes import ModemLine, OpenCard

FIND_MS = 6_000
"""The longest wait for an answer to the first AT, in ms."""

_WRITE = timeouts.DEFAULT / 1000 + 0.5  # seconds; the AT engine gives up before

_GONE = "plug it in again, check the cable, and try again"
_IN_USE = "close that first (mpremote, a serial monitor, ModemManager, another iotsafe)"
_LISTED = "is it plugged in? `pyserial-ports` (in .venv/bin) lists the ports"

# errno of opening a device -> problem, advice.
_NOT_OPENED = {
    errno.ENOENT: ("no such port", _LISTED),
    errno.ENODEV: ("no such port", _LISTED),
    errno.ENXIO: ("no such port", _LISTED),
    errno.EACCES: ("no right to open it", "join the group that owns it, on Debian dialout"),
    errno.EPERM: ("no right to open it", "join the group that owns it, on Debian dialout"),
    errno.EBUSY: ("another program has it open", _IN_USE),
    errno.EAGAIN: ("another program has it open", _IN_USE),
}


class AnyModem(Modem):
    """The common part of all modems, with the start-up lines of all of them."""

    boot_lines = tuple(
        {line for name in cellular.names() for line in cellular.driver(name).boot_lines}
    )
    # If several modems have a command with different time-outs, the longest comes first.
    limits = tuple(
        sorted(
            {row for name in cellular.names() for row in cellular.driver(name).limits},
            key=lambda row: -row[1],
        )
    )
    pin_counters = tuple(
        sorted({row for name in cellular.names() for row in cellular.driver(name).pin_counters})
    )
    dns = None


class SerialUART:
    """A port of pyserial, in the shape of machine.UART with a time-out of 0.

    Raises PortError if the port is gone.
    """

    def __init__(self, port: serial.SerialBase, where: str) -> None:
        self._port = port
        self._where = where

    def any(self) -> int:
        """Return how many bytes can be read now; for some ports, 1 means at least one."""
        with self._alive():
            return int(self._port.in_waiting)

    def read(self, size: int = -1) -> bytes | None:
        """Return at most `size` of the bytes there (-1: all), None if there are none."""
        with self._alive():
            return self._port.read(self._port.in_waiting if size < 0 else size) or None

    def readinto(self, buffer: bytearray | memoryview) -> int | None:
        """Read the bytes there into `buffer`, as far as they fit; return their number or None."""
        with self._alive():
            return self._port.readinto(buffer) or None

    def write(self, data: bytes | memoryview) -> int:
        """Write `data`; return how many bytes the port took, 0 if none for some seconds."""
        with self._alive():
            try:
                return self._port.write(data)
            except serial.SerialTimeoutException:
                return 0

    @contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (OSError, serial.SerialException, TypeError):  # TypeError: another thread closed it
            raise PortError(f"{self._where}: the port is gone", _GONE) from None


def open_serial(url: str, baud: int) -> serial.SerialBase:
    """Open the port of pyserial at `url`, exclusively. Raises BadURL, PortError."""
    options = {"timeout": 0, "exclusive": True, "write_timeout": _WRITE}
    if url.lower().startswith("rfc2217:"):
        del options["write_timeout"]  # it has none
    try:
        port = serial.serial_for_url(url, baud, do_not_open=True, **options)
    except ValueError as error:
        raise BadURL(f"{url}: {error}") from None
    try:
        port.open()
    except (OSError, ValueError) as error:
        raise PortError(*_open_problem(url, baud, error)) from None
    return port


def _open_problem(url: str, baud: int, error: Exception) -> tuple[str, str]:
    """Return (problem, advice) for a port that does not open."""
    if "://" in url:
        return f"{url}: nothing listens there", "check the address, and start what listens there"
    if isinstance(error, ValueError):
        return f"{url}: it does not do {baud} baud", "choose another rate with ?baud="
    number = getattr(error, "errno", None)
    if number is None:  # on Windows, only the text has it
        names = {"FileNotFoundError": errno.ENOENT, "PermissionError": errno.EBUSY}
        number = next((code for name, code in names.items() if name in str(error)), None)
    problem, advice = _NOT_OPENED.get(number, ("it is not a serial port", _LISTED))
    return f"{url}: {problem}", advice


@contextmanager
def open_uart(
    url: str, baud: int, transcript: str | None = None, **details
) -> Iterator[SerialUART | RecordedUART]:
    """Open the port at `url` in the shape of machine.UART. `transcript`: a new file for all bytes
    that pass; `details` for its header. Raises BadURL, PortError."""
    port = open_serial(url, baud)
    try:
        with recorded(SerialUART(port, url), baud, transcript, **details) as uart:
            yield uart
    finally:
        port.close()


@contextmanager
def open_serial_line(url: str, baud: int, transcript: str | None) -> Iterator[ModemLine]:
    """Open the line at `url`, one of pyserial's. Raises BadURL, PortError."""
    with open_uart(url, baud, transcript) as uart:
        yield ModemLine(uart, url if "://" in url else f"{url} at {baud} baud", url, baud)


@contextmanager
def open_modem(
    url: str, baud: int, pin: str | None, transcript: str | None = None
) -> Iterator[OpenCard]:
    """Open the SIM of the modem at `url` as an OpenCard. `pin`: 4 to 8 digits. `transcript`: see
    `open_uart`. Raises BadURL, PortError."""
    with open_serial_line(url, baud, transcript) as line:
        modem = AnyModem(line.uart)
        find(modem, line)
        unlock(modem, line, pin)
        radio = "; its radio, and so the SIM, was off: switched on" if modem.was_dark else ""
        yield OpenCard(modem.sim(), f"{_model(modem)} on {line.where}{radio}")


def find(modem: Modem, line: ModemLine, patience: int | None = None) -> None:
    """Wait until `modem` on `line` answers, at most `patience` ms (FIND_MS), and set it up. Raises
    PortError."""
    try:
        modem.at.sync(patience or FIND_MS)
        modem.power_up()  # the modem is on: this only sets it up
    except cellular.ModemSilent:
        raise PortError(
            f"{line.url}: no modem answers",
            "check its power, TX and RX, press its power key (from here that cannot be done)"
            + ("" if "://" in line.url else f", and check the rate ({line.baud} baud)"),
        ) from None
    except cellular.ModemGarbled as error:
        advice = "check the rate, TX and RX, and cycle its power; or it is not a modem"
        raise PortError(f"{line.url}: {error}", advice) from None
    except cellular.ModemError as error:
        raise PortError(
            f"{line.url}: {error}", "is it a cellular modem? Cycle its power and try again"
        ) from None


def unlock(
    modem: Modem, line: ModemLine, pin: str | None, ask: Callable[[], str] | None = None
) -> None:
    """Make the SIM readable; enter a PIN once, and only if the SIM asks for it.

    `ask`: returns a PIN if `pin` is None. Raises PortError.
    """
    try:
        try:
            modem.unlock(pin)
        except cellular.SIMError as error:
            if pin is not None or ask is None or error.reason != "pin-wanted":
                raise
            modem.unlock(ask())
    except cellular.ModemError as error:
        if error.reason[:4] == "pin-":
            advice = as_tool_error(error).advice
        else:
            advice = "check that the SIM is inserted well and not locked, and try again"
        raise PortError(f"{line.url}: {error}", advice) from None


def _model(modem: Modem) -> str:
    """Return the modem's model (AT+CGMM), for messages."""
    try:
        lines = [text(line) for line in modem.at.command(b"+CGMM", b"")]
    except cellular.CommandError:
        lines = []
    named = [line for line in lines if line.strip()]
    return f"{named[0][:40]} modem" if named else "modem"
