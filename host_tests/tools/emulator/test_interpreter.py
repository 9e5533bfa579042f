"""The fast interpreter has the same effect as the emulator package, on random instructions and
states."""

import re
import subprocess
from pathlib import Path

from iotsafe_tools.emulator import pico
from iotsafe_tools.testbed import PATIENCE

PROGRAM = Path(__file__).with_name("interpreter.mjs")


def test_each_instruction_as_in_the_package():
    command = ["node", str(PROGRAM), str(pico.MODULES), str(pico.MAIN.parents[1])]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    total, fast = re.fullmatch(r"(\d+) instructions, (\d+) of them fast\n", result.stdout).groups()
    assert int(fast) > int(total) // 3
