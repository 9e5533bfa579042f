"""The end of the commands on a port: errors as a line or a JSON object, signals as exceptions."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from typing import Any, NoReturn

import typer

from .errors import FAILURES, BadURL, as_tool_error, printable
from .signals import handled

INTERRUPTED = 128  # plus the signal's number: the exit status


@contextlib.contextmanager
def outcome(name: str, as_json: bool) -> Iterator[None]:
    """Turn a failure in a command's block into one line, or an object, and an exit status.

    1 if it fails, 2 for an invalid URL of a port, 128 and more if a signal ends it.
    """
    try:
        with handled(_end, "SIGTERM", "SIGHUP"):  # they close what is open, like Ctrl-C
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


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(INTERRUPTED + number)


def print_json(whole: dict[str, Any]) -> None:
    """Print the JSON object of a command."""
    typer.echo(json.dumps(whole, indent=2))
