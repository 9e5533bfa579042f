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
        int, typer.Option(min=0, help="End after so many delivered messages; 0: until Ctrl-C.")
    ] = 0,
    period: Annotated[int, typer.Option(min=1, help="Seconds between two readings.")] = 2,
) -> None:
    """Broker, simulated modem and SIM, real firmware: messages arrive, signed in by the SIM."""
    perform(_unix_port, {"baud": 115200}, messages, period)


if __name__ == "__main__":
    app()
