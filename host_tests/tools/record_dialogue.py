"""Records the dialogue of the main job (host_tests/unit/main_job.py) with a modem as a transcript.

    python host_tests/tools/record_dialogue.py                   all simulated modems, in data/
    python host_tests/tools/record_dialogue.py sim7080           one of them
    python host_tests/tools/record_dialogue.py --port /dev/ttyUSB0 --driver sim7080 \
        --apn internet --server example.com:80 my.jsonl

The simulated modems use virtual time: the same sources make the same file, to the byte.
"""

import argparse
import codecs
import datetime
import os
import random
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_FOLDERS = ("firmware", "lib", "tools/shims", "tools", "host_tests/system", "host_tests/unit")
for _folder in (*_FOLDERS, "host_tests"):
    if str(_ROOT / _folder) not in sys.path:
        sys.path.insert(0, str(_ROOT / _folder))

import main_job  # noqa: E402
from fault_peer import MemoryNetwork, Wire  # noqa: E402
from fault_world import START, UART, enrolled  # noqa: E402
from virtual_time import Clock, running  # noqa: E402

import cellular  # noqa: E402
from iotsafe_tools.ports.modem import open_uart  # noqa: E402
from iotsafe_tools.simulator.modem import Modem  # noqa: E402
from iotsafe_tools.simulator.modem.transcript import RecordedUART, Transcript  # noqa: E402
from iotsafe_tools.simulator.sim import Card  # noqa: E402

FOLDER = _HERE.parent / "data" / "transcripts"
# Simulated modem (and driver) -> the special options of its session.
SIMULATED = {
    "bg95": {},
    "eg95": {},  # it reaches the SIM with AT+CCHO and AT+CGLA
    "gm02s": {},
    "gms01q": {},
    "sara-r4": {},
    "sara-r5": {},
    "sim7000": {},
    "sim7080": {"auto_power": False, "pin": main_job.PIN},  # begins with the power key
    "tx62": {},
}
# Payload that looks like modem output to a parser.
ANSWER = b"\r\nOK\r\n+CADATAIND: 0\r\n>ERROR\r\n" + bytes(range(256)) * 2 + b"\r\n\r\nOK\r\n"
JOB = {
    "apn": "internet",
    "host": "server.test",
    "port": 7000,
    "say": "\r\nOK\r\nhello\r\n+CME ERROR: 13\r\n",
    "hear": len(ANSWER),
    "ends": True,
}


class Server:
    """The host of `JOB`: answers its input, and closes. See `fault_peer.Wire`."""

    due = float("inf")

    def __init__(self) -> None:
        self.out = bytearray()
        self.heard = b""
        self.closed = False

    def accept(self, now: float) -> "Server":
        """Accept the one connection."""
        return self

    def received(self, data: bytes, now: float) -> None:
        """Take bytes from the client."""
        self.heard += data
        if self.heard == JOB["say"].encode():
            self.out += ANSWER
            self.closed = True

    def passed(self, now: float) -> None:
        """Note that time has passed."""


class Connection(Wire):
    """A connection; a modem may shorten the time of its attempt."""

    @property
    def due(self) -> float | None:
        """Like that of `Wire`."""
        return Wire.due.fget(self)

    @due.setter
    def due(self, limit: float) -> None:
        self.limit = limit


class OneServer(MemoryNetwork):
    """A resolver that returns the server's address for every name."""

    def _connection(self, address: tuple[str, int], due: float) -> Connection:
        return Connection(self, address, due)


def card() -> Card:
    """Return the SIM of the simulated modems."""
    return Card(*enrolled(), random=random.Random(1).randbytes)


def record_simulated(name: str, path: Path) -> dict:
    """Do the main job with a simulated modem into the new file `path`; return the results."""
    clock = Clock(nap=100)
    uart = UART(clock)
    options = SIMULATED[name]
    modem = uart.modem = Modem(
        card(),
        network=OneServer(Server(), lambda: uart.time),
        clock=lambda: uart.time,
        wall_clock=lambda: START + datetime.timedelta(seconds=uart.time),
        personality=name,
        **options,
    )
    uart.touched()

    def power_key(pressed):
        uart.run()
        modem.power_key(pressed)
        uart.touched()

    with (
        Transcript(
            str(path),
            modem=name,
            clock=lambda: clock.ms / 1000,
            date=START,
            driver=name,
            power_key="auto_power" in options,
            job=JOB,
        ) as transcript,
        running(clock),
    ):
        key = transcript.keyed(power_key) if "auto_power" in options else None
        found = main_job.perform(cellular.driver(name)(RecordedUART(uart, transcript), key), JOB)
        transcript.result(found)
    if modem.counters["handler_errors"]:
        raise RuntimeError(f"{name}: the simulated modem broke")
    return found


def record_real(arguments: argparse.Namespace) -> dict:
    """Do the main job with the modem at a port."""
    host, _, port = arguments.server.rpartition(":")
    job = {
        "apn": arguments.apn,
        "host": host,
        "port": int(port),
        "say": codecs.decode(arguments.say, "unicode_escape"),
        "hear": arguments.hear,
        "sim": "none" if arguments.no_applet else "applet",
    }
    details = {"modem": arguments.driver, "driver": arguments.driver, "job": job}
    with open_uart(arguments.port, arguments.baud, arguments.file, **details) as uart:
        modem = cellular.driver(arguments.driver)(uart)
        found = main_job.perform(modem, job, os.environ.get("IOTSAFE_SIM_PIN"))
        uart.transcript.result(found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Record the main job with a modem as a transcript.",
        epilog="A PIN comes from IOTSAFE_SIM_PIN. What is recorded has IMSI, ICCID, the cell and "
        "the certificate in it: look at it before you send it to anybody.",
    )
    parser.add_argument("file", nargs="?", help="new file, or the name of a simulated modem")
    parser.add_argument("--port", help="of a real modem: /dev/ttyUSB0, socket://HOST:PORT")
    parser.add_argument("--baud", type=int, default=115200)
    parser.add_argument("--driver", choices=cellular.names())
    parser.add_argument("--apn", default="internet")
    parser.add_argument("--server", metavar="HOST:PORT", help="TCP server to talk to")
    parser.add_argument("--say", default="HEAD / HTTP/1.0\\r\\n\\r\\n", help="sent to it")
    parser.add_argument("--hear", type=int, default=15, help="bytes that it must answer")
    parser.add_argument("--no-applet", action="store_true", help="the SIM has no IoT SAFE applet")
    arguments = parser.parse_args()
    if arguments.port:
        if not (arguments.file and arguments.driver and arguments.server):
            parser.error("--port needs --driver, --server and a file")
        print(record_real(arguments))
        return
    for name in [arguments.file] if arguments.file else SIMULATED:
        if name not in SIMULATED:
            parser.error(f"no simulated modem {name!r} here: {', '.join(SIMULATED)}")
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{name}.jsonl"
        path.unlink(missing_ok=True)
        found = record_simulated(name, path)
        path.chmod(0o644)  # it belongs to the sources
        print(f"{path.name}: {found['heard']} bytes heard")


if __name__ == "__main__":
    main()
