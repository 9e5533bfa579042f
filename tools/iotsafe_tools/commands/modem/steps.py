"""From a modem on a line to a data connection, step by step, and connections over it."""

from __future__ import annotations

import contextlib
import ipaddress
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import cellular
from cellular.errors import text
from iotsafe_tools.console.errors import FAILURES, ToolError, as_tool_error
from iotsafe_tools.console.view import Printer
from iotsafe_tools.ports.modem import unlock
from iotsafe_tools.ports.shapes import ModemLine

from . import facts as modem_facts
from .connection import ConnectedModem, connect
from .identity import if_answered


class StepFailed(Exception):
    """A step failed, and was shown; `failure`: what and why."""

    def __init__(self, failure: ToolError) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass
class Step:
    """`state`: ok, warn or fail. `seconds`: how long it took."""

    name: str
    state: str = "ok"
    text: str = ""
    advice: str = ""
    seconds: float = 0.0


class Steps:
    """Steps, each shown as it ends."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer
        self.done: list[Step] = []

    @contextlib.contextmanager
    def step(self, name: str, waiting: str = "", grave: bool = True) -> Iterator[Step]:
        """The block is a step, which says in `text` what came of it. Raises StepFailed.

        `waiting`: what a terminal shows meanwhile. Where it is not `grave`, its failure is a
        warning, and nothing is raised.
        """
        step = Step(name)
        begun = time.monotonic()
        try:
            with self.printer.waiting(waiting):
                yield step
        except FAILURES as error:
            failure = as_tool_error(error)
            if not grave:
                step.state, step.text = "warn", failure.problem
                return
            step.state, step.text, step.advice = "fail", failure.problem, failure.advice
            raise StepFailed(failure) from None
        finally:
            step.seconds = round(time.monotonic() - begun, 3)
            if step.text:
                self.done.append(step)
                shown = f"{step.name:<8} {step.seconds:6.1f} s  {step.text}"
                self.printer.step(step.state, shown, step.advice)

    def report(self) -> list[dict[str, Any]]:
        """The steps as JSON."""
        return [asdict(step) for step in self.done]


@dataclass(frozen=True)
class AttachOptions:
    """How to attach. `apn` None: what the modem has stored. `ask`: for a PIN, or None where
    nobody can be asked. `timeout`: ms for the network, and again for the data connection."""

    apn: str | None
    user: str
    password: str
    pin: str | None
    ask: Callable[[], str] | None
    timeout: int


def start(line: ModemLine, driver: str | None, steps: Steps) -> ConnectedModem:
    """The step in which the modem is found. Raises StepFailed."""
    with steps.step("modem", "looking for the modem") as step:
        connected = connect(line, driver)
        step.text = f"{connected.what}, driver {connected.driver}"
    return connected


def attach(connected: ConnectedModem, options: AttachOptions, steps: Steps) -> str:
    """SIM, network, data connection; our address. Raises StepFailed."""
    modem = connected.modem
    with steps.step("SIM") as step:
        unlock(modem, connected.line, options.pin, options.ask)
        step.text = f"ready, {if_answered(modem.iccid) or 'number unknown'}"
    with steps.step("network", "waiting for the network") as step:
        apn = stored_apn(modem) if options.apn is None else options.apn
        before = if_answered(modem._address)
        if modem._prepare(apn, options.user, options.password):
            before = None  # it registers anew
        stat = modem.register(options.timeout)
        operator, technology = modem_facts.network(modem)
        dbm = if_answered(modem.signal)
        signal = None if dbm is None else f"{dbm} dBm"
        said = (modem_facts.STATES[stat], technology, operator, signal)
        step.text = ", ".join(filter(None, said))
    with steps.step("data", "waiting for the data connection") as step:
        address = modem.attach(apn, options.user, options.password, timeout=options.timeout)
        how = "active already" if address == before else f"APN {apn}" if apn else ""
        step.text = ", ".join(filter(None, (f"address {address}", how)))
    return address


def stored_apn(modem: Any) -> str:
    """The APN of context 1 (27.007 10.1.1), "" if it has none."""
    for line in if_answered(modem.at.command, b"+CGDCONT?", b"+CGDCONT:") or ():
        fields = line.split(b",")
        if len(fields) > 2 and fields[0] == b"1":
            return text(fields[2].strip(b'" '))
    return ""


# -- connections --------------------------------------------------------------------------------


def look_up(connected: ConnectedModem, host: str, steps: Steps) -> str | None:
    """The address of `host`: it is one, or in a step the modem tells it, or None."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host))
    with steps.step("name", "asking for the name", grave=False) as step:
        address = connected.modem.resolve(host)
        step.text = f"{host} is {address}"
        return address
    return None


@dataclass(frozen=True)
class Try:
    """One connection. `ms`: until it was open, or refused; `error`: why it was."""

    open: bool
    ms: float
    error: str | None = None
    advice: str | None = None


def try_connection(connected: ConnectedModem, host: str, port: int) -> Try:
    """Open a TCP connection through the modem, and close it. Raises ModemReset, PortError."""
    connection = connected.modem.socket()
    begun = time.monotonic()

    def ms() -> float:
        return round((time.monotonic() - begun) * 1000, 1)

    try:
        connection.connect((host, port))
        return Try(True, ms())
    except cellular.ModemReset:
        raise
    except cellular.ModemError as error:
        failure = as_tool_error(error)
        return Try(False, ms(), failure.problem, failure.advice)
    finally:
        connection.close()


def idle(connected: ConnectedModem, seconds: float) -> None:
    """Wait, and take in what the modem says."""
    connected.modem._idle(int(seconds * 1000))


def summary(tries: list[Try]) -> dict[str, Any]:
    """The numbers of all tries; times in ms of those that opened."""
    times = [one.ms for one in tries if one.open]
    return {
        "tries": [asdict(one) for one in tries],
        "open": len(times),
        "min": min(times, default=None),
        "avg": round(sum(times) / len(times), 1) if times else None,
        "max": max(times, default=None),
    }
