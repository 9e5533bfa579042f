"""Commands that are cases: run to their end, with what they said when they fail."""

import os
import signal
import subprocess

from . import paths

_LINES = 40
"""Of its output, the last so many are told."""


def run(command: list[str], environment: dict[str, str], show: bool) -> None:
    """Run `command` in the checkout with that in its environment; `show` its output. Raises
    AssertionError when it fails; whatever ends this call ends the command, too."""
    options = {} if show else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    child = subprocess.Popen(
        command,
        cwd=paths.ROOT,
        env={**os.environ, **environment},
        text=True,
        errors="replace",
        process_group=0,
        **options,
    )
    try:
        output, _ = child.communicate()
    except BaseException:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait()
        raise
    if child.returncode:
        said = "\n".join((output or "").splitlines()[-_LINES:])
        told = " ".join([*(f"{name}={value}" for name, value in environment.items()), *command])
        raise AssertionError(f"{told}: exit status {child.returncode}\n{said}")
