"""The cost of each command of the applet: exchanges with the card and bytes of heap."""

import re
import tempfile
from pathlib import Path

from iotsafe_tools.testbed import Rig

from .measure import Numbers

_DEVICE = Path(__file__).with_name("device_commands.py")
_MARK = re.compile(r"^BENCH (?:command (\w+) exchanges=(\d+) heap=(-?\d+)|end)$")
_TIMEOUT = 120.0


def costs() -> Numbers:
    """Return `command.NAME.exchanges` and `.heap` on a card with all commands (profile "full").

    The heap is what a call allocates on the unix port, garbage included, without the modules that
    its first use imports. Raises ProcessError.
    """
    numbers: Numbers = {}
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(folder, lab={"delays": 0.0, "profile": "full"})
        firmware = rig.firmware(command=(_DEVICE,), frozen=True)
        with rig, firmware:
            while (found := firmware.wait_for(_MARK, _TIMEOUT))[1]:
                numbers[f"command.{found[1]}.exchanges"] = int(found[2])
                numbers[f"command.{found[1]}.heap"] = int(found[3])
    return numbers
