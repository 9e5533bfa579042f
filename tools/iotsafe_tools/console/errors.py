"""The errors of a host tool: one line with problem (what and where) and advice."""

from __future__ import annotations

import cellular
import iotsafe
from cellular.causes import remedy
from iotsafe_tools.simulator.sim import StoreError

from .advice import ADVICE


class ToolError(Exception):
    """A failure of a tool. `problem`: what went wrong and where; `advice`: what to do."""

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(f"{problem}: {advice}")
        self.problem = problem
        self.advice = advice


class PortError(ToolError):
    """The port of a command can't be used."""


class BadURL(ValueError):
    """An invalid URL of a port: a mistake in the command line."""


# Exceptions of the client's layers in a command; `as_tool_error` converts each.
FAILURES = (
    ToolError,
    iotsafe.AppletNotFound,
    iotsafe.CardError,
    iotsafe.IdentityError,
    cellular.CellularError,
    StoreError,
)


def as_tool_error(error: Exception) -> ToolError:
    """Return one of FAILURES as a ToolError, in the words of a host tool."""
    if isinstance(error, ToolError):
        return error
    reason = getattr(error, "reason", None)
    if reason is not None:
        if isinstance(error, cellular.CellularError):
            reason = remedy(error)
        return ToolError(str(error), ADVICE.get(reason, "try again"))
    return split(str(error))


def split(line: str) -> ToolError:
    """Return a line "problem; advice" of the simulator as a ToolError."""
    problem, found, advice = line.rpartition("; ")
    if not found:
        problem, found, advice = line.partition(": ")
    return ToolError(problem, advice or "try again")


def printable(text: str) -> str:
    """Return `text`, perhaps a device's, with `?` for characters that would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)
