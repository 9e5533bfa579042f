"""For boards in places that are hard to reach: watchdog, crash log, safe mode.

A start counts as a crash until the application has delivered a reading, or has run for
`_PROVEN_MS`. A file has the number of crashes in a row. After `_MAX_CRASHES` the next start is in
safe mode: it does not run the application, the REPL is free, and only a timer resets the board,
after an hour. So a broken update neither loops nor blocks the REPL, and a remote board tries again
by itself. If the chip reports the cause of a start, a loss of power does not count as a crash: a
solar panel at dusk is not a broken update.
"""

import io
import sys

from micropython import const

import ticks

from . import files
from .log import say

_MAX_CRASHES = const(5)
_PROVEN_MS = const(600_000)
_LOG_SIZE = const(4096)  # of the crash log, in bytes; a longer one loses its older half
_LINE = const(200)  # bytes of its last line that `start` shows
_RETRY_MS = const(3_600_000)
_FEED_MS = const(1_000)

_POWER = "a loss of power"

_timer = None  # of `_start_timer`: a timer that is collected does not fire


class Guard:
    """`board`: see ../README.md; `led`: see `app.led`. `crashes`: the crashes in a row before this
    start.
    """

    def __init__(self, board, led):
        self._board = board
        self._led = led
        self._count_path = board.path("crashes")
        self._log_path = board.path("crash.log")
        self._watchdog = None
        self._proven_at = ticks.after(_PROVEN_MS)
        self._proven = False
        text = files.load(self._count_path, 4)
        self.crashes = int(text) if text.isdigit() else 0
        if self.crashes and _cause() == _POWER:  # a loss of power ended the last start
            self.crashes -= 1

    def start(self):
        """Count this start; return True if the application may run, False in safe mode."""
        last = files.load(self._log_path, 2 * _LOG_SIZE).strip().split(b"\n")[-1][-_LINE:]
        if last:
            say("app", "%s ends with: %s", self._log_path, _printable(last))
        if self.crashes >= _MAX_CRASHES:
            say("app", "safe mode after %d crashes: see %s", self.crashes, self._log_path)
            self._write_count(0)
            self._later()
            self._led.show("safe")
            return False
        self._write_count(self.crashes + 1)
        if self.crashes:
            self.note("start %d after %s" % (self.crashes, _cause()))
        return True

    def watch(self):
        """Start the watchdog, if the board has one; from now on `ticks.sleep` feeds it."""
        watchdog = getattr(self._board, "watchdog", None)
        if watchdog:
            self._watchdog = watchdog()
        ticks.idle = self.idle

    def idle(self):
        """Feed the watchdog and update the LED while the application waits: see `ticks.idle`."""
        if self._watchdog:
            self._watchdog.feed()
        if not self._proven and ticks.left(self._proven_at) <= 0:
            self.prove()
        return self._led.update()

    def prove(self):
        """Count crashes from zero again, because the application works."""
        if not self._proven:
            self._proven = True
            self._write_count(0)

    def hand_over(self):
        """After Ctrl-C: keep the watchdog from resetting the board at the REPL."""
        ticks.idle = None
        watchdog, self._watchdog = self._watchdog, None
        if hasattr(watchdog, "stop"):
            watchdog.stop()
        elif watchdog:
            feed = watchdog.feed
            _start_timer("PERIODIC", _FEED_MS, lambda _: feed())
        self.prove()

    def crashed(self, error):
        """Log the uncaught `error`, and let the watchdog restart the board."""
        try:
            trace = _traceback(error)
        except Exception:  # the class of `error` cannot print it, or the memory is full
            trace = type(error).__name__.encode() + b"\n"
        self._append(trace)
        if hasattr(self._board, "watchdog"):
            say("app", "crashed: see %s; the watchdog restarts the board", self._log_path)
            if self._watchdog is None:
                self.watch()

    def note(self, text):
        """Append `text` to the crash log; log a failing write, but do not raise it."""
        self._append(text.encode())

    def _append(self, data):
        log = files.load(self._log_path, 2 * _LOG_SIZE)
        log += data + b"\n"
        if len(log) > _LOG_SIZE:
            log = log[-_LOG_SIZE // 2 :]
        self._try(self._log_path, log)

    def _write_count(self, count):
        self._try(self._count_path, b"%d" % count)

    def _try(self, path, data):
        try:
            files.save(path, data)
        except OSError as e:
            say("app", "%s cannot be written: %s", path, files.write_problem(e, path))

    def _later(self):
        """Reset the board in an hour, no matter what the REPL does."""
        try:
            import machine

            _start_timer("ONE_SHOT", _RETRY_MS, lambda _: machine.reset())
        except (ImportError, AttributeError):  # a port without timers: the unix port
            pass


def _traceback(error):
    """Return the traceback of `error` as bytes: the text of an exception need not be UTF-8."""
    if not hasattr(sys, "print_exception"):  # CPython
        return repr(error).encode("utf-8", "backslashreplace") + b"\n"
    buffer = io.BytesIO()
    sys.print_exception(error, buffer)
    return buffer.getvalue()


def _printable(data):
    return "".join(chr(c) if 32 <= c < 127 else "?" for c in data)


def _start_timer(mode, ms, callback):
    global _timer
    from machine import Timer

    options = {"mode": getattr(Timer, mode), "period": ms, "callback": callback}
    try:
        _timer = Timer(-1, **options)
    except ValueError:  # ESP32 has only the chip's timers
        _timer = Timer(0, **options)


def _cause():
    """Return the cause of this start in words, as far as the chip reports it."""
    try:
        import machine

        cause = machine.reset_cause()
        if cause == machine.WDT_RESET:
            return "the watchdog's reset"
        if cause == machine.PWRON_RESET:
            return _POWER
    except (ImportError, AttributeError):  # the unix port
        pass
    return "a crash or a loss of power"
