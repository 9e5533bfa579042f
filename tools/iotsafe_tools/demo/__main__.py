"""Run the demonstration: `python -m iotsafe_tools.demo [--messages N]`."""

import sys
import tempfile
from typing import Annotated

import typer

from iotsafe_tools.lab import LabError
from iotsafe_tools.testbed import ProcessError, Rig, Subscriber

from .view import View

_START = 60.0  # seconds until the first message must have arrived
_NEXT = 30.0  # and until each further one

app = typer.Typer(add_completion=False)


@app.command()
def run(
    messages: Annotated[
        int, typer.Option(min=0, help="End after so many delivered messages; 0: until Ctrl-C.")
    ] = 0,
    period: Annotated[int, typer.Option(min=1, help="Seconds between two readings.")] = 2,
) -> None:
    """Broker, simulated modem and SIM, real firmware: messages arrive, signed in by the SIM."""
    view = View()
    try:
        with tempfile.TemporaryDirectory(prefix="iotsafe-demo-") as folder:
            _demonstrate(view, folder, messages, period)
    except KeyboardInterrupt:
        view.rule("Stopped. Nothing is left running.")
        sys.exit(130)
    except (ConnectionError, LabError, ProcessError, TimeoutError) as error:
        view.say("demo", f"{error}")
        sys.exit(1)


def _demonstrate(view: View, folder: str, messages: int, period: int) -> None:
    rig = Rig(
        folder,
        lab={"baud": 115200, "sign_ms": 60, "on_event": view.lab_event},
    )
    view.rule("The stage")
    view.say("broker", f"mosquitto on 127.0.0.1:{rig.broker.port}, client certificates required")
    view.say("sim", "a fresh SIM: it made its own key pair; the private key never leaves it")
    view.say(
        "broker", f"the CA issued a certificate for that key: CN={rig.cn}, now file 02 of the SIM"
    )
    view.say("modem", f"SIM7080G on {rig.lab.uart}, 115200 baud")
    with rig, Subscriber(rig.broker, topic="devices/#") as subscriber:
        view.rule("Power up")
        firmware = rig.firmware(
            changes={"telemetry.period": period}, on_line=view.firmware_line, frozen=True
        )
        with firmware:
            delivered = 0
            while not messages or delivered < messages:
                message = subscriber.get(_NEXT + period if delivered else _START)
                view.message(message.topic, message.payload)
                delivered += 1
    client = rig.broker.clients[-1]
    view.rule(f"{delivered} messages delivered; the broker knows the client as {client.cn!r}.")


if __name__ == "__main__":
    app()
