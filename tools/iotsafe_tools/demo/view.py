"""Prints the demonstration: one line per event, with its source."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

_COLOURS = {
    "board": "cyan",
    "modem": "blue",
    "sim": "magenta",
    "broker": "green",
    "demo": "white",
}

# INS of an APDU -> text to print. Only the commands of the main job; others are printed as hex.
_COMMANDS = {
    0x70: "MANAGE CHANNEL: open a channel",
    0xA4: "SELECT the applet",
    0xCB: "GET DATA: list the objects",
    0xCD: "READ PUBLIC KEY",
    0xB0: "READ FILE",
    0x84: "GET RANDOM: seed the random numbers of TLS",
    0xC0: "GET RESPONSE",
    0x2A: "COMPUTE SIGNATURE, init: key {id}, ECDSA over a SHA-256 digest",
}
_SIGN_UPDATE = 0x2B


class View:
    """Prints events from several threads, one line each, with the seconds since the start."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self.delivered = threading.Semaphore(0)
        """Released by each line in which the board says that a reading is delivered."""

    def say(self, who: str, text: str, *, strong: bool = False) -> None:
        """Print one line; `who` is a key of `_COLOURS`."""
        line = Text(f"{time.monotonic() - self._start:7.2f}  ")
        line.append(f"{who:<7}", style=_COLOURS[who])
        line.append(text, style="bold" if strong else "")
        with self._lock:
            self._console.print(line, soft_wrap=True)

    def rule(self, text: str) -> None:
        """Print a heading."""
        with self._lock:
            self._console.print(Text(f"\n{text}", style="bold"))

    def firmware_line(self, line: str) -> None:
        """Print a line of the firmware's output without the firmware's time stamp."""
        parts = line.split(None, 1)
        text = parts[1] if len(parts) == 2 and parts[0].replace(".", "").isdigit() else line
        area, _, rest = text.partition(" ")
        self.say("board", f"{area}: {rest.strip()}", strong=area == "tls")
        if rest.lstrip().startswith("delivered "):
            self.delivered.release()

    def lab_event(self, event: Mapping[str, Any]) -> None:
        """Print an event of the simulated modem or SIM if the viewer should see it."""
        kind = event["kind"]
        if kind == "power":
            if event["what"] == "ready":
                self.say("modem", "switched on, listening on its UART")
        elif kind == "network" and "stat" in event:
            self.say(
                "modem",
                {1: "registered, home network", 2: "searching"}.get(event["stat"], str(event)),
            )
        elif kind == "network" and "state" in event:
            self.say("modem", f"data connection {event['state']}")
        elif kind == "tcp" and event["what"] == "open":
            self.say("modem", f"TCP to {event['host']} port {event['port']}")
        elif kind == "apdu":
            self._apdu(bytes.fromhex(event["apdu"]), event)

    def _apdu(self, apdu: bytes, event: Mapping[str, Any]) -> None:
        ins = apdu[1]
        if ins == _SIGN_UPDATE:
            digest = apdu[7 : 7 + apdu[6]].hex()
            self.say(
                "sim",
                f"signs the TLS handshake: digest {digest[:16]}… -> {event['sw']}",
                strong=True,
            )
            return
        text = _COMMANDS.get(ins, f"APDU {apdu.hex()}").format(id=apdu[7:8].hex())
        answer = event["size"]
        self.say("sim", f"{text} -> {event['sw']}" + (f", {answer} bytes" if answer > 1 else ""))

    def message(self, topic: str, payload: bytes) -> None:
        """Print a message as a subscriber received it from the broker."""
        try:
            shown = json.dumps(json.loads(payload))
        except ValueError:
            shown = repr(payload)
        self.say("broker", f"{topic}  {shown}", strong=True)
