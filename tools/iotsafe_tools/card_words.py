"""The card's numbers in words (applet reference, 5.3 and 8), for tables and JSON."""

from __future__ import annotations

from iotsafe import errors, objects

KINDS = {
    objects.FILE: "file",
    objects.PRIVATE_KEY: "private key",
    objects.PUBLIC_KEY: "public key",
    objects.SECRET_KEY: "secret key",
}
STATES = {0: "empty", 1: "activated"}
KEY_TYPES = {
    0x03: "RSA-2048",
    0x13: "P-256",
    0x14: "P-256, volatile",
    0x23: "brainpoolP256r1",
    0x24: "brainpoolP256r1, volatile",
    0xA0: "HMAC",
    0xB0: "CMAC",
}
KEY_USAGES = {1: "general", 2: "TLS 1.2", 3: "TLS 1.3"}
FILE_USAGES = {1: "general", 2: "certificate"}
FUNCTIONS = {1: "sign", 2: "generate", 4: "agree", 8: "derive"}
ACCESS = {1: "read", 2: "update"}


def word(table: dict[int, str], code: int | None) -> str | None:
    """The word for `code`, its number where there is none, None where the card does not say."""
    if code is None:
        return None
    return table.get(code, f"unknown ({code:02X})")


def words(table: dict[int, str], mask: int | None) -> list[str] | None:
    """The words for the bits of `mask`; bits without one as a number."""
    if mask is None:
        return None
    found = [text for bit, text in table.items() if mask & bit]
    if rest := mask & ~sum(table):
        found.append(f"unknown ({rest:02X})")
    return found


def status(sw: int) -> str:
    """The meaning of any status word, those of success included."""
    if sw == 0x9000:
        return "success"
    if sw == 0x63CF:
        return "success, and a remote administration session was completed"
    if sw >> 8 == 0x91:
        return "success, and a proactive command waits for the modem"
    if sw >> 8 in (0x61, 0x9F):
        return f"success, {sw & 0xFF or 256} bytes wait to be fetched"
    if sw >> 8 == 0x6C:
        return f"wrong Le, {sw & 0xFF or 256} is right"
    return errors.meaning(sw)


def label(data: bytes) -> str:
    """A label as text; what is not printable ASCII is a `?`."""
    return "".join(chr(c) if 32 <= c < 127 else "?" for c in data)
