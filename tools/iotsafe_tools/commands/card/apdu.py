"""Raw APDUs, as `iotsafe apdu` sends them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import Any, BinaryIO

import iotsafe
from iotsafe.meanings import meaning

from .client import CardClient, hexadecimal, unhex

MAX_APDU = 261
MAX_SCRIPT = 4_000_000


def read(texts: Iterable[str], *, exact: bool) -> list[bytes]:
    """Return command APDUs from hex; ValueError says which one is wrong, and why.

    `exact`: accept any 4 to 261 bytes; else only short APDUs with a correct Lc.
    """
    found = []
    for number, text in enumerate(texts, 1):
        try:
            apdu = unhex(text)
        except ValueError:
            raise ValueError(f"APDU {number} is not hex: {text[:40]!r}") from None
        if not 4 <= len(apdu) <= MAX_APDU:
            raise ValueError(f"APDU {number} has {len(apdu)} bytes, not 4 to {MAX_APDU}")
        if not exact and len(apdu) > 5 and len(apdu) not in (5 + apdu[4], 6 + apdu[4]):
            raise ValueError(
                f"APDU {number}: Lc says {apdu[4]} bytes of data, {len(apdu) - 5} follow; "
                "--raw sends it unchanged"
            )
        found.append(apdu)
    if not found:
        raise ValueError("an APDU is missing")
    return found


def script(file: BinaryIO) -> list[str]:
    """Return the APDUs of a file: one a line, without `#` comments and empty lines."""
    data = file.read(MAX_SCRIPT)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig", "replace")
    bare = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in bare if line]


def send_raw(client: CardClient, apdu: bytes) -> dict[str, Any]:
    """Send the bytes unchanged; open, select and fetch nothing."""
    data, sw = client.channel.transmit(apdu)
    return _exchange(apdu, bytes(data), sw)


def send(client: CardClient, apdu: bytes) -> dict[str, Any]:
    """Send a short APDU on the applet's channel, whose number replaces the one in its class byte.

    The client fetches waiting data (61xx) and corrects a wrong Le (6Cxx).
    """
    exchanges: list[tuple[bytes, bytes, int]] = []

    def with_class(command: bytes) -> bytes:
        if command[1] != apdu[1]:  # GET RESPONSE
            return command
        return bytes([class_byte(apdu[0], client.applet.apdu.number)]) + command[1:]

    size = apdu[4] if len(apdu) > 5 else 0
    rest = apdu[5 + size :] if size else apdu[4:5]
    client.channel.observer = lambda *exchange: exchanges.append(exchange)
    client.channel.rewrite = with_class
    try:
        client.applet.apdu.command(
            apdu[1], apdu[2], apdu[3], apdu[5 : 5 + size], rest[0] if rest else None
        )
    except iotsafe.CardProtocolError:
        raise
    except iotsafe.CardError:
        pass  # the caller shows the status word
    finally:
        client.channel.observer = client.channel.rewrite = None
    return _exchange(exchanges[0][0], b"".join(data for _, data, _ in exchanges), exchanges[-1][2])


def class_byte(wanted: int, number: int) -> int:
    """Return the class byte `wanted` for logical channel `number` (ETSI TS 102 221 10.1.1).

    Keeps command chaining (bit 5), and secure messaging if its coding is the same.
    """
    further = bool(wanted & 0x40)  # coded for channels 4 to 19
    if number < 4:
        return (wanted & 0x90 if further else wanted & 0xFC) | number
    return (wanted & 0xF0 if further else wanted & 0x90 | 0x40) | number - 4


def _exchange(command: bytes, data: bytes, sw: int) -> dict[str, Any]:
    return {
        "command": hexadecimal(command),
        "data": hexadecimal(data),
        "sw": f"{sw:04X}",
        "meaning": status(sw),
    }


def status(sw: int) -> str:
    """Return the meaning of any status word, including those of success (applet reference, 8)."""
    if sw == 0x9000:
        return "success"
    if sw == 0x63CF:
        return "success, and a remote administration client was completed"
    if sw >> 8 == 0x91:
        return "success, and a proactive command waits for the modem"
    if sw >> 8 in (0x61, 0x9F):
        return f"success, {sw & 0xFF or 256} bytes wait to be fetched"
    if sw >> 8 == 0x6C:
        return f"wrong Le, {sw & 0xFF or 256} is right"
    return meaning(sw)
