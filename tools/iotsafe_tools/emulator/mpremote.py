"""Runs mpremote as a user does, but with a time-out."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from .errors import MpremoteError


def mpremote(
    device: str,
    *arguments: str,
    timeout: float = 300.0,
    cwd: Path | None = None,
) -> str:
    """Run `mpremote connect DEVICE ARGUMENTS...`; return its output with plain line ends.

    Raises MpremoteError if mpremote fails or does not end within `timeout` seconds. No process is
    left running in any case.
    """
    command = [sys.executable, "-m", "mpremote", "connect", device, *arguments]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    status: int | None = None
    try:
        raw, _ = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raw, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    output = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    if status is None:
        raise MpremoteError(arguments, None, output, f"did not end within {timeout:g} s")
    if status != 0:
        raise MpremoteError(arguments, status, output, f"exit status {status}")
    return output
