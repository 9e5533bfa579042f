"""Runs a demonstration; the same code serves each kind of board."""

import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from iotsafe_tools.lab import LabError
from iotsafe_tools.testbed import ProcessError, Rig, Subscriber

from .view import View

_START = 300.0  # seconds until the first message must have arrived
_NEXT = 120.0  # seconds until each further message must have arrived
_ACKNOWLEDGED = 10.0  # seconds until the board must have said that a message is delivered

# Makes a board from the rig, the period of the readings in seconds and the view. Entering the
# context starts it.
StartBoard = Callable[[Rig, int, View], AbstractContextManager[Any]]


def perform(board: StartBoard, lab: dict[str, Any], messages: int, period: int) -> None:
    """Show the main job until `messages` have been delivered (0: until Ctrl-C). Exits on failure.

    `lab`: options of the lab. No process is left running in any case.
    """
    view = View()
    try:
        with tempfile.TemporaryDirectory(prefix="iotsafe-demo-") as folder:
            _perform(view, Path(folder), board, lab, messages, period)
    except KeyboardInterrupt:
        view.rule("Stopped. Nothing is left running.")
        sys.exit(130)
    except (ConnectionError, LabError, ProcessError, TimeoutError) as error:
        view.say("demo", f"{error}")
        sys.exit(1)


def _perform(
    view: View, folder: Path, board: StartBoard, lab: dict[str, Any], messages: int, period: int
) -> None:
    rig = Rig(folder, lab={"sign_ms": 60, "on_event": view.lab_event, **lab})
    view.rule("The stage")
    view.say("broker", f"mosquitto on 127.0.0.1:{rig.broker.port}, client certificates required")
    view.say("sim", "a new SIM: it has made its own key pair; the private key never leaves it")
    view.say(
        "broker", f"the CA has issued a certificate for that key: CN={rig.cn}, file 02 of the SIM"
    )
    view.say("modem", f"SIM7080G on {rig.lab.uart}, 115200 baud")
    with rig, Subscriber(rig.broker, topic="devices/#") as subscriber:
        view.rule("Power up")
        with board(rig, period, view):
            delivered = 0
            while not messages or delivered < messages:
                message = subscriber.get(_NEXT + period if delivered else _START)
                view.message(message.topic, message.payload)
                view.delivered.acquire(timeout=_ACKNOWLEDGED)  # the last line is shown, too
                delivered += 1
    rig.broker.wait_until(lambda _: bool(rig.broker.clients))
    client = rig.broker.clients[-1]
    view.rule(f"{delivered} messages delivered; the broker knows the client as {client.cn!r}.")
