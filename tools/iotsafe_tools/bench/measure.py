"""Runs the main job on the simulated line and counts its cost."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import cellular
from iotsafe_tools.simulator.sim import Profile
from iotsafe_tools.testbed import ROOT, ProcessError, Rig

BAUD = 115200
BITS_PER_BYTE = 10
SIGN_MS = 60

HERE = Path(__file__).parent
_DEVICE = HERE / "device.py"
_MARK = re.compile(r"^BENCH (\w+) ?(.*)$")
_PURPOSES = ("sim", "socket", "control")
_TIMEOUT = 120.0

Numbers = dict[str, float]


class Run:
    """One run of `device.py` on a rig. `phase` waits for the next mark."""

    def __init__(
        self,
        folder: str,
        *,
        baud: int | None = None,
        heap: str | None = None,
        reconnects: int = 0,
        profile: str | Profile = "gsma",
    ) -> None:
        options = {"baud": baud, "delays": 0.0, "profile": profile}
        self.rig = Rig(folder, lab={**options, "sign_ms": SIGN_MS if baud else 0})
        self._firmware = self.rig.firmware(
            command=(_DEVICE, str(reconnects)), heap=heap, frozen=True
        )
        self._counters = dict.fromkeys(self.rig.lab.counters, 0)

    def __enter__(self) -> "Run":
        self.rig.start()
        self._firmware.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._firmware.stop()
        self.rig.stop()

    def phase(self, name: str, timeout: float = _TIMEOUT) -> tuple[Numbers, Numbers]:
        """Wait for the mark `name`; return (the device's numbers, the modem's counts for it)."""
        match = self._firmware.wait_for(_MARK, timeout)
        if match[1] != name:
            raise ProcessError(f"the device ended the phase {match[1]!r}, expected {name!r}")
        said = {key: float(value) for key, value in re.findall(r"(\w+)=(-?\d+)", match[2])}
        now = self.rig.lab.call(lambda: dict(self.rig.lab.counters))
        counted = {key: now[key] - self._counters[key] for key in now}
        self._counters = now
        (self._firmware.folder / "go").touch()
        return said, counted


def _exchanges(counted: Numbers) -> float:
    """Return the number of commands to the card, GET RESPONSE included."""
    return counted["apdu_exchanges"] + counted["get_response"]


def _cost(prefix: str, said: Numbers, counted: Numbers) -> Numbers:
    """Return the numbers of one connect under the names of the report."""
    costs: Numbers = {
        "apdu_exchanges": _exchanges(counted),
        "at_commands": counted["at_commands"],
        "tls_bytes": counted["tcp_up"] + counted["tcp_down"],
        "tls_bytes.up": counted["tcp_up"],
        "tls_bytes.down": counted["tcp_down"],
    }
    total = 0.0
    for purpose in _PURPOSES:
        up, down = counted[f"uart_up.{purpose}"], counted[f"uart_down.{purpose}"]
        costs[f"uart_bytes.{purpose}"] = up + down
        costs[f"uart_bytes.{purpose}.up"] = up
        costs[f"uart_bytes.{purpose}.down"] = down
        total += up + down
    costs["uart_bytes"] = total
    costs["line_ms"] = round(total * BITS_PER_BYTE * 1000 / BAUD, 1)
    costs["sim_ms"] = SIGN_MS
    costs["time_ms"] = said["ms"]
    costs["time_ratio"] = round(said["ms"] / (costs["line_ms"] + SIGN_MS), 3)
    return {f"{prefix}.{name}": value for name, value in costs.items()}


def _sum(first: Numbers, second: Numbers) -> Numbers:
    return {key: first[key] + second[key] for key in first}


def connects() -> Numbers:
    """Measure first connect and reconnect: 115200 baud, a SIM that signs in 60 ms.

    The first connect includes finding applet, key and certificate in the SIM. Neither includes the
    modem's start and the search for the network.
    """
    with tempfile.TemporaryDirectory() as folder, Run(folder, baud=BAUD) as run:
        run.phase("power")
        sim = run.phase("sim")
        run.phase("network")
        session = run.phase("connect")
        numbers = _cost("connect", _sum(sim[0], session[0]), _sum(sim[1], session[1]))
        said, counted = run.phase("publish")
        numbers["publish.at_commands"] = counted["at_commands"]
        numbers["publish.tls_bytes"] = counted["tcp_up"] + counted["tcp_down"]
        numbers["publish.uart_bytes"] = sum(
            value for key, value in counted.items() if key.startswith(("uart_up.", "uart_down."))
        )
        numbers["heap.current"] = said["heap"]
        run.phase("closed")
        numbers |= _cost("reconnect", *run.phase("reconnect"))
        run.phase("publish")
        run.phase("repeated")
    return numbers


def main_job(heap: str, reconnects: int = 0) -> tuple[Numbers, Numbers]:
    """Connect, publish, reconnect, publish, then reconnect `reconnects` times, with this `heap`.

    Returns the counts of device and modem for those last reconnects. Raises ProcessError if a step
    fails.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        Run(folder, heap=heap, reconnects=reconnects) as run,
    ):
        for name in ("power", "sim", "network", "connect", "publish", "closed", "reconnect"):
            run.phase(name)
        run.phase("publish")
        return run.phase("repeated")


def smallest_heap(low: int = 8, high: int = 256) -> int:
    """Find the smallest heap, in KiB, with which the main job passes, by bisection."""
    while low < high:
        middle = (low + high) // 2
        try:
            said, _ = main_job(f"{middle}k", reconnects=3)
            passed = not said["failures"]
        except ProcessError:
            passed = False
        low, high = (low, middle) if passed else (middle + 1, high)
    return high


def repeated(times: int, heap: str) -> Numbers:
    """Measure `times` reconnects in a row with a small fixed heap."""
    said, counted = main_job(heap, times)
    return {
        "reconnects.count": times,
        "reconnects.failures": said["failures"],
        "reconnects.apdu_exchanges": _exchanges(counted) / times,
        "reconnects.heap_growth": said["growth"],
    }


def get_response() -> Numbers:
    """Count the exchanges of a reconnect when the modem leaves GET RESPONSE to us (61xx)."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Run(folder, profile=Profile.named("gsma", get_response="always")) as run,
    ):
        for name in ("power", "sim", "network", "connect", "publish", "closed"):
            run.phase(name)
        _, counted = run.phase("reconnect")
        run.phase("publish")
        run.phase("repeated")
    return {"reconnect.apdu_exchanges_61xx": _exchanges(counted)}


# Modules of iotsafe and telemetry that no session needs: their first use imports them.
LATER = {
    "advice",
    "cache",
    "capabilities",
    "csr",
    "derive",
    "discovery",
    "doctor",
    "ecdsa",
    "engine_errors",
    "full_applet",
    "jwt",
    "keys",
    "listing",
    "meanings",
    "p256",
    "reasons",
    "renamed",
    "sessions",
    "signing",
    "sim_identity",
    "unreadable",
    "x509_names",
}


ENGINE = ("at", "parser", "errors", "timeouts")
"""Modules of cellular that are the AT engine."""
ENGINE_TARGET = 14_000
"""Bytes of bytecode that the engine and one driver may have together."""

_COMMON = {*ENGINE, "clock", "csim", "modem", "registration", "socket"}


def drivers() -> dict[str, set[str]]:
    """Return for each driver's name the modules of cellular that only this driver loads."""
    found = {}
    for name, module, _ in cellular.DRIVERS:
        code = f"import cellular.{module}, sys; print(*sys.modules)"
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        loaded = {word.partition("cellular.")[2] for word in shown.stdout.decode().split()}
        found[name] = loaded - _COMMON - {""}
    return found


def bytecode() -> Numbers:
    """Measure the size of each device package as .mpy files, in bytes.

    Also measures the part of `iotsafe` and of `telemetry` that a session loads; the parts of
    `cellular`: the AT engine, each driver, the largest driver with the engine; and in
    `bytecode.session` all modules that a telemetry session with a SIM7080 loads.
    """
    numbers: Numbers = {"bytecode.iotsafe.session": 0, "bytecode.telemetry.session": 0}
    compiler = ROOT / "build" / "mpy-cross" / "mpy-cross"
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for package in ("ticks", "iotsafe", "cellular", "telemetry"):
            total = 0
            for source in sorted((ROOT / "lib" / package).glob("*.py")):
                if source.name == "manifest.py":
                    continue
                target = Path(folder) / f"{package}.{source.stem}.mpy"
                # An .mpy file contains its source's name: use the name that a manifest gives it,
                # so that the size does not depend on where the tree is.
                name = f"{package}/{source.name}"
                subprocess.run([compiler, "-s", name, "-o", target, source], check=True)
                total += target.stat().st_size
                if package == "cellular":
                    sizes[source.stem] = target.stat().st_size
                if package in ("iotsafe", "telemetry") and source.stem not in LATER:
                    numbers[f"bytecode.{package}.session"] += target.stat().st_size
            numbers[f"bytecode.{package}"] = total
    numbers["bytecode"] = sum(
        size for name, size in numbers.items() if not name.endswith(".session")
    )
    engine = sum(sizes[name] for name in ENGINE)
    own = {name: sum(sizes[part] for part in parts) for name, parts in drivers().items()}
    numbers["bytecode.cellular.engine"] = engine
    numbers["bytecode.cellular.engine_and_driver"] = engine + max(own.values())
    numbers["bytecode.session"] = (
        sum(
            numbers[f"bytecode.{name}"]
            for name in ("ticks", "iotsafe.session", "telemetry.session")
        )
        + sum(sizes[name] for name in (*_COMMON, "__init__"))
        + own["sim7080"]
    )
    return numbers | {f"bytecode.cellular.{name}": size for name, size in own.items()}
