"""The output of `attach` and `ping`, the commands with steps: lines, or one JSON object."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import typer

from iotsafe_tools.console.outcome import outcome, print_json
from iotsafe_tools.console.view import Printer
from iotsafe_tools.ports import open_line
from iotsafe_tools.ports.shapes import ModemLine

from .steps import StepFailed, Steps, Try


@contextlib.contextmanager
def reported_steps(
    name: str, port: str, baud: int | None, as_json: bool
) -> Iterator[tuple[ModemLine, Steps, dict[str, Any]]]:
    """Run a command with steps: yield its line, the steps, and the JSON object to fill.

    `failed` in the object, or a failed step, makes the status 1.
    """
    with outcome(name, as_json), open_line(port, baud) as line:
        steps = Steps(Printer(shown=not as_json))
        whole: dict[str, Any] = {"port": line.where}
        bad = False
        try:
            yield line, steps, whole
            bad = whole.pop("failed", False)
        except StepFailed as error:
            bad = True
            whole.update(error=error.failure.problem, advice=error.failure.advice)
        if as_json:
            print_json({**whole, "steps": steps.report()})
        if bad:
            raise typer.Exit(1)


def print_try(steps: Steps, number: int, one: Try) -> None:
    """Print a line for one connection of `ping`."""
    if one.open:
        steps.printer.say(f"{number:>3}  open after {one.ms:.0f} ms")
    else:
        steps.printer.say(f"{number:>3}  {one.error}, after {one.ms:.0f} ms", "red")


def print_summary(steps: Steps, whole: dict[str, Any]) -> None:
    """Print the summary of all connections of `ping`."""
    if not whole["tries"]:
        return
    text = f"{len(whole['tries'])} tried, {whole['open']} open"
    if whole["open"]:
        text += f"; min {whole['min']:.0f}, avg {whole['avg']:.0f}, max {whole['max']:.0f} ms"
    steps.printer.say(text)
    advice = {one["advice"] for one in whole["tries"] if one["advice"]}
    for line in sorted(advice):
        steps.printer.say(f"     → {line}")
