"""Every reason of an exception of the package, and the fact that its text states.

Loaded when an exception is shown. There is no advice here: what to do depends on where somebody
stands (a board's config, a command line, the REPL), and each of these has a table of its own.
"""

from .parser import decimal, meaning

# Reason -> text, with a %s for each of the values.
REASONS = (
    # The line to the modem. Values: the command, as AT+NAME, and what the modem said.
    ("silent", "the modem answers nothing"),
    ("garbage", "the modem sends garbage"),
    ("echo-only", "the modem only echoes what is sent"),
    ("uart-stuck", "the UART takes no bytes"),
    ("no-answer", "%s: no answer from the modem in time"),
    ("bytes-lost", "%s: bytes of the answer lost, or more than asked for"),
    ("restarted", "%s: the modem restarted"),
    ("not-set-up", "%s not sent: the modem restarted, and is not set up"),
    ("command-too-long", "%s: longer than the modem takes, %s characters"),
    ("command-refused", "%s: %s"),
    ("answer-missing", "%s: OK, but no answer"),
    ("answer-damaged", "%s: the modem's answer is damaged (%s)"),
    # The SIM.
    ("apdu-refused", "%s: %s: the modem did not pass it on"),
    ("no-csim", "no CSIM on this modem (%s), and no CCHO"),
    ("no-ccho", "no CCHO on this modem (%s)"),
    ("sim-absent", "SIM not inserted"),
    ("sim-unreadable", "the SIM is not readable: %s"),
    ("sim-locked", "the SIM is locked: %s"),
    ("pin-wanted", "the SIM asks for a PIN"),
    ("pin-malformed", "a PIN has 4 to 8 digits"),
    ("pin-refused", "the PIN was refused (%s)"),
    ("pin-refused-before", "the PIN was refused before, and is not entered again"),
    ("pin-kept", "the PIN is not entered: the last attempt is left to a person"),
    ("puk-wanted", "the SIM asks for its PUK: the PIN was wrong three times"),
    # The network.
    ("not-searching", "no network: not searching"),
    ("registration-denied", "no network: denied%s"),
    ("no-network", "no network: %s"),
    ("user-missing", "a password of the access point, and no user"),
    ("no-data-context", "the network gives no data connection"),
    ("clock-unset", "the network has not told the time yet"),
    ("data-dropped", "the network dropped the data connection"),
    ("name-unknown", "the name %s cannot be resolved"),
    ("name-unanswered", "no answer to the question for the name %s"),
    ("no-resolver", "this modem does not tell addresses"),
    (
        "text-not-allowed",
        "host, APN, user and password have at most 64 printable characters, and no quotes",
    ),
    # Connections. Values: host, port, and what the modem said.
    ("connect-refused", "no connection to %s port %s: refused by the server"),
    ("connect-unreachable", "no connection to %s port %s: the server cannot be reached"),
    ("connect-silent", "no connection to %s port %s: no answer from the server"),
    ("connect-no-data", "no connection to %s port %s: the data connection is not active"),
    ("connect-no-memory", "no connection to %s port %s: no memory, or no data quota left"),
    ("connect-failed", "no connection to %s port %s: %s"),
    ("connections-used", "all %s connections of the modem are in use"),
    ("closed-by-peer", "the server closed the connection"),
    ("closed-with-cause", "the server closed the connection: %s"),
    ("connection-lost", "the modem restarted: the connection is gone"),
    ("network-full", "the network takes no data: the modem is full"),
    ("receive-broken", "bytes were lost between modem and us"),
    ("send-broken", "a send failed before"),
    ("send-uncertain", "%s: how much the modem took is not known"),
    ("already-connected", "the socket is connected already"),
    ("not-connected", "the socket is not connected"),
    ("no-data-in-time", "no data from the server in time"),
    # Extras.
    ("network-mode-unsupported", "this modem's driver cannot set network mode and bands"),
    ("network-mode-unknown", "no network mode %s: lte-m, nb-iot or both"),
    ("bands-invalid", "bands are numbers from 1 to %s"),
    ("edrx-too-long", "an eDRX cycle is %s s long at most"),
    ("psm-too-long", "a timer of PSM is %s s long at most"),
    ("option-unknown", "no option %s: one of %s"),
    ("option-values", "the option %s takes 1 to %s numbers"),
    ("receiver-shared", "a connection is open: GNSS and the network share the receiver"),
)


def fact(error):
    """The text of `error`, a CellularError."""
    template = meaning(REASONS, error.reason)
    if template is None:
        return error.reason
    if error.reason in ("no-network", "registration-denied"):
        from .causes import reject, state

        code = error.values[0]
        if error.reason == "no-network":
            found = state(code)
            return template % (found[1] if found else "status unknown")
        found = reject(code)
        return template % (": cause %d (%s)" % (code, found[1]) if found else "")
    return template % tuple([_explained(value) for value in error.values])


def _explained(value):
    """What a modem said, with what it means."""
    if value == "ERROR":
        return "refused by the modem (ERROR)"
    if isinstance(value, str) and value.startswith("+CME ERROR:"):
        from .causes import cme

        code = decimal(value[11:].encode())
        known = None if code is None else cme(code)
        if known:
            return "%s (%s)" % (value, known[1])
    return value
