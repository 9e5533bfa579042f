"""The meanings of a SIM's status words. Loaded when one of them is shown."""

# Status words that cards return, and their meanings (IoT.05 2.5.10 and ISO/IEC 7816-4).
_MEANINGS = (
    (0x6300, "more data available"),
    (0x6400, "the applet's store is damaged"),
    (0x6700, "wrong length"),
    (0x6881, "logical channel not open"),
    (0x6981, "offset outside the file"),
    (0x6982, "not allowed"),
    (0x6984, "remote administration in progress"),
    (0x6985, "conditions of use not satisfied: wrong state, usage or session"),
    (0x6989, "remote administration changed the object, or no session is free"),
    (0x6A80, "incorrect data"),
    (0x6A81, "not supported, or no logical channel left"),
    (0x6A82, "not found"),
    (0x6A84, "not enough memory"),
    (0x6A86, "incorrect P1 P2, or the session is already open"),
    (0x6D00, "instruction not supported"),
    (0x6D01, "signature does not match"),
    (0x6E00, "class not supported"),
    (0x6F00, "other error"),
)


def meaning(sw):
    """Return the meaning of the status word `sw`."""
    for known, text in _MEANINGS:
        if known == sw:
            return text
    return "unknown status word"
