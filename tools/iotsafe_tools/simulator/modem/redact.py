"""Removes secrets from displays and logs: PINs in AT commands and in APDUs, passwords of an APN,
keys that the IoT SAFE applet derives, and its random bytes, which seed a board's TLS."""

from __future__ import annotations

import re

HIDDEN = "<redacted>"
_SECRET = re.compile(r"([+^](?:CPIN2?|CPWD|CLCK|SPIC|[CS]GAUTH)\b\s*=?)(.*)", re.I | re.DOTALL)
_QUERY = re.compile(r"\s*\?\s*(;|$)")
_APN = re.compile(
    r"(\+(?:(?:CNCFG|QICSGP)\s*=(?:[^,;]*,){3}|UAUTHREQ\s*=(?:[^,;]*,){2}|CSTT\s*=[^,;]*,))[^;]*",
    re.I,
)
_APDU = re.compile(r'(\+(?:CSIM|CGLA)[^";]*,\s*"?)([^";,]*)', re.I)
_RESPONSE = re.compile(r'(\+(?:CSIM|CGLA):\s*\d+\s*,\s*"?)[0-9A-F]+([0-9A-F]{4}"?\s*)$', re.I)
_LOGIN = re.compile(
    r"(\+(?:CNCFG:(?:[^,]*,){3}|(?:QICSGP|CGAUTH):(?:[^,]*,){2}|CSTT:[^,]*,)).*", re.I
)
_PIN_INS = {0x20, 0x26, 0x28}
_CHANGE_INS, _UNBLOCK_INS = 0x24, 0x2C
"""CHANGE and UNBLOCK PIN always have 16 bytes of data (102 221 11.1.10, 11.1.13), PUT PUBLIC KEY
and VERIFY SIGNATURE seldom; then these begin with a public key's ID or label."""
_PUBLIC_KEY_NAMES = (0x85, 0x75)
_DERIVE_INS = {0x48, 0x4A}
"""COMPUTE PRF and HKDF: both command and response hold secrets."""
RESULT_INS = {0x46, 0x84, *_DERIVE_INS}
"""COMPUTE DH and GET RANDOM: the response is secret."""


def redact_apdu(apdu: bytes) -> str:
    """Return the hex of an APDU, without the data of VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK
    PIN, COMPUTE PRF and HKDF."""
    text = apdu.hex().upper()
    if len(apdu) > 5 and secret_command(apdu[:5], len(apdu)) and not _names_key(apdu):
        return text[:10] + HIDDEN
    return text


def _names_key(apdu: bytes) -> bool:
    """Return whether the data of CHANGE or UNBLOCK PIN are none: they name a public key."""
    return (
        apdu[1] in (_CHANGE_INS, _UNBLOCK_INS)
        and len(apdu) - 5 - apdu[4] in (0, 1)
        and apdu[5] in _PUBLIC_KEY_NAMES
    )


def secret_command(head: bytes, size: int | None = None) -> bool:
    """Return whether a command's data is secret. `head`: its first five bytes; `size`: of all."""
    ins, length = head[1], head[4]
    if ins == _CHANGE_INS:  # a malformed one may hold PINs, too
        return length == 16 or (size is not None and size - 5 - length not in (0, 1))
    if ins == _UNBLOCK_INS:
        return length == 16 and size in (None, 21)
    return ins in _PIN_INS | _DERIVE_INS


def redact_response(ins: int, response: bytes) -> str:
    """Return the hex of the response to instruction `ins`, status word at the end."""
    text = response.hex().upper()
    if len(response) > 2 and ins in RESULT_INS:
        return HIDDEN + text[-4:]
    return text


def redact_line(line: str) -> str:
    """Return a command line without secrets."""
    return _APDU.sub(_apdu, _APN.sub(r"\1" + HIDDEN, _SECRET.sub(_secret, line)))


def redact_answer(line: str) -> str:
    """Return a line of an answer without logins of a data context, and of a card's response only
    the status word (the event of the APDU has its public part)."""
    return _LOGIN.sub(r"\1" + HIDDEN, _RESPONSE.sub(r"\1" + HIDDEN + r"\2", line))


def _secret(match: re.Match) -> str:
    query = _QUERY.match(match[2])
    if query:
        end = query.start(1)
        return match[1] + match[2][:end] + redact_line(match[2][end:])
    return match[1] + HIDDEN


def _apdu(match: re.Match) -> str:
    digits = re.sub("[^0-9A-Fa-f]", "", match[2])
    whole = len(digits) % 2 == 0 and len(digits) == len(match[2])
    shown = redact_apdu(bytes.fromhex(digits[: len(digits) & ~1]))
    if HIDDEN in shown or not whole:  # a malformed APDU may hide a PIN anywhere
        return match[1] + shown[:10] + HIDDEN
    return match[1] + shown
