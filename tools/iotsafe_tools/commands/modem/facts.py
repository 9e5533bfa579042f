"""The facts that a modem reports about itself, its SIM and its network, as JSON and as text.

None: the modem does not report it, or not now.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import cellular
import ticks
from cellular import timeouts
from cellular.errors import text
from cellular.modem import Modem
from cellular.parser import number

from .connection import ConnectedModem
from .identity import bare, if_answered

# +CME ERROR of +CPIN? -> the state of the SIM.
_SIM_ERRORS = {10: "not inserted", 11: "PIN", 12: "PUK", 13: "failure", 14: "busy", 15: "wrong"}
_TRANSIENT = ("failure", "busy")  # these may pass
_RETRY_MS = 500

# <stat> of +CEREG, +CGREG, +CREG
_REGISTERED = (1, 5, 6, 7, 9, 10)
STATES = {
    0: "not searching",
    1: "home",
    2: "searching",
    3: "denied",
    4: "unknown",
    5: "roaming",
    6: "home, SMS only",
    7: "roaming, SMS only",
    8: "emergency calls only",
    9: "home, CSFB not preferred",
    10: "roaming, CSFB not preferred",
    11: "restricted services only",
    80: "out of reach",
}
# <AcT> of +COPS
_TECHNOLOGIES = {
    0: "GSM",
    2: "UMTS",
    3: "EDGE",
    4: "HSDPA",
    5: "HSUPA",
    6: "HSPA",
    7: "LTE/LTE-M",
    8: "LTE-M",
    9: "NB-IoT",
}
_OPERATOR = re.compile(rb'^\d,\d,"([^"]*)"(?:,(\d+))?')

# Field -> title.
_TITLES = {
    "maker": "maker",
    "model": "model",
    "revision": "firmware",
    "imei": "IMEI",
    "driver": "driver",
    "sim": "SIM",
    "iccid": "ICCID",
    "imsi": "IMSI",
    "registration": "network",
    "technology": "technology",
    "operator": "operator",
    "signal_dbm": "signal",
    "rsrp_dbm": "RSRP",
    "address": "data",
    "clock": "clock",
}
_FORMS = {"signal_dbm": "{} dBm", "rsrp_dbm": "{} dBm", "address": "active, {}"}
_ACCESS = {"csim": "AT+CSIM", "cgla": "AT+CCHO and AT+CGLA"}


def facts(connected: ConnectedModem, *, with_imsi: bool = False) -> dict[str, Any]:
    """Return all facts. Read the IMSI, which is personal, only `with_imsi`."""
    modem = connected.modem
    at = modem.at
    sim = sim_state(modem)
    ready = sim == "ready"
    operator, technology = network(modem)
    clock = if_answered(Modem.clock, modem)  # not the driver's, which may use a time server
    return {
        "port": connected.line.where,
        "driver": connected.driver,
        "maker": _first(at, b"+CGMI"),
        "model": _first(at, b"+CGMM"),
        "revision": (_first(at, b"+CGMR") or "").removeprefix("Revision:").strip() or None,
        "imei": _imei(at),
        "sim": sim,
        "iccid": (if_answered(modem.iccid) or None) if ready else None,
        "imsi": (if_answered(modem.imsi) or None) if ready and with_imsi else None,
        "registration": STATES.get(registration(modem)),
        "technology": technology,
        "operator": operator,
        "signal_dbm": if_answered(modem.signal),
        "rsrp_dbm": (if_answered(modem.extras().quality) or (None, None))[0],
        "address": if_answered(modem._address),
        "clock": datetime.datetime(*clock).isoformat() + "Z" if clock else None,
        "csim": _has(at, b"+CSIM"),
        "cgla": _has(at, b"+CCHO") and _has(at, b"+CGLA"),
    }


def rows(found: dict[str, Any], *, with_imsi: bool) -> list[tuple[str, str]]:
    """Return (title, value) for each of `facts`; "-" if unknown."""
    shown = []
    for name, title in _TITLES.items():
        value = found[name]
        if name == "imsi" and not with_imsi:
            value = "hidden, --imsi shows it"
        shown.append((title, "-" if value is None else _FORMS.get(name, "{}").format(value)))
    ways = [way for name, way in _ACCESS.items() if found[name]]
    return [*shown, ("SIM access", "; ".join(ways) or "-")]


def sim_state(modem: Any) -> str | None:
    """Return "ready", "PIN", "PUK", "not inserted" and so on; wait some seconds for the SIM."""
    deadline = ticks.after(timeouts.BOOT_SETTLE)
    while True:
        try:
            lines = modem.at.command(b"+CPIN?", b"+CPIN:")
            state = text(lines[-1]).removeprefix("SIM ") if lines else None
            return "ready" if state == "READY" else state
        except cellular.CommandError as error:
            state = _SIM_ERRORS.get(error.code)
        except (cellular.ModemTimeout, cellular.ModemGarbled):
            state = None
        if state not in _TRANSIENT or ticks.left(deadline) <= 0:
            return state
        ticks.sleep(_RETRY_MS)


def registration(modem: Any) -> int | None:
    """Return <stat> of the first network, LTE or older, with the modem; else that of LTE."""
    states = [_stat(modem.at, name) for name in (b"+CEREG", b"+CGREG", b"+CREG")]
    return next((state for state in states if state in _REGISTERED), states[0])


def _stat(at: Any, name: bytes) -> int | None:
    """Return <stat> of `+CEREG: <n>,<stat>[,…]`; a line with one number is an indication."""
    found: list[int] = []

    def on_line(line: memoryview) -> None:
        state = number(line, 1)
        if state is not None:
            found.append(state)

    if_answered(at.command, name + b"?", name + b":", on_line)
    return found[-1] if found else None


def network(modem: Any) -> tuple[str | None, str | None]:
    """Return (operator, technology)."""
    for line in if_answered(modem.at.command, b"+COPS?", b"+COPS:") or ():
        if match := _OPERATOR.match(line):
            technology = _TECHNOLOGIES.get(int(match[2])) if match[2] else None
            return text(match[1]) or None, technology
    return None, None


def _first(at: Any, command: bytes) -> str | None:
    return next(iter(if_answered(bare, at, command) or ()), None)


def _imei(at: Any) -> str | None:
    lines = if_answered(bare, at, b"+CGSN") or ()
    return next((line for line in lines if line.isdigit() and 14 <= len(line) <= 16), None)


def _has(at: Any, name: bytes) -> bool:
    return if_answered(at.command, name + b"=?", name + b":") is not None
