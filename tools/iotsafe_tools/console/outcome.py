"""How the commands on a port end: errors as one line or as a JSON object, signals in order."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import typer

from .errors import FAILURES, BadURL, as_tool_error, printable

INTERRUPTED = 128  # and the signal's number: the exit status


@contextlib.contextmanager
def outcome(name: str, as_json: bool) -> Iterator[None]:
    """Turns failures in a command's block into one line, or an object, and an exit status.

    1 when it fails, 2 for a port that is written wrongly, 128 and more when a signal ends it.
    """
    _end_in_order()
    try:
        yield
    except BadURL as error:
        raise typer.BadParameter(str(error), param_hint="--port") from None
    except FAILURES as error:
        failure = as_tool_error(error)
        if as_json:
            print_json({"error": failure.problem, "advice": failure.advice})
        else:
            typer.echo(printable(f"iotsafe {name}: {failure}"), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo(f"iotsafe {name}: interrupted", err=True)
        raise typer.Exit(INTERRUPTED + signal.SIGINT) from None


def _end_in_order() -> None:
    """SIGTERM and SIGHUP unwind what is open, as Ctrl-C does. What can't be shown is a `?`."""
    for signal_name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, signal_name, None):
            signal.signal(number, _end)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(INTERRUPTED + number)


def print_json(whole: dict[str, Any]) -> None:
    """Print the one JSON object of a command."""
    typer.echo(json.dumps(whole, indent=2))
