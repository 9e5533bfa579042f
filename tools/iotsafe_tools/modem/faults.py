"""Faults to provoke, and permanent quirks: a registry, each kind a row of a table.

    modem.faults.add("cme", prefix="+CSIM", code=13, times=2)
    modem.faults.add("lost_urc", prefix="+CADATAIND", times=1)
    modem.faults.add("reset", at="done:+CASEND", nth=2)       # after the second CASEND
    modem.faults.add("reset", at="apdu:2B")                   # when INS 2B is about to go to the
    SIM modem.faults.add("close", at="done:+CASEND", cid=0)       # the peer closes socket 0
    modem.faults.add("silent" | "garbage" | "echo")

Named events: `at:<command>` before and `done:<command>` after a command, `apdu:<INS>` before an
exchange, `urc:<text>`, `tcp:<what>`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .errors import CMEError
from .table import SILENT

QUIRKS = {
    "csim_unquoted": "the response hex of +CSIM and +CGLA has no quotes",
    "csim_lower": "the response hex of +CSIM and +CGLA is lower case",
    "csim_glued": "the previous +CSIM answer is printed in front of the current one",
    "csim_late": "the first line behind +CSIM is another one",
    "csim_truncated": "a response ends after 256 bytes; its length field does not know",
    "csim_basic_only": "+CSIM opens and closes channels, but passes nothing on to them",
    "no_csim": "there is no +CSIM",
    "cgla": "there are +CCHO, +CGLA and +CCHC",
    "cgla_no_space": "no space after the colon of +CGLA",
    "cgla_fetches": "+CGLA sends GET RESPONSE by itself",
    "cgla_no_test": "the test forms of +CCHO, +CGLA and +CCHC are refused",
    "ccho_bare": "+CCHO answers the handle alone, as 27.007 has it",
    "ccho_hex": "the handle of +CCHO is a long number in hex",
    "cchc_named": "+CCHC prints its name before OK, as 27.007 has it",
    "lf_refused": "a LF behind the command line of a send is refused",
    "no_cchc": "there is no +CCHC: a session stays until the card is reset",
    "csim_no_select": "+CSIM refuses SELECT on a channel with +CME ERROR: 0",
    "csim_6100": "over +CSIM GET RESPONSE is answered with 6100 and no data, for ever",
    "no_nitz": "the network does not tell the time",
    "csq_unknown": "+CSQ does not know the signal",
    "app_rdy": "APP RDY is printed a little after RDY",
    "qpowd_silent": "+QPOWD switches off without POWERED DOWN",
    "late_pdpdeact": "after +CFUN=1,1 a data context that was active is told of, before RDY",
    "qi_forgets": "a connection that the peer closed is gone as soon as all was read",
    "qi_listens": "+QISTATE says 3 (listening) of a connection that is up",
}


@dataclass
class Fault:
    """One armed fault. `times`: how often it still strikes (None = for ever); `nth`: the first
    event that counts."""

    kind: str
    prefix: str = ""
    at: str = ""
    nth: int = 1
    times: int | None = None
    code: int = 13
    cid: int = 0
    seen: int = field(default=0, repr=False)


def _cme(modem, fault: Fault):
    raise CMEError(fault.code)


def _no_answer(modem, fault: Fault):
    return SILENT


def _reset(modem, fault: Fault):
    modem.power_state.reset("fault")


def _close(modem, fault: Fault):
    modem.sockets.peer_closed(fault.cid)


KINDS = {
    # kind: (where it hooks in, what it does there)
    "cme": ("command", _cme),
    "no_answer": ("command", _no_answer),
    "reset": ("event", _reset),
    "close": ("event", _close),
    "lost_urc": ("urc", None),
    "silent": ("output", None),
    "garbage": ("output", None),
    "echo": ("echo", None),
}
ONCE = {"reset", "close"}


class Faults:
    """The armed faults of a modem; `struck` counts how often each kind did something."""

    def __init__(self, modem, seed: int = 1) -> None:
        self.modem = modem
        self.armed: list[Fault] = []
        self.struck: dict[str, int] = {}
        self._random = random.Random(seed)

    def add(self, kind: str, **options) -> Fault:
        """Arm a fault. Raises ValueError for a kind or an option that does not exist."""
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are {', '.join(sorted(KINDS))}")
        try:
            fault = Fault(kind, **options)
        except TypeError as error:
            raise ValueError(f"fault {kind}: {error}") from error
        if kind in ONCE and fault.times is None:
            fault.times = 1
        self.armed.append(fault)
        return fault

    def parse(self, text: str) -> Fault:
        """Arm a fault written as `kind[:name=value[,name=value…]]`, for command lines."""
        kind, _, rest = text.partition(":")
        options = {}
        for part in filter(None, rest.split(",")):
            name, _, value = part.partition("=")
            if name not in ("prefix", "at") and not value.isdigit():
                raise ValueError(f"fault {text!r}: {name} needs a number")
            options[name] = value if name in ("prefix", "at") else int(value)
        return self.add(kind, **options)

    def clear(self) -> None:
        """Disarm all."""
        self.armed.clear()

    def active(self, kind: str) -> bool:
        """True while a fault of this kind is armed."""
        return any(fault.kind == kind for fault in self.armed)

    def command(self, text: str):
        """A command is about to run: None, or a result instead of it; may raise ATError."""
        for fault in self._matching("command", "prefix", text):
            self._strike(fault)
            return KINDS[fault.kind][1](self.modem, fault)
        return None

    def loses(self, urc: str) -> bool:
        """True when this URC is to vanish."""
        for fault in self._matching("urc", "prefix", urc):
            self._strike(fault)
            return True
        return False

    def occur(self, name: str) -> None:
        """A named event happens; faults that wait for it strike."""
        for fault in self._matching("event", "at", name):
            self._strike(fault)
            KINDS[fault.kind][1](self.modem, fault)

    def output(self, data: bytes) -> bytes:
        """Bytes as they leave the UART."""
        if not self.armed:
            return data
        if self.active("silent"):
            return b""
        if self.active("garbage"):
            return self._random.randbytes(len(data))
        return data

    def _matching(self, point: str, attribute: str, text: str) -> list[Fault]:
        """Armed faults of a hook point whose pattern starts `text` and whose count is reached."""
        found = []
        for fault in list(self.armed):
            if KINDS[fault.kind][0] != point or not text.startswith(getattr(fault, attribute)):
                continue
            fault.seen += 1
            if fault.seen >= fault.nth:
                found.append(fault)
        return found

    def _strike(self, fault: Fault) -> None:
        self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0 and fault in self.armed:
                self.armed.remove(fault)
        self.modem.event("fault", what=fault.kind, pattern=fault.prefix or fault.at)
