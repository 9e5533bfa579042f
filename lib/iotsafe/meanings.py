"""The meanings of a SIM's status words. Loaded when one of them is shown."""

# A line for each status word (IoT.05 2.5.10 and ISO/IEC 7816-4).
_MEANINGS = """
6300: more data available
6400: the applet's store is damaged
6700: wrong length
6881: logical channel not open
6981: offset outside the file
6982: not allowed
6984: remote administration in progress
6985: conditions of use not satisfied: wrong state, usage or session
6989: remote administration changed the object, or no session is free
6A80: incorrect data
6A81: not supported, or no logical channel left
6A82: not found
6A84: not enough memory
6A86: incorrect P1 P2, or the session is already open
6D00: instruction not supported
6D01: signature does not match
6E00: class not supported
6F00: other error
"""


def meaning(sw):
    """Return the meaning of the status word `sw`."""
    at = _MEANINGS.find("\n%04X: " % sw)
    if at < 0:
        return "unknown status word"
    return _MEANINGS[at + 7 : _MEANINGS.find("\n", at + 1)]
