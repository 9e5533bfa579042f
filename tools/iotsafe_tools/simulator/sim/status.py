"""Status words of the card (section 8 of the applet reference, ISO/IEC 7816-4)."""

OK = 0x9000
MORE_DATA = 0x6300  # object list: the next part follows with P2 = 01
TRIES_LEFT = 0x63C0  # a wrong PIN; the low digit is the number of tries
ADMINISTRATION_DONE = 0x63CF  # success, after a remote administration of the object
WRONG_LENGTH = 0x6700
CHANNEL_NOT_OPEN = 0x6881
WRONG_FILE_STRUCTURE = 0x6981
NOT_ALLOWED = 0x6982  # security status not satisfied
BLOCKED = 0x6983  # no try of the PIN is left
PIN_DISABLED = 0x6984  # referenced data invalidated: the card does not ask for the PIN
ADMINISTRATION_RUNS = 0x6984  # a remote administration of the object is under way
CONDITIONS = 0x6985  # conditions of use not satisfied
NO_CURRENT_FILE = 0x6986
NO_SESSION_LEFT = 0x6989  # maximum capacity reached
ADMINISTRATION_CHANGED = 0x6989  # failed, after a remote administration changed the object
WRONG_DATA = 0x6A80
NO_CHANNEL_LEFT = 0x6A81
NOT_FOUND = 0x6A82
NO_RECORD = 0x6A83
WRONG_P1P2 = 0x6A86
UNKNOWN_INS = 0x6D00
UNKNOWN_CLASS = 0x6E00
FAULT = 0x6F00  # the simulator itself failed; the log says where

# First bytes of status words that carry a length in the second byte.
PROACTIVE = 0x91
WAITING = 0x61
WRONG_LE = 0x6C


class Refused(Exception):
    """The command ends with the status word `sw` and no data."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


def require(condition: object) -> None:
    """Raise Refused 6985 unless the conditions of use are satisfied."""
    if not condition:
        raise Refused(CONDITIONS)
