"""The kinds of faults: each is a row of `KINDS` with its hook and its function.

| hook | the fault strikes | the function returns |
|---|---|---|
| command | before a command that begins with `prefix` | a result instead, or it raises ATError |
| late | before a command that begins with `prefix` | seconds that the command waits |
| urc | at a URC that begins with `prefix` | nothing: the URC vanishes |
| answer | at a line of +CSIM or +CGLA that begins with `prefix` | the lines printed instead |
| apdu | before an APDU goes to the SIM, `at` = "apdu:" and INS | nothing: it raises CMEError |
| event | at the named event `at`; without one, at once | nothing: it changes modem or network |
| line | at every byte of the UART in its `way` | the bytes that arrive |
| echo | as long as it is armed | nothing: the modem echoes |

A fault with an `end` lasts `seconds`, 0 for ever; `Faults.clear` also ends it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import CMEError
from .table import SILENT

STORM = (
    "RING",
    '+CMTI: "SM",1',
    "+CGEV: ME PDN ACT 2",
    "+CREG: 1",
    '*PSUTTZ: 26/11/24,13:18:17","+4",0',
    "DST: 0",
    "SMS Ready",
    '+CUSD: 0,"Your balance is 3.20",15',
)
"""Unsolicited lines without a meaning for a host that sends telemetry."""
PHONE_FAILURE, SIM_BUSY = 0, 14
SEARCHING, DENIED = 2, 3


@dataclass(frozen=True)
class Kind:
    """One row. `strike(modem, fault, …)`; `defaults`: of the fault's options that differ."""

    hook: str
    strike: Callable | None = None
    end: Callable | None = None
    defaults: dict = field(default_factory=dict)


# -- answers of the modem ------------------------------------------------------------------------


def _cme(modem, fault, *_):
    raise CMEError(fault.code)


def _no_answer(modem, fault, *_):
    return SILENT


def _late(modem, fault, *_):
    return fault.delay


def _truncated(modem, fault, line: str, previous: str) -> list[str]:
    return [line[: len(line) // 2]]


def _glued(modem, fault, line: str, previous: str) -> list[str]:
    return [previous + line]


# -- the line ------------------------------------------------------------------------------------


def _replace_all(instead: Callable) -> Callable:
    """Replace all bytes by `instead(fault, size)`; report the fault once."""

    def strike(modem, fault, data: bytes, way: str) -> bytes:
        if not fault.seen:
            fault.seen = 1
            modem.faults.report(fault)
        return instead(fault, len(data))

    return strike


def _nothing(fault, size: int) -> bytes:
    return b""


def _random(fault, size: int) -> bytes:
    return fault.random.randbytes(size)


def _gap(fault) -> int:
    """Return how many bytes pass before the next strike, at `rate` strikes in a thousand."""
    if fault.rate >= 1000:
        return 0
    return int(math.log(1 - fault.random.random()) / math.log(1 - fault.rate / 1000))


def _replace_some(copies: int) -> Callable:
    """Replace a byte now and then by `copies` of it."""

    def strike(modem, fault, data: bytes, way: str) -> bytes:
        damaged, start = bytearray(), 0
        while start + (gap := fault.gaps.setdefault(way, _gap(fault))) < len(data):
            struck = start + gap
            damaged += data[start:struck] + data[struck : struck + 1] * copies
            start = struck + 1
            fault.gaps[way] = _gap(fault)
            modem.faults.report(fault)
        fault.gaps[way] -= len(data) - start
        return bytes(damaged + data[start:])

    return strike


def _noise(modem, fault):
    modem.uart.emit(fault.random.randbytes(fault.size), "control")


def _storm(modem, fault):
    def urc(number: int) -> None:
        modem.urc(STORM[number % len(STORM)])

    for number in range(fault.count):
        due = modem.now + number * fault.seconds / fault.count
        modem.timers.at(due, lambda number=number: urc(number), "storm")


# -- the world -----------------------------------------------------------------------------------


def _reset(modem, fault):
    modem.power_state.reset("fault")


def _brown_out(modem, fault):
    modem.urc(modem.personality.under_voltage)
    modem.supply(False)


def _power_cut(modem, fault):
    modem.supply(False)


def _powered(modem, fault):
    modem.supply(True)


def _sim_pulled(modem, fault):
    modem.sim.remove()


def _sim_back(modem, fault):
    if not modem.sim.present:
        modem.sim.insert()


def _barred(stat: int) -> Callable:
    return lambda modem, fault: modem.radio.bar(stat)


def _allowed(modem, fault):
    modem.radio.allow()


def _pdp_dropped(modem, fault):
    modem.radio.drop_contexts()


def _close(modem, fault):
    lowest = min(modem.sockets.sockets, default=0)
    modem.sockets.peer_closed(lowest if fault.cid is None else fault.cid)


def _tcp_reset(modem, fault):
    modem.network.reset_all()


def _black_hole(modem, fault):
    modem.network.silent = True


def _heard_again(modem, fault):
    modem.network.silent = False


ONCE = {"times": 1}
KINDS = {
    # answers
    "cme": Kind("command", _cme, defaults={"code": 13}),
    "no_answer": Kind("command", _no_answer),
    "late": Kind("late", _late, defaults=ONCE),
    "lost_urc": Kind("urc"),
    "csim_truncated": Kind("answer", _truncated, defaults=ONCE),
    "csim_glued": Kind("answer", _glued, defaults=ONCE),
    "sim_busy": Kind("apdu", _cme, defaults={"code": SIM_BUSY, "at": "apdu:", **ONCE}),
    "select_refused": Kind(
        "apdu", _cme, defaults={"code": PHONE_FAILURE, "at": "apdu:A4", **ONCE}
    ),
    # the line
    "silent": Kind("line", _replace_all(_nothing)),
    "garbage": Kind("line", _replace_all(_random)),
    "lost_bytes": Kind("line", _replace_some(0), defaults={"way": "both"}),
    "doubled_bytes": Kind("line", _replace_some(2), defaults={"way": "both"}),
    "echo": Kind("echo"),
    "noise": Kind("event", _noise, defaults=ONCE),
    "urc_storm": Kind("event", _storm, defaults={"seconds": 1.0, **ONCE}),
    # the world
    "reset": Kind("event", _reset, defaults=ONCE),
    "brown_out": Kind("event", _brown_out, _powered, {"seconds": 3.0, **ONCE}),
    "power_cut": Kind("event", _power_cut, _powered, {"seconds": 3.0, **ONCE}),
    "sim_pulled": Kind("event", _sim_pulled, _sim_back, {"seconds": 20.0, **ONCE}),
    "registration_lost": Kind("event", _barred(SEARCHING), _allowed, {"seconds": 30.0, **ONCE}),
    "registration_denied": Kind("event", _barred(DENIED), _allowed, {"seconds": 30.0, **ONCE}),
    "pdp_dropped": Kind("event", _pdp_dropped, defaults=ONCE),
    "close": Kind("event", _close, defaults=ONCE),
    "tcp_reset": Kind("event", _tcp_reset, defaults=ONCE),
    "black_hole": Kind("event", _black_hole, _heard_again, {"seconds": 60.0, **ONCE}),
}
