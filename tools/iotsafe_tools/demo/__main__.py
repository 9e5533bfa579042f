"""Run the demonstration: `python -m iotsafe_tools.demo [--messages N]`."""

from typing import Annotated

import typer

from iotsafe_tools.testbed import Firmware, Rig

from .stage import perform
from .view import View

app = typer.Typer(add_completion=False)


def _unix_port(rig: Rig, period: int, view: View) -> Firmware:
    return rig.firmware(
        changes={"telemetry.period": period}, on_line=view.firmware_line, frozen=True
    )


@app.command()
def run(
    messages: Annotated[
        int, typer.Option(min=0, help="Stop after this many delivered messages; 0: never.")
    ] = 0,
    period: Annotated[int, typer.Option(min=1, help="Seconds between two readings.")] = 2,
) -> None:
    """Run broker, simulated modem and SIM, and the real firmware; show the arriving messages."""
    perform(_unix_port, {"baud": 115200}, messages, period)


if __name__ == "__main__":
    app()
