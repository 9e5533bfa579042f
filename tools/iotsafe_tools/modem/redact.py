"""Removes secrets from what is shown and logged: PINs in AT commands and in APDUs, passwords of
an APN."""

from __future__ import annotations

import re

HIDDEN = "<redacted>"
_SECRET = re.compile(
    r"(\+(?:CPIN2?|CPWD|CLCK|SPIC|CGAUTH)\b\s*=?)(?!\??\s*(?:;|$)).*", re.IGNORECASE | re.DOTALL
)
_APN = re.compile(r"(\+CNCFG\s*=(?:[^,;]*,){3})[^;]*", re.IGNORECASE)
_APDU = re.compile(r'(\+(?:CSIM|CGLA)\s*=[^"]*")([0-9A-F]*)', re.IGNORECASE)
_PIN_INS = {0x20, 0x24, 0x26, 0x28}
_UNBLOCK_INS = 0x2C
"""UNBLOCK PIN always has 16 bytes of data (102 221 11.1.13); other uses of 2C have not."""


def redact_apdu(apdu: bytes) -> str:
    """Hex of an APDU; the data of VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN is hidden."""
    text = apdu.hex().upper()
    if len(apdu) > 5 and (
        apdu[1] in _PIN_INS or (apdu[1] == _UNBLOCK_INS and apdu[4] == 16 and len(apdu) == 21)
    ):
        return text[:10] + HIDDEN
    return text


def redact_line(line: str) -> str:
    """A command line as it may be shown."""
    line = _APN.sub(r"\1" + HIDDEN, _SECRET.sub(r"\1" + HIDDEN, line))

    def apdu(match: re.Match) -> str:
        digits = match[2]
        if len(digits) % 2:
            return match[1] + digits[:10] + HIDDEN
        return match[1] + redact_apdu(bytes.fromhex(digits))

    return _APDU.sub(apdu, line)
