"""How long each command may take, in ms: the one table of time-outs.

From the vendors' manuals and from what the field saw; see the modem reference of the family.
"""

DEFAULT = 5_000

# A tuple of constants stays in flash, a dict would take heap.
_COMMANDS = (
    (b"", 1_000),  # AT: answered at once, or the modem does not hear us
    (b"E0", 1_000),
    (b"+CACLOSE", 20_000),
    (b"+CAOPEN", 90_000),  # a refused SYN is repeated for some 75 s
    (b"+CARECV", 10_000),
    (b"+CASEND", 15_000),
    (b"+CCHO", 10_000),
    (b"+CFUN", 20_000),
    (b"+CGACT", 150_000),
    (b"+CGATT", 80_000),
    (b"+CGLA", 35_000),  # as +CSIM
    (b"+CIICR", 90_000),
    (b"+CIPCLOSE", 20_000),
    (b"+CIPSEND", 15_000),
    (b"+CIPSHUT", 70_000),
    (b"+CNACT", 60_000),
    (b"+COPS", 120_000),
    (b"+CPIN", 10_000),
    (b"+CSIM", 35_000),  # key generation in the SIM takes up to 30 s
    (b"+QIACT", 150_000),
    (b"+QICLOSE", 20_000),
    (b"+QIDEACT", 40_000),
    (b"+QIRD", 10_000),
    (b"+QISEND", 15_000),
    (b"+SQNSD", 90_000),  # 60 s as configured, and the resolver
    (b"+SQNSH", 20_000),
    (b"+SQNSRECV", 10_000),
    (b"+SQNSSENDEXT", 15_000),
    (b"+UPSDA", 150_000),
    (b"+USOCL", 130_000),
    (b"+USOCO", 130_000),
    (b"+USORD", 10_000),
    (b"+USOWR", 15_000),
    (b"^SICA", 150_000),
    (b"^SISC", 20_000),
    (b"^SISO", 90_000),  # OK at once; the connection
    (b"^SISR", 10_000),
    (b"^SISW", 15_000),
)

# Waits that are not for one command.
RATE = 300  # AT is answered at the right rate within this
FIRST_CALL = 3_000  # a modem that runs answers within this, else the power key is pressed
BOOT = 15_000  # power key pressed until AT is answered
BOOT_SETTLE = 10_000  # first OK until the SIM is readable
REGISTRATION = 180_000
PDP = 120_000
NTP = 30_000
OPEN = 150_000  # an indication that tells the end of an attempt to connect
QUIET = 300  # a line is quiet when nothing came for so long
DNS = 70_000  # the answer of the network's name server
SEND = 60_000  # room in the modem's send buffer
FIRST_LOOK = 2_000  # a lost data indication is noticed after so long …
LAST_LOOK = 64_000  # … or, on a connection that was idle for long, at most so long


def of(command):
    """Time-out of `command` (bytes without AT), in ms."""
    size = 0
    for c in command:
        if c in b"=?;":
            break
        size += 1
    for name, ms in _COMMANDS:
        if len(name) == size and command.startswith(name):
            return ms
    return DEFAULT
