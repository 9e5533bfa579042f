"""`beside_load.py COUNT COMMAND…`: run the command beside COUNT processes that never rest.

With one for each core, every core is busy with other work, like on a shared machine. A test that
needs a quiet machine fails then.
"""

import signal
import subprocess
import sys

from iotsafe_tools.testbed.process import DIE_WITH_PARENT

_BUSY = "n = 0\nwhile True: n += 1"


def main(count: str, *command: str) -> int:
    """Run `command`; return its exit status, -N for signal N."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides how to react to Ctrl-C
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
