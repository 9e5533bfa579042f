"""Drives a `board` module on the stand-ins: reads a scenario (a line of JSON on standard input)
and prints the actions (JSON).

    {"chip": "esp32", "cause": 1, "registers": {"3": 74},
     "calls": [["uart", ""], ["power_key", true]]}

A call names a function of the module, or with a dot a method of an attribute. Runs on CPython and
MicroPython.
"""

import json
import sys

import esp32
import machine

import ticks

scenario = json.loads(sys.stdin.readline())
machine.cause = scenario.get("cause", machine.PWRON_RESET)
machine.registers.update({int(k): v for k, v in scenario.get("registers", {}).items()})
if scenario["chip"] == "esp32":
    del esp32.mcu_temperature
else:
    del esp32.raw_temperature
ticks.sleep = lambda ms: machine.log.append(["sleep", ms])

import board  # noqa: E402

results = []
for call in scenario["calls"]:
    target = board
    for name in call[0].split("."):
        target = getattr(target, name)
        if name == "pmu":
            target = target()
    try:
        result = target(*call[1:])
        results.append(result if isinstance(result, (int, str, list, tuple, dict)) else None)
    except (OSError, ValueError) as e:
        results.append({"error": type(e).__name__, "text": str(e.args[-1])})
    machine.log.append(["called", call[0]])

print(
    json.dumps(
        {
            "names": [name for name in dir(board) if not name.startswith("_")],
            "name": board.NAME,
            "power_key": board.power_key is not None,
            "led": board.led is not None,
            "log": machine.log,
            "results": results,
            "registers": {str(k): v for k, v in machine.registers.items()},
        }
    )
)
