"""Faults on demand, and permanent quirks. fault_kinds.py has the table of the kinds.

    modem.faults.add("cme", prefix="+CSIM", code=13, times=2)
    modem.faults.add("lost_urc", prefix="+CADATAIND", times=1)
    modem.faults.add("reset", at="done:+CASEND", nth=2)       # after the second CASEND
    modem.faults.add("reset", at="apdu:2B")                   # when INS 2B is about to go to the
    SIM modem.faults.add("close", at="done:+CASEND", cid=0)       # the peer closes socket 0
    modem.faults.add("black_hole", seconds=30)                # now, for half a minute
    modem.faults.parse("12.5 lost_bytes:rate=1,way=up,seed=7")  # in 12.5 s
    modem.faults.parse("random:seed=7,seconds=600")           # see fault_schedule.py

Named events: `at:<command>` before and `done:<command>` after a command, `apdu:<INS>` before an
exchange, `urc:<text>`, `tcp:<what>`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from .fault_kinds import KINDS
from .fault_schedule import random_schedule, split

QUIRKS = {
    "csim_unquoted": "the response hex of +CSIM and +CGLA has no quotes",
    "csim_lower": "the response hex of +CSIM and +CGLA is lower case",
    "csim_glued": "the previous +CSIM answer is printed in front of the current one",
    "csim_late": "a URC comes between +CSIM and its response",
    "csim_truncated": "a response ends after 256 bytes; its length field counts all",
    "csim_basic_only": "+CSIM opens and closes channels, but passes nothing on to them",
    "no_csim": "the modem lacks +CSIM",
    "cgla": "the modem has +CCHO, +CGLA and +CCHC",
    "cgla_no_space": "no space after the colon of +CGLA",
    "cgla_fetches": "+CGLA sends GET RESPONSE by itself",
    "cgla_no_test": "the modem refuses the test forms of +CCHO, +CGLA and +CCHC",
    "ccho_bare": "+CCHO prints the handle alone, as in 27.007",
    "ccho_hex": "the handle of +CCHO is a long number in hex",
    "cchc_named": "+CCHC prints its name before OK, as in 27.007",
    "lf_refused": "the modem refuses a LF after the command line of a send",
    "no_cchc": "the modem lacks +CCHC: a session stays until the card is reset",
    "csim_no_select": "+CSIM refuses SELECT on a channel with +CME ERROR: 0",
    "csim_6100": "+CSIM answers GET RESPONSE with 6100 and no data, for ever",
    "no_nitz": "the network does not send the time",
    "csq_unknown": "+CSQ reports an unknown signal",
    "app_rdy": "APP RDY is printed a little after RDY",
    "qpowd_silent": "+QPOWD switches off without POWERED DOWN",
    "late_pdpdeact": "after +CFUN=1,1 a URC reports the lost data context, before RDY",
    "qi_forgets": "the modem forgets a connection that the peer closed once all was read",
    "qi_listens": "+QISTATE reports 3 (listening) for a connection that is up",
}

WAYS = ("up", "down", "both")
RANDOM = "random"
"""Replaces a kind: a whole schedule by its `seed`, for `seconds`."""


@dataclass(eq=False)
class Fault:
    """One armed fault; its kind decides which options apply.

    `times`: strikes left (None = for ever); `nth`: the first event that counts. `seconds`: how
    long it is armed, or its effect lasts; 0 = until `clear`. `rate`: strikes in a thousand bytes.
    `way`: "up" to the modem, "down" to the host. `delay`: seconds. `size`: bytes. `count`: lines.
    `cid`: number of a connection (None = the lowest).
    """

    kind: str
    prefix: str = ""
    at: str = ""
    nth: int = 1
    times: int | None = None
    code: int = 13
    cid: int | None = None
    seconds: float = 0.0
    rate: int = 1
    way: str = "down"
    delay: float = 10.0
    size: int = 100
    count: int = 50
    seed: int = 1
    seen: int = field(default=0, repr=False, init=False)
    gaps: dict[str, int] = field(default_factory=dict, repr=False, init=False)
    random: random.Random = field(default=None, repr=False, init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)


TEXTS = ("prefix", "at", "way")
OPTIONS = tuple(item.name for item in fields(Fault) if item.init and item.name != "kind")
LIMITS = {"nth": 1, "times": 1, "rate": 1, "count": 1}
"""Options whose least value is not 0."""
GREATEST = {"size": 65_536, "count": 10_000, "seconds": 2_592_000, "delay": 2_592_000}
"""More than a UART buffers, and than 30 days, would only keep the modem busy for ever."""


class Faults:
    """The faults of a modem; `struck` counts the strikes of each kind."""

    def __init__(self, modem) -> None:
        self.modem = modem
        self.armed: list[Fault] = []
        self.struck: dict[str, int] = {}
        self._lasting: list[Fault] = []

    # -- arming ----------------------------------------------------------------------------------

    def add(self, kind: str, **options) -> Fault:
        """Arm a fault. Raises ValueError for an unknown kind or option."""
        fault = make(kind, options)
        self._arm(fault)
        return fault

    def parse(self, text: str) -> None:
        """Arm the fault `[SECONDS ]kind[:name=value[,name=value…]]`, now or after SECONDS."""
        seconds, text = split(text)
        kind, options = parsed(text)
        if kind == RANDOM:
            self.schedule(scheduled(text, options), seconds)
        elif seconds:
            self.schedule([(seconds, text)])
        else:
            self.add(kind, **options)

    def schedule(self, entries: Iterable[tuple[float, str]], start: float = 0.0) -> None:
        """Arm each (seconds from now, text) at its time. Raises ValueError before it arms any."""
        begin = self.modem.now = self.modem.clock()
        made = []
        for seconds, text in entries:
            kind, options = parsed(text)
            made.append((begin + start + seconds, make(kind, options)))
        for due, fault in made:
            self.modem.timers.at(due, lambda fault=fault: self._arm(fault), "fault")

    def clear(self) -> None:
        """Disarm all faults, forget schedules, end lasting effects."""
        for tag in ("fault", "storm"):
            self.modem.timers.cancel(tag)
        self.armed.clear()
        self.modem.now = self.modem.clock()
        for fault in list(self._lasting):
            self._end(fault)

    def state(self) -> dict:
        """Return for display the armed faults, the lasting ones, and the strikes of each kind."""
        return {
            "armed": [fault.kind for fault in self.armed],
            "lasting": [fault.kind for fault in self._lasting],
            "struck": dict(self.struck),
        }

    def _arm(self, fault: Fault) -> None:
        self.modem.now = self.modem.clock()
        kind = KINDS[fault.kind]
        if kind.hook == "event" and not fault.at:
            self._strike(fault)
            return
        self.armed.append(fault)
        if fault.seconds and kind.hook != "event":
            self._later(fault.seconds, lambda: self._disarm(fault))

    def _disarm(self, fault: Fault) -> None:
        if fault in self.armed:
            self.armed.remove(fault)

    def _end(self, fault: Fault) -> None:
        """End the fault's effect, unless another fault of its kind still lasts."""
        if fault not in self._lasting:
            return
        self._lasting.remove(fault)
        end = KINDS[fault.kind].end
        if not any(KINDS[other.kind].end is end for other in self._lasting):
            self.modem.event("fault", what=fault.kind, ended=True)
            end(self.modem, fault)

    def _later(self, seconds: float, function) -> None:
        self.modem.timers.at(self.modem.now + seconds, function, "fault")

    # -- where faults strike ---------------------------------------------------------------------

    def active(self, kind: str) -> bool:
        """Return whether a fault of this kind is armed."""
        return any(fault.kind == kind for fault in self.armed)

    def command(self, text: str):
        """Before a command, return None or a result that replaces it; may raise ATError."""
        for fault in self._matching("command", "prefix", text):
            return self._strike(fault)
        return None

    def delay(self, text: str) -> float:
        """Return the seconds that this command waits before it runs."""
        return sum(self._strike(fault) for fault in self._matching("late", "prefix", text))

    def loses(self, urc: str) -> bool:
        """Return whether a fault removes this URC."""
        for fault in self._matching("urc", "prefix", urc):
            self._strike(fault)
            return True
        return False

    def answer(self, lines: list[str], previous: str) -> list[str]:
        """Return the lines to print for a SIM's response; `previous`: the response before it."""
        for fault in self._matching("answer", "prefix", lines[-1]):
            return lines[:-1] + self._strike(fault, lines[-1], previous)
        return lines

    def occur(self, name: str) -> None:
        """Let the faults that wait for a named event strike. Raises CMEError before an APDU goes
        to the SIM."""
        for hook in ("event", "apdu"):
            for fault in self._matching(hook, "at", name):
                self._strike(fault)

    def output(self, data: bytes) -> bytes:
        """Return the bytes that leave the UART."""
        return self._line(data, "down") if self.armed else data

    def input(self, data: bytes) -> bytes:
        """Return the bytes that arrive at the UART."""
        return self._line(data, "up") if self.armed else data

    def _line(self, data: bytes, way: str) -> bytes:
        for fault in self.armed:
            kind = KINDS[fault.kind]
            if kind.hook == "line" and fault.way in (way, "both"):
                data = kind.strike(self.modem, fault, data, way)
        return data

    def _matching(self, hook: str, attribute: str, text: str) -> list[Fault]:
        """Return the hook's armed faults whose pattern begins `text` and whose turn it is."""
        found = []
        for fault in list(self.armed):
            if KINDS[fault.kind].hook != hook or not text.startswith(getattr(fault, attribute)):
                continue
            fault.seen += 1
            if fault.seen >= fault.nth:
                found.append(fault)
        return found

    def report(self, fault: Fault) -> None:
        """Count a fault's strike and report it as an event."""
        self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
        self.modem.event("fault", what=fault.kind, pattern=fault.prefix or fault.at)

    def _strike(self, fault: Fault, *facts):
        self.report(fault)
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._disarm(fault)
        kind = KINDS[fault.kind]
        if kind.end:
            self._lasting.append(fault)
            if fault.seconds:
                self._later(fault.seconds, lambda: self._end(fault))
        return kind.strike(self.modem, fault, *facts) if kind.strike else None


# -- from words to faults ------------------------------------------------------------------------


def parsed(text: str) -> tuple[str, dict]:
    """Return (kind, options) of `kind[:name=value[,name=value…]]`. Raises ValueError."""
    kind, _, rest = text.partition(":")
    options: dict = {}
    for part in filter(None, rest.split(",")):
        name, _, value = part.partition("=")
        if name in TEXTS:
            options[name] = value
        elif name in ("seconds", "delay") and value.replace(".", "", 1).isdigit():
            options[name] = float(value)
        elif value.isdigit():
            options[name] = int(value)
        else:
            raise ValueError(f"fault {text!r}: {name} needs a number")
    return kind, options


def make(kind: str, options: dict) -> Fault:
    """Return a fault, not armed. Raises ValueError, which names the choices."""
    if kind not in KINDS:
        raise ValueError(f"no fault {kind!r}; there are {', '.join(sorted((*KINDS, RANDOM)))}")
    for name in options:
        if name not in OPTIONS:
            raise ValueError(f"fault {kind}: no option {name!r}; there are {', '.join(OPTIONS)}")
    fault = Fault(kind, **{**KINDS[kind].defaults, **options})
    if fault.way not in WAYS:
        raise ValueError(f"fault {kind}: way is one of {', '.join(WAYS)}")
    for name, least in LIMITS.items():
        value = getattr(fault, name)
        if value is not None and value < least:
            raise ValueError(f"fault {kind}: {name} is {least} at least")
    _check_greatest(kind, {name: getattr(fault, name) for name in GREATEST})
    if KINDS[kind].hook == "apdu" and not fault.at.startswith("apdu:"):
        raise ValueError(f"fault {kind}: at is apdu: and an INS, as in apdu:A4")
    return fault


def scheduled(text: str, options: dict) -> list[tuple[float, str]]:
    """Return the schedule of `random:seed=…,seconds=…`. Raises ValueError."""
    if not options.keys() <= {"seed", "seconds"}:
        raise ValueError(f"fault {text!r}: {RANDOM} has the options seed and seconds")
    _check_greatest(RANDOM, options)
    return random_schedule(**options)


def _check_greatest(kind: str, options: dict) -> None:
    for name, greatest in GREATEST.items():
        if options.get(name, 0) > greatest:
            raise ValueError(f"fault {kind}: {name} is {greatest} at most")
