"""Tests a board at the end of a production line: prints PASS or FAIL, the SIM, and each fault.

mpremote run production_line.py

It changes nothing on the board or in its SIM. The board needs no config.
"""

import board

import cellular
import iotsafe
from iotsafe import doctor

UART = ""  # the unix board takes IOTSAFE_PORT, the path that `iotsafe lab` prints
PIN = ""
LATER = ("certificate", "match")  # steps that may fail here: enrolment comes later


def examine():
    """Return (number of the SIM, steps of the doctor that failed)."""
    modem = cellular.SIM7080(board.uart(UART), board.power_key)
    modem.power_up()
    modem.unlock(PIN)
    steps = doctor.steps(iotsafe.FullApplet(modem))
    return modem.iccid(), [step for step in steps if step.state == "fail"]


try:
    iccid, failed = examine()
except OSError as error:
    print("FAIL no SIM: %s: %s" % (type(error).__name__, error))
else:
    wrong = [step for step in failed if step.name not in LATER]
    open_points = [step.name for step in failed if step.name in LATER]
    print("FAIL" if wrong else "PASS", iccid, "later: " + ", ".join(open_points))
    for step in wrong:
        print(step)
