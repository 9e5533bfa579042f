"""The fact for each reason of an exception of this package.

Loaded when an exception is shown. It gives no advice: that depends on what the user has in hand, a
board's config, a command line or the REPL, and `advice.py` and the host tools have it.
"""

from .parser import decimal

# A line for each reason: its text, with a %s for each of the values. One string takes less flash
# than a tuple of tuples. Values about the line to the modem: the command, as AT+NAME, and what the
# modem said; about a connection: host, port, and what the modem said.
REASONS = """
silent: the modem answers nothing
garbage: the modem sends garbage
echo-only: the modem only echoes what is sent
uart-stuck: the UART accepts no bytes
no-answer: %s: no answer from the modem in time
bytes-lost: %s: bytes of the answer lost, or more than asked for
restarted: %s: the modem restarted
not-set-up: %s not sent: the modem restarted, and is not set up
command-too-long: %s: longer than the modem's limit, %s characters
command-refused: %s: %s
answer-missing: %s: OK, but no answer
answer-damaged: %s: the modem's answer is damaged (%s)
apdu-refused: %s: %s: the modem did not pass it on
no-csim: no CSIM on this modem (%s), and no CCHO
no-ccho: no CCHO on this modem (%s)
sim-absent: SIM not inserted
sim-unreadable: the SIM is not readable: %s
sim-locked: the SIM is locked: %s
pin-wanted: the SIM asks for a PIN
pin-malformed: a PIN has 4 to 8 digits
pin-refused: the PIN was refused (%s)
pin-refused-before: the PIN was refused before, and is not entered again
pin-kept: the PIN is not entered: the last attempt is left to a person
puk-wanted: the SIM asks for its PUK: the PIN was wrong three times
not-searching: no network: not searching
registration-denied: no network: denied%s
no-network: no network: %s
user-missing: a password of the access point, and no user
no-data-context: the network gives no data connection
clock-unset: the network has not sent the time yet
data-dropped: the network dropped the data connection
name-unknown: the name %s cannot be resolved
name-unanswered: no answer to the DNS query for %s
no-resolver: this modem does not report the address of a name
text-not-allowed: host, APN, user and password have at most 64 printable characters, and no quotes
connect-refused: no connection to %s port %s: refused by the server
connect-unreachable: no connection to %s port %s: the server cannot be reached
connect-silent: no connection to %s port %s: no answer from the server
connect-no-data: no connection to %s port %s: the data connection is not active
connect-no-memory: no connection to %s port %s: no memory, or no data quota left
connect-failed: no connection to %s port %s: %s
connections-used: all %s connections of the modem are in use
closed-by-peer: the server closed the connection
closed-with-cause: the server closed the connection: %s
connection-lost: the modem restarted: the connection is gone
network-full: the network accepts no data: the modem is full
receive-broken: bytes from the modem were lost
send-broken: an earlier send failed
send-uncertain: %s: it is not known how much the modem took
already-connected: the socket is connected already
not-connected: the socket is not connected
no-data-in-time: no data from the server in time
network-mode-unsupported: this modem's driver cannot set network mode and bands
network-mode-unknown: no network mode %s: lte-m, nb-iot or both
bands-invalid: bands are numbers from 1 to %s
edrx-too-long: an eDRX cycle has at most %s s
psm-too-long: a PSM timer has at most %s s
option-unknown: no option %s: one of %s
option-values: the option %s takes 1 to %s numbers
receiver-shared: a connection is open: GNSS and the network share the receiver
"""


def fact(error):
    """Return the sentence for `error`, a CellularError."""
    at = REASONS.find("\n" + error.reason + ": ")
    if at < 0:
        return error.reason
    at += len(error.reason) + 3
    template = REASONS[at : REASONS.find("\n", at)]
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
    """Return a value of an error; the meaning follows if it is a modem's +CME ERROR."""
    if value == "ERROR":
        return "refused by the modem (ERROR)"
    if isinstance(value, str) and value.startswith("+CME ERROR:"):
        from .causes import cme

        code = decimal(value[11:].encode())
        known = None if code is None else cme(code)
        if known:
            return "%s (%s)" % (value, known[1])
    return value
