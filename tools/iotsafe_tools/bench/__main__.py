"""Measures, prints the numbers and writes build/bench.json: `python -m iotsafe_tools.bench`."""

import json
import sys
from collections.abc import Callable
from functools import cache, partial

from rich.console import Console
from rich.table import Table

from iotsafe_tools.emulator import EmulatorError, MpremoteError
from iotsafe_tools.testbed import ROOT, ProcessError

from . import commands, measure, pico, sockets

_REPORT = ROOT / "build" / "bench.json"
_RECONNECTS = 200
_SPARE = 8  # KiB above the smallest heap, for the run of many reconnects

# Name (or its last part) -> unit to print.
_UNITS = {
    "line_ms": "ms",
    "sim_ms": "ms",
    "time_ms": "ms",
    "time_ratio": "",
    "board_ms": "ms",
    "apdu_exchanges": "",
    "apdu_exchanges_61xx": "",
    "at_commands": "",
    "count": "",
    "failures": "",
    "exchanges": "",
}
_TARGETS = {
    **{pico.smallest_name(chain): size for chain, size in pico.HEAP_TARGETS.items()},
    "bytecode.cellular.engine_and_driver": measure.ENGINE_TARGET,
}


def _unit(name: str) -> str:
    if name.startswith("socket.efficiency."):
        return "% of the line's rate, target at least 90"
    if name.startswith("socket.at_commands."):
        return ""
    unit = _UNITS.get(name, _UNITS.get(name.rpartition(".")[2], "bytes"))
    return f"{unit}, target at most {_TARGETS[name]:g}" if name in _TARGETS else unit


def _smallest_heap() -> measure.Numbers:
    return {"heap.peak": measure.smallest_heap() * 1024}


def _smallest_on_pico(flash: Callable[[], bytes], chain: str) -> measure.Numbers:
    return pico.smallest_heap(flash(), chain)


def _print(console: Console, numbers: measure.Numbers) -> None:
    table = Table("what", "first connect", "reconnect", "unit", box=None)
    for column in (1, 2):
        table.columns[column].justify = "right"
    for name, value in numbers.items():
        group, _, rest = name.partition(".")
        if group == "connect":
            table.add_row(rest, f"{value:g}", f"{numbers['reconnect.' + rest]:g}", _unit(name))
    table.add_section()
    for name, value in numbers.items():
        if not name.startswith(("connect.", "reconnect.", "command.")) or name.endswith("_61xx"):
            table.add_row(name, "", f"{value:g}", _unit(name))
    console.print(table)
    table = Table("command of the applet", "exchanges", "heap, bytes", box=None)
    for column in (1, 2):
        table.columns[column].justify = "right"
    for name, value in numbers.items():
        if name.endswith(".exchanges"):
            command = name.removesuffix(".exchanges")
            text = command.removeprefix("command.").replace("_", " ")
            table.add_row(text, f"{value:g}", f"{numbers[command + '.heap']:g}")
    console.print(table)


def main() -> int:
    """Run each measurement; return the exit status."""
    console = Console(highlight=False)
    numbers: measure.Numbers = {}
    flash = cache(pico.new_flash)
    steps: tuple[tuple[str, Callable[[], measure.Numbers]], ...] = (
        ("connect and reconnect on a line of 115200 baud", measure.connects),
        ("reconnect with a modem that leaves GET RESPONSE to its host", measure.get_response),
        ("each command of the applet", commands.costs),
        ("64 KB each way with each modem family, then 5 MB each way", sockets.efficiency),
        ("bytecode", measure.bytecode),
        ("smallest heap", _smallest_heap),
        (
            f"{_RECONNECTS} reconnects",
            lambda: measure.repeated(
                _RECONNECTS, f"{int(numbers['heap.peak']) // 1024 + _SPARE}k"
            ),
        ),
        ("the image of the Pico", pico.image),
        ("the Pico: time to the first publish", lambda: pico.first_publish(flash())),
        ("the Pico: heap in use", lambda: pico.heap_in_use(flash())),
        *(
            (f"the Pico: smallest heap, {chain}", partial(_smallest_on_pico, flash, chain))
            for chain in pico.HEAP_TARGETS
        ),
    )
    for text, step in steps:
        with console.status(text):
            try:
                numbers |= step()
            except (EmulatorError, MpremoteError, ProcessError) as error:
                console.print(f"{text}: {error}")
                return 1
    _REPORT.write_text(json.dumps(numbers, indent=1) + "\n")
    _print(console, numbers)
    console.print(f"wrote {_REPORT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
