"""The longest time that each command of 3GPP may take, in ms, and every other wait.

The values come from the manuals and from reports of the field. Those of a vendor's commands are in
`limits` of its driver.
"""

DEFAULT = 5_000

# A tuple of constants stays in flash, a dict would take heap.
_COMMANDS = (
    (b"", 1_000),  # AT: answered at once, or the modem does not hear us
    (b"E0", 1_000),
    (b"+CCHO", 10_000),
    (b"+CFUN", 20_000),
    (b"+CGACT", 150_000),
    (b"+CGATT", 80_000),
    (b"+CGLA", 35_000),  # as +CSIM
    (b"+COPS", 120_000),
    (b"+CPIN", 10_000),
    (b"+CSIM", 35_000),  # key generation in the SIM takes up to 30 s
)

# Waits that are not for one command.
FIRST_CALL = 3_000  # a modem that runs answers within this, else the power key is pressed
BOOT = 15_000  # power key pressed until AT is answered
BOOT_SETTLE = 10_000  # first OK until the SIM is readable
REGISTRATION = 180_000
PDP = 120_000
CLOCK = 10_000  # until the network has sent the time, if it does
NTP = 30_000
PROOF = 60_000  # one question of the engine, behind all that a slow modem has still to answer
OPEN = 150_000  # an indication that tells the end of an attempt to connect
APDU = 10_000  # the SIM's answer, but for a key generation
RESULT = 1_000  # the final result behind an answer that is whole
QUIET = 300  # a line is quiet when nothing came for so long
FIRST_LOOK = 2_000  # a lost data indication is noticed after so long …
LAST_LOOK = 64_000  # … or, on a connection idle for long, after at most twice so long


def limit_of(command, limits=()):
    """Time-out of `command` (bytes without AT), in ms; `limits`: see `Modem.limits`."""
    size = 0
    for c in command:
        if c in b"=?;":
            break
        size += 1
    for table in (limits, _COMMANDS):
        for name, ms in table:
            if len(name) == size and command.startswith(name):
                return ms
    return DEFAULT
