"""What goes wrong in a host tool, in one line of two parts: what and where, and what to do."""

from __future__ import annotations

import cellular
import iotsafe
from iotsafe_tools.simulator.sim import StoreError


class ToolError(Exception):
    """`problem`: what went wrong and where; `advice`: what to do about it."""

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(f"{problem}: {advice}")
        self.problem = problem
        self.advice = advice


class PortError(ToolError):
    """The port of a command can't be used."""


class BadURL(ValueError):
    """A port's URL that can't be meant: a mistake in the command line."""


# Exceptions of the client's layers that a command may meet; `as_tool_error` has words for each.
FAILURES = (
    ToolError,
    iotsafe.AppletNotFound,
    iotsafe.CardError,
    iotsafe.IdentityError,
    cellular.ModemError,
    StoreError,
)

# What the drivers advise speaks of a board's config: their words, and those of a host tool.
_BOARD_WORDS = (
    ("set modem.pin", "give it with --pin or, better, in IOTSAFE_SIM_PIN"),
    ("check modem.pin", "correct --pin or IOTSAFE_SIM_PIN"),
    ("correct modem.pin", "correct --pin or IOTSAFE_SIM_PIN"),
    ("check modem.apn", "check --apn, with some operators --user and --password, too"),
    ("SIM not provisioned or wrong APN", "is the SIM active? Check --apn with its operator"),
    ("no antenna, wrong bands or a wrong APN", "check antenna, bands and --apn"),
    ("check mqtt.host and mqtt.port", "check host and port"),
    ("check mqtt.host", "check the host"),
    ("check mqtt.port", "check the port: does anything listen there?"),
)

_CARD_ADVICE = "`iotsafe objects` lists what the SIM holds, `iotsafe doctor` says what is wrong"


def as_tool_error(error: Exception) -> ToolError:
    """One of FAILURES as a ToolError, in the words of a host tool."""
    if isinstance(error, ToolError):
        return error
    if isinstance(error, iotsafe.AppletNotFound):
        tried = ", ".join(f"{aid}: {sw:04X}" for aid, sw in error.tried)
        return ToolError(
            f"no IoT SAFE applet on this SIM (tried {tried})",
            "ask the operator for a SIM with IoT SAFE, or name its AID with --aid",
        )
    if isinstance(error, iotsafe.CardProtocolError):
        return ToolError(str(error), "try again; if it stays, the SIM's applet is at fault")
    if isinstance(error, iotsafe.CardError):
        return ToolError(str(error), _CARD_ADVICE)
    if isinstance(error, cellular.ModemReset):
        return ToolError("the modem restarted meanwhile", "try again in a few seconds")
    if isinstance(error, cellular.ModemError):
        for words, ours in _BOARD_WORDS:
            problem, found, _ = str(error).partition(": " + words)
            if found:
                return ToolError(problem, ours)
        problem, found, advice = str(error).rpartition("; ")
        if found:
            return ToolError(problem, advice)
        return ToolError(str(error), "try again; if it stays, cycle the modem's power")
    return split(str(error))


def split(line: str) -> ToolError:
    """A line "what; what to do" of the simulator or the client as a ToolError."""
    problem, found, advice = line.rpartition("; ")
    if not found:
        problem, found, advice = line.partition(": ")
    return ToolError(problem, advice or "try again")


def printable(text: str) -> str:
    """`text`, which may come from a device, with a `?` for whatever would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)
