"""The application that is flashed. `main.py` calls `run`."""

import board

from . import config
from .log import say
from .supervisor import Supervisor


def run(messages=0):
    """Read the config and run until `messages` readings were delivered (0: for ever).

    Returns True, or False when the config cannot be used; each bad field is printed.
    """
    say("app", "IoT SAFE telemetry on %s", board.NAME)
    try:
        settings = config.load(board.path("config.json"))
    except config.ConfigError as e:
        for problem in e.problems:
            say("config", "%s", problem)
        return False
    Supervisor(board, settings).run(messages)
    return True
