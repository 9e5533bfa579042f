"""Exceptions of the package: each is an OSError with an errno, for users of streams, and has a
reason with values, for a program that explains it or gives advice.

`reason` is a short name that does not change; `values` are the objects that it concerns. `str()`
of an exception states the fact and nothing else. All reasons and their texts are in `reasons.py`,
which is loaded when an exception is shown.
"""

from micropython import const

from .parser import decimal

_EIO = const(5)
_ENODEV = const(19)
_ENETDOWN = const(100)
_ECONNRESET = const(104)
_ETIMEDOUT = const(110)

# The numbers with which modems refuse a command that has lost bytes; -1 is a bare ERROR. They have
# other causes, too.
_SYNTAX = (-1, 3, 4, 50, 100, 603, 765)


class CellularError(OSError):
    """The base of the package's exceptions. `again`: bytes may have been lost on the line, and the
    same command may succeed."""

    package = "cellular"  # which has `reasons`, and `advice` for the REPL
    errno_ = _EIO
    again = False

    def __init__(self, reason, *values, errno=None):
        super().__init__(errno or self.errno_, reason, *values)
        self.reason = reason
        self.values = values

    def __str__(self):
        from .reasons import fact

        return fact(self)

    def __repr__(self):  # what MicroPython prints of an error that nothing catches
        try:
            return "%s: %s %s" % (type(self).__name__, self, self.args)
        except:  # noqa: E722 - no memory, Ctrl-C: the REPL stops if anything leaves here
            return self.reason


class ModemError(CellularError):
    """A failure between us and the modem."""


class ModemSilent(ModemError):
    """The modem sent nothing at all."""

    errno_ = _ENODEV


class ModemGarbled(ModemError):
    """The modem sent bytes that are no answer: garbage, or only the echo of our own."""

    again = True


class ModemTimeout(ModemError):
    """A command had no final result in time. The engine resynchronises before the next one."""

    errno_ = _ETIMEDOUT
    again = True


class ModemReset(ModemError):
    """The modem restarted: its sockets, its settings and the SIM's channels are gone."""

    errno_ = _ECONNRESET


class CommandError(ModemError):
    """The modem refused a command. `code`: the +CME ERROR number, also where the modem gave its
    text; -1 if it gave neither. `detail`: the modem's words."""

    def __init__(self, reason, command, detail, code=-1):
        super().__init__(reason, command, detail)
        self.code = code
        self.again = code in _SYNTAX
        self.detail = detail


class SIMError(ModemError):
    """No SIM, or one that is locked."""


class NetworkError(ModemError):
    """Not registered, no data context, or the connection was refused; `errno` says which, where
    the modem did."""

    errno_ = _ENETDOWN


class StreamError(CellularError):
    """The socket's state does not allow the call, or its time-out has passed; see `errno`. The
    modem works."""


def text(data):
    """Return `data` (any bytes of the modem) as text to show: printable ASCII."""
    return "".join(chr(c) if 32 <= c < 127 else "?" for c in data)


def command_name(command):
    """Return the name of `command` (bytes): `AT+CPIN`, without arguments, which may have a PIN."""
    return "AT" + text(command.split(b"=")[0].split(b"?")[0])


def command_error(command, line):
    """Return the CommandError for the final result `line` (bytes) of `command` (bytes)."""
    code = -1
    if line[:11] == b"+CME ERROR:":
        code = decimal(line[11:])
        if code is None:
            from .causes import code_of

            code = code_of(text(line[11:]))
    return CommandError("command-refused", command_name(command), text(line), code)


def typed(what, value, kind):
    """Raise TypeError unless `value`, the argument `what`, is of `kind`: a type, or a tuple of
    types, of which the sentence has the first. The value may be a secret."""
    if not isinstance(value, kind):
        kind = getattr(kind, "__name__", 0) or kind[0].__name__
        raise TypeError("%s: %s, not %s" % (what, kind, type(value).__name__))
