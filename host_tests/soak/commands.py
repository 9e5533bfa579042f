"""Cases that are commands: each runs to its end; a failure shows its output."""

import os
import signal
import subprocess

from . import paths

_LINES = 40
"""A failure shows so many of the last lines of the output."""


def run(command: list[str], environment: dict[str, str], show: bool) -> None:
    """Run `command` in the checkout with that in its environment; `show` its output. Raises
    AssertionError if it fails. An exception that ends this call also ends the command."""
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
        line = " ".join([*(f"{name}={value}" for name, value in environment.items()), *command])
        raise AssertionError(f"{line}: exit status {child.returncode}\n{said}")
