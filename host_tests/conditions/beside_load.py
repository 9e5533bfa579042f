"""`beside_load.py COUNT COMMAND…`: the command beside COUNT processes that never rest.

With as many as the machine has cores each of them is busy with something else, as it is on a
shared machine: a test that needs a quiet one fails.
"""

import signal
import subprocess
import sys

from iotsafe_tools.testbed.process import DIE_WITH_PARENT

_BUSY = "n = 0\nwhile True: n += 1"


def main(count: str, *command: str) -> int:
    """Run `command`; its exit status, -N for signal N."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what a Ctrl-C means
    busy = [
        subprocess.Popen([*DIE_WITH_PARENT, sys.executable, "-c", _BUSY], stdin=subprocess.DEVNULL)
        for _ in range(int(count))
    ]
    print(f"beside {count} busy processes", flush=True)
    try:
        restore = signal.default_int_handler
        return subprocess.run(
            command, preexec_fn=lambda: signal.signal(signal.SIGINT, restore)
        ).returncode
    finally:
        for process in busy:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
