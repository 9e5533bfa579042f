"""Hides secrets in a dialogue while its bytes pass, in any chunks, for transcripts.

redact.py hides them in whole lines, for logs. Here the structure stays (which bytes are hidden,
their shape, and their end), so that a recorded dialogue can be played again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .redact import RESULT_INS, secret_command

TEXT, WORD, HEX, ANY = "text", "word", "hex", "any"
"""Shapes of hidden parts: characters between quotes; a word without quotes; hex digits; any bytes.
The first two hide their length."""

_TAIL = 48
"""How many past characters the search for the beginning of a secret covers."""
_APDU_HEAD = 10
"""Hex digits of CLA, INS, P1, P2, Lc: always shown."""
_RUN = 8
"""Most hex digits in a row to show while a damaged line may hold a secret answer."""

# Name -> how many fields after the = are public: PINs, logins of a data context, passwords.
_COMMANDS = {
    "CPIN": 0, "CPIN2": 0, "SPIC": 0, "CPWD": 1, "CLCK": 2,
    "CGAUTH": 2, "SGAUTH": 2, "UAUTHREQ": 2, "QICSGP": 3, "CNCFG": 3, "CSTT": 1,
    "SAPBR": 3, "UPSD": 2, "QMTCONN": 2, "SMCONF": 1, "UMQTT": 1,
}  # fmt: skip
# Modems report these settings, sometimes without the first field of the command.
_ANSWERS = {"CGAUTH": 2, "SGAUTH": 2, "UAUTHREQ": 2, "QICSGP": 2, "CNCFG": 3, "CSTT": 1}
_SET = re.compile(rb"[+^]([A-Z0-9]+)(?:\s*=|\s+)$", re.I)
_TOLD = re.compile(rb"[+^]([A-Z0-9]+):$", re.I)
_KEY_BEGINS = b"PRIVATE KEY-----"
_KEY_ENDS = b"-----END"
_HEX = frozenset(b"0123456789ABCDEFabcdef")
_DIGITS = frozenset(b"0123456789")
_ENDS = frozenset(b"\r\n")
_ERASES = frozenset(b"\x08\x7f")


@dataclass(frozen=True)
class Hidden:
    """A hidden part of the dialogue. `size` in bytes, None if it is hidden, too."""

    shape: str
    size: int | None = None


class Mask:
    """Both directions of one dialogue: `host(data)` and `modem(data)` return a chunk as a list of
    bytes, which may be shown, and `Hidden`."""

    def __init__(self) -> None:
        self.secret = False
        """The next answers of the SIM are secret."""
        self.answered = True
        """The answer to the last such command has come."""
        self._host = _Way(self, of_host=True)
        self._modem = _Way(self, of_host=False)

    def host(self, data: bytes) -> list[bytes | Hidden]:
        """Mask bytes from the host."""
        return self._host.feed(data)

    def modem(self, data: bytes) -> list[bytes | Hidden]:
        """Mask bytes from the modem."""
        return self._modem.feed(data)

    def apdu(self, ins: int) -> None:
        """Note an APDU of the host; GET RESPONSE fetches the answer of an earlier one."""
        if ins in RESULT_INS:
            self.secret, self.answered = True, False
        elif ins != 0xC0 and self.answered:
            self.secret = False


class _Way:
    """One direction. `_mode` follows a secret: it gives each byte the shape that hides it, or
    None. Without a secret, `_mode` is None."""

    def __init__(self, mask: Mask, *, of_host: bool) -> None:
        self._mask = mask
        self._of_host = of_host
        self._tail = bytearray()
        self._mode: _Fields | _APDU | _Answer | _Key | None = None
        self._run = 0

    def feed(self, data: bytes) -> list[bytes | Hidden]:
        parts: list[bytes | Hidden] = []
        shown = bytearray()
        for byte in data:
            shape = self._shape(byte)
            if shape is None:
                shown.append(byte)
                continue
            if shown:
                parts.append(bytes(shown))
                shown.clear()
            last = parts[-1] if parts else None
            if isinstance(last, Hidden) and last.shape == shape:
                parts.pop()
                parts.append(Hidden(shape, None if last.size is None else last.size + 1))
            else:
                parts.append(Hidden(shape, None if shape in (TEXT, WORD) else 1))
        if shown:
            parts.append(bytes(shown))
        return parts

    def _shape(self, byte: int) -> str | None:
        """Return the shape that hides `byte`, None to show it."""
        if byte in _ENDS and not isinstance(self._mode, _Key):
            self._end()
            self._tail.clear()
            self._run = 0
            return None
        if self._mode is not None:
            shape = self._mode.shape(byte)
            if not self._mode.over:
                return shape
            self._end()
        else:
            shape = self._stray(byte)
        if byte in _ERASES:
            del self._tail[-1:]
        else:
            self._tail.append(byte)
            del self._tail[:-_TAIL]
        self._begin(byte)
        return shape

    def _stray(self, byte: int) -> str | None:
        """Hide hex digits in a line of unknown form while an answer must stay secret."""
        if self._of_host or self._mask.answered:
            return None
        self._run = self._run + 1 if byte in _HEX else 0
        return HEX if self._run > _RUN else None

    def _end(self) -> None:
        mode, self._mode = self._mode, None
        if isinstance(mode, _Answer) and mode.whole:
            self._mask.answered = True

    def _begin(self, byte: int) -> None:
        """Start a mode if a secret begins after `byte`."""
        if byte == 0x2D:
            if self._tail.endswith(_KEY_BEGINS):
                self._mode = _Key()
            return
        if byte not in b"=: ":
            return
        answer = byte == 0x3A
        match = (_TOLD if answer else _SET).search(self._tail)
        name = match[1].decode().upper() if match else ""
        if name in ("CSIM", "CGLA"):
            if not answer:
                report = self._mask.apdu if self._of_host else None
                self._mode = _APDU(1 if name == "CSIM" else 2, report)
            elif not self._of_host:
                self._mode = _Answer(self._mask.secret)
        elif name in (_ANSWERS if answer else _COMMANDS) and not (answer and self._of_host):
            self._mode = _Fields(_ANSWERS[name] if answer else _COMMANDS[name])


class _Fields:
    """Fields of a command; the first `shown` are public."""

    def __init__(self, shown: int) -> None:
        self._shown = shown
        self._index = 0
        self._quoted = False
        self._empty = True
        self.over = False

    def shape(self, byte: int) -> str | None:
        if self._empty and byte in b"= ":
            return None
        first, self._empty = self._empty, False
        if byte == 0x22:
            self._quoted = not self._quoted
        elif self._quoted:
            return TEXT if self._index >= self._shown else None
        elif byte == 0x2C:
            self._index += 1
        elif byte == 0x3B or (first and byte == 0x3F):  # the next command; a question
            self.over = True
        elif byte != 0x20:
            return WORD if self._index >= self._shown else None
        return None


class _APDU:
    """A command to the SIM, in the field `index`. `report` is called with its instruction."""

    def __init__(self, index: int, report) -> None:
        self._commas = index
        self._report = report
        self._digits = ""
        self._inside = self._quoted = self._malformed = False
        self.over = False

    def shape(self, byte: int) -> str | None:
        if byte == 0x3B:
            self.over = True
            return None
        if byte == 0x22:
            self.over = self._quoted
            self._inside = self._quoted = True
            return None
        if not self._inside:
            self._commas -= byte == 0x2C
            self._inside = self._commas == 0
            return None
        if byte not in _HEX:
            if byte != 0x20 or self._digits:
                self._malformed = True  # it may hide a PIN anywhere
            return WORD if len(self._digits) >= _APDU_HEAD else None
        hide = len(self._digits) >= _APDU_HEAD and (
            self._malformed or secret_command(bytes.fromhex(self._digits))
        )
        if len(self._digits) < _APDU_HEAD:
            self._digits += chr(byte)
            if len(self._digits) == 4 and self._report:
                self._report(int(self._digits[2:], 16))
        return HEX if hide else None


class _Answer:
    """An answer of the SIM, `<digits>,"<hex>"`; if `secret`, only the status word is shown."""

    def __init__(self, secret: bool) -> None:
        self._secret = secret
        self._size = 0
        self._commas = 0
        self._count = 0
        self.over = False

    @property
    def whole(self) -> bool:
        """Whether all announced digits have come."""
        return 4 <= self._size == self._count

    def shape(self, byte: int) -> str | None:
        if not self._commas:
            if byte in _DIGITS and self._size < 10_000:
                self._size = self._size * 10 + byte - 48
            self._commas += byte == 0x2C
            return None
        if byte == 0x22:
            self.over = self._count > 0
            return None
        if byte not in _HEX:
            self.over = byte != 0x20  # another answer may follow at once
            return None
        self._count += 1
        return HEX if self._secret and self._count <= max(self._size - 4, 0) else self._surplus()

    def _surplus(self) -> str | None:
        """Hide what comes after the announced digits of a secret answer."""
        return HEX if self._secret and self._count > self._size else None


class _Key:
    """A private key in PEM, up to the end of the line that ends it."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self._last = False
        self.over = False

    def shape(self, byte: int) -> str | None:
        self._tail.append(byte)
        del self._tail[: -len(_KEY_ENDS)]
        self._last |= self._tail == _KEY_ENDS
        self.over = self._last and byte in _ENDS
        return ANY
