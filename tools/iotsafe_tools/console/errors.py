"""What goes wrong in a host tool, in one line of two parts: what and where, and what to do."""

from __future__ import annotations

import cellular
import iotsafe
from iotsafe_tools.simulator.sim import StoreError

from .advice import ADVICE


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
    cellular.CellularError,
    StoreError,
)


def as_tool_error(error: Exception) -> ToolError:
    """One of FAILURES as a ToolError, in the words of a host tool."""
    if isinstance(error, ToolError):
        return error
    reason = getattr(error, "reason", None)
    if reason is not None:
        return ToolError(str(error), ADVICE.get(reason, "try again"))
    return split(str(error))


def split(line: str) -> ToolError:
    """A line "what; what to do" of the simulator as a ToolError."""
    problem, found, advice = line.rpartition("; ")
    if not found:
        problem, found, advice = line.partition(": ")
    return ToolError(problem, advice or "try again")


def printable(text: str) -> str:
    """`text`, which may come from a device, with a `?` for whatever would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)
