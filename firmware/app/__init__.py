"""The firmware's application. `main.py` calls `run`; the REPL has `setup`, `applet`, `forget`."""

import sys

import ticks
from iotsafe.objects import typed

from .guard import Guard
from .led import LED
from .log import say
from .supervisor import Supervisor

# Time to press Ctrl-C after a start, before the watchdog makes that harder, in ms.
_WINDOW = 3_000


def run(messages=0):
    """Read the config and run until `messages` readings were delivered (0: for ever).

    Without a config, start the dialogue of `setup`. Returns True at the end; False, with a line in
    the log, in safe mode, after Ctrl-C, and when the config cannot be used.
    """
    import board  # here, because the tests of the other modules have no board

    typed("messages", messages, int)

    led = LED(getattr(board, "led", None))
    guard = Guard(board, led)
    say("app", "IoT SAFE telemetry on %s", board.NAME)
    installed(sys.modules)
    try:
        return guard.start() and _run(board, guard, led, messages)
    except KeyboardInterrupt:
        guard.hand_over()
        say("app", "stopped by Ctrl-C")
        return False
    except Exception as e:
        guard.crashed(e)
        raise


def installed(modules):
    """Log the packages in `modules` (sys.modules) that mip or mpremote installed over the frozen
    ones: they stay when the board is flashed."""
    for name in ("cellular", "iotsafe", "telemetry", "ticks"):
        file = getattr(modules.get(name), "__file__", "")
        if file.startswith("/lib/"):
            say("app", "%s is not the frozen one, but %s", name, file)


def _run(board, guard, led, messages):
    settings = _load(board, guard)
    if settings is None:
        return False
    try:
        supervisor = Supervisor(board, settings)
    except (OSError, ValueError) as e:
        say("config", "modem.uart: no UART there (%s)", e)
        guard.prove()
        return False
    try:
        supervisor.sensor()
    except KeyboardInterrupt:
        raise
    except BaseException as e:  # the board stays connected; each reading that fails is a line
        say("sensor", "sensors.py fails:")
        getattr(sys, "print_exception", print)(e)
    supervisor.on_step = led.show
    supervisor.on_delivered = guard.prove
    if hasattr(board, "watchdog"):
        say("app", "Ctrl-C within %d s stops here", _WINDOW // 1000)
        ticks.sleep(_WINDOW)
    guard.watch()
    try:
        supervisor.run(messages)
    except KeyboardInterrupt:
        guard.hand_over()  # first of all: closing a session takes time
        supervisor.stop()
        raise
    return True


def _load(board, guard):
    """Return the config, or None if there is no usable one. Unload the modules that read and check
    it, because they take heap."""
    from . import config

    try:
        return config.load(board.path("config.json"))
    except config.ConfigError as e:
        for problem in e.problems:
            say("config", "%s", problem)
        guard.prove()  # a bad config is not a crash
        if isinstance(e, config.ConfigMissing):
            _ask(board)
        return None
    finally:
        for name in ("config", "strict_json"):
            sys.modules.pop("app." + name, None)
            globals().pop(name, None)


def _ask(board):
    """Run the dialogue, if there is a terminal."""
    from . import first_boot

    try:
        first_boot.setup(board)
    except EOFError:
        pass  # no terminal: the log already has the advice


def setup():
    """Ask for a config at the REPL, test it, and keep it."""
    import board

    _ask(board)


def applet(pin="", aids=()):
    """Start the modem and return the SIM's applet, for the REPL: `app.applet().doctor()`.

    `pin` (str) and `aids` (AIDs as bytes) replace those of the config.
    """
    import board

    from . import repl

    return repl.applet(board, pin, aids)


def forget(what):
    """Remove what the board keeps: "pin", that the SIM has refused the PIN; "date", before which
    it believes no time."""
    import board

    from . import repl

    repl.forget(board, what)


def safe():
    """Raise AttributeError with the new name: `applet`."""
    raise AttributeError("app.safe is now app.applet")
