"""The steps from a modem on a line to a data connection, and connections over it."""

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
    """A step failed, and has been printed. `failure`: problem and advice."""

    def __init__(self, failure: ToolError) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass
class Step:
    """One step. `state`: ok, warn or fail. `seconds`: its duration."""

    name: str
    state: str = "ok"
    text: str = ""
    advice: str = ""
    seconds: float = 0.0


class Steps:
    """The steps of a command; prints each when it ends."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer
        self.done: list[Step] = []

    @contextlib.contextmanager
    def step(self, name: str, waiting: str = "", grave: bool = True) -> Iterator[Step]:
        """Run the block as a step, which sets `text` to its result. Raises StepFailed.

        `waiting`: shown on a terminal during the step. If not `grave`, a failure is a warning, and
        raises nothing.
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
        """Return the steps for JSON."""
        return [asdict(step) for step in self.done]


@dataclass(frozen=True)
class AttachOptions:
    """How to attach. `apn` None: the modem's stored one. `ask`: prompts for a PIN, None if no user
    is there. `timeout`: ms for the network, and again for the data connection."""

    apn: str | None
    user: str
    password: str
    pin: str | None
    ask: Callable[[], str] | None
    timeout: int


def start(line: ModemLine, driver: str | None, steps: Steps) -> ConnectedModem:
    """Find the modem, as a step. Raises StepFailed."""
    with steps.step("modem", "looking for the modem") as step:
        connected = connect(line, driver)
        step.text = f"{connected.what}, driver {connected.driver}"
    return connected


def attach(connected: ConnectedModem, options: AttachOptions, steps: Steps) -> str:
    """Prepare SIM, network and data connection; return our address. Raises StepFailed."""
    modem = connected.modem
    with steps.step("SIM") as step:
        unlock(modem, connected.line, options.pin, options.ask)
        step.text = f"ready, {if_answered(modem.iccid) or 'number unknown'}"
    with steps.step("network", "waiting for the network") as step:
        apn, ip = stored_context(modem) if options.apn is None else (options.apn, "ipv4")
        before = if_answered(modem._address)
        modem._want(apn, options.user, options.password, "auto", ip)
        if modem._prepare():
            before = None  # it registers again
        stat = modem.register(options.timeout)
        operator, technology = modem_facts.network(modem)
        dbm = if_answered(modem.signal)
        signal = None if dbm is None else f"{dbm} dBm"
        reported = (modem_facts.STATES[stat], technology, operator, signal)
        step.text = ", ".join(filter(None, reported))
    with steps.step("data", "waiting for the data connection") as step:
        address = modem.attach(apn, options.user, options.password, ip=ip, timeout=options.timeout)
        how = "active already" if address == before else f"APN {apn}" if apn else ""
        step.text = ", ".join(filter(None, (f"address {address}", how)))
    return address


def stored_context(modem: Any) -> tuple[str, str]:
    """Return the APN of context 1 (27.007 10.1.1) and its IP version; "" if it has none."""
    versions = {"IPV6": "ipv6", "IPV4V6": "both"}
    for line in if_answered(modem.at.command, b"+CGDCONT?", b"+CGDCONT:") or ():
        fields = line.split(b",")
        if len(fields) > 2 and fields[0] == b"1":
            version = versions.get(text(fields[1].strip(b'" ')).upper(), "ipv4")
            return text(fields[2].strip(b'" ')), version
    return "", "ipv4"


# -- connections --------------------------------------------------------------------------------


def look_up(connected: ConnectedModem, host: str, steps: Steps) -> str | None:
    """Return `host` if it is an address, else the modem's answer, as a step; or None."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host))
    with steps.step("name", "looking up the name", grave=False) as step:
        address = connected.modem.resolve(host)
        step.text = f"{host} is {address}"
        return address
    return None


@dataclass(frozen=True)
class Try:
    """One connection. `ms`: until it was open, or refused; `error`: the reason of a refusal."""

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
    """Wait, and handle the modem's unsolicited lines."""
    connected.modem._idle(int(seconds * 1000))


def summary(tries: list[Try]) -> dict[str, Any]:
    """Return the numbers of all tries, and the times in ms of those that opened."""
    times = [one.ms for one in tries if one.open]
    return {
        "tries": [asdict(one) for one in tries],
        "open": len(times),
        "min": min(times, default=None),
        "avg": round(sum(times) / len(times), 1) if times else None,
        "max": max(times, default=None),
    }
