"""The application that is flashed. `main.py` calls `run`."""

from . import config
from .log import say
from .supervisor import Supervisor


def run(messages=0):
    """Read the config and run until `messages` readings were delivered (0: for ever).

    Returns True, or False when the config cannot be used; what is wrong with it is printed.
    """
    import board  # the tests of the other modules have none

    say("app", "IoT SAFE telemetry on %s", board.NAME)
    try:
        settings = config.load(board.path("config.json"))
    except config.ConfigError as e:
        for problem in e.problems:
            say("config", "%s", problem)
        return False
    try:
        supervisor = Supervisor(board, settings)
    except (OSError, ValueError) as e:
        say("config", "modem.uart: no UART there (%s)", e)
        return False
    supervisor.run(messages)
    return True
