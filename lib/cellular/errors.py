"""Exceptions of the package: OSError with an errno for stream users, and one line for people."""

from micropython import const

_EIO = const(5)
_ENODEV = const(19)
_ENETDOWN = const(100)
_ECONNRESET = const(104)
_ETIMEDOUT = const(110)

# +CME ERROR numbers (3GPP TS 27.007 9.2) that a field technician can do something about.
_CME = (
    (0, "phone failure"),
    (3, "operation not allowed"),
    (4, "operation not supported"),
    (10, "SIM not inserted: insert it before the modem is powered"),
    (11, "SIM PIN required: set modem.pin in the config"),
    (12, "SIM PUK required: the PIN was wrong three times"),
    (13, "SIM failure: not readable yet, or badly seated"),
    (14, "SIM busy: it is still starting"),
    (15, "SIM wrong"),
    (16, "incorrect password: the PIN is wrong"),
    (30, "no network service"),
    (50, "incorrect parameters"),
    (772, "SIM powered down"),
    (797, "the radio is off (CFUN 0 or 4)"),
)

# By which modems refuse a command that has lost bytes, and others; -1 is a bare ERROR.
_SYNTAX = (-1, 3, 4, 50, 100, 603, 765)


class ModemError(OSError):
    """Anything between us and the modem. `errno` as usual, `text` for people. `again`: bytes may
    have been lost on the line, so that the same command may pass."""

    errno_ = _EIO
    again = False

    def __init__(self, text, errno=None):
        super().__init__(errno or self.errno_, text)
        self.text = text

    def __str__(self):
        return self.text


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
    text; -1 if it gave neither."""

    def __init__(self, command, code, detail):
        super().__init__(about(command, detail))
        self.code = code
        self.again = code in _SYNTAX
        self.detail = detail


class SIMError(ModemError):
    """No SIM, or one that is locked."""


class NetworkError(ModemError):
    """Not registered, no data context, or the connection was refused; `errno` says which, where
    the modem did."""

    errno_ = _ENETDOWN


def meaning(table, code):
    """The text of `code` in `table`, a tuple of (code, text); None if it is not there. Such a
    table stays in flash, where a dict would take heap."""
    for known, found in table:
        if known == code:
            return found
    return None


def text(data):
    """`data` (bytes of the modem, whatever they are) for people: printable ASCII."""
    return "".join(chr(c) if 32 <= c < 127 else "?" for c in data)


def about(command, what):
    """`what` happened with `command` (bytes), for people: `AT+CPIN: what`, without the arguments
    of the command, which may hold a PIN."""
    return "AT%s: %s" % (text(command.split(b"=")[0].split(b"?")[0]), what)


def command_error(command, line):
    """The CommandError for the final result `line` (bytes) of `command` (bytes)."""
    code = -1
    detail = text(line)
    if line[:11] == b"+CME ERROR:":
        value = line[11:].strip()
        if value.isdigit():
            code = int(value)
            known = meaning(_CME, code)
            if known:
                detail += " (%s)" % known
        elif value:
            value = text(value).lower()
            for number, known in _CME:  # our texts begin with those of 27.007
                if known.lower().startswith(value):
                    code = number
    elif line == b"ERROR":
        detail = "refused by the modem (ERROR)"
    return CommandError(command, code, detail)
