"""A bare root folder: made by mmdebstrap, with mounts of its own, gone at the end.

All of it happens in a mount and process namespace of its own (`in_namespace`), so mounts and
processes end with it, also when it is killed; nothing that is mounted can be left behind for an
`rm -r` to walk into.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import carried

BEGINS_WITH = ("git", "make", "ca-certificates")
"""The packages that a machine has, by the README, besides the essential ones and apt."""

_INSIDE = "IOTSAFE_FRESH_INSIDE"
_NODES = ("full", "null", "random", "tty", "urandom", "zero")
_LINKS = {
    "fd": "/proc/self/fd",
    "ptmx": "pts/ptmx",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class FreshError(Exception):
    """The root could not be made; one line that says what to do."""


def in_namespace(place: Path) -> None:
    """Start this program again, as root, where its mounts and processes end with it.

    Returns only inside. Outside it ends with the same status, after `place` was removed, also when
    it is terminated. Raises FreshError if one cannot become root here.
    """
    if os.environ.pop(_INSIDE, ""):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return
    # The variables go through sudo by name.
    names = ",".join(["ARGS", *carried.environment()])
    become = [] if os.geteuid() == 0 else ["sudo", f"--preserve-env={names}"]
    if become and shutil.which("sudo") is None:
        raise FreshError("only root can make a root folder: run it as root, or install sudo")
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
    variables = [f"PYTHONPATH={os.environ.get('PYTHONPATH', '')}", f"{_INSIDE}=1"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one inside gets it, and ends in order
    child = subprocess.Popen([*become, *unshare, "env", *variables, *sys.orig_argv])
    try:
        sys.exit(child.wait())
    finally:
        with contextlib.suppress(
            PermissionError
        ):  # sudo's; it has ended, or ends with our terminal
            child.kill()
        child.wait()
        subprocess.run([*become[:1], "rm", "-rf", "--one-file-system", place])


def install_mmdebstrap() -> None:
    """Install it where it is missing. Raises FreshError."""
    if shutil.which("mmdebstrap"):
        return
    print("Install mmdebstrap …", flush=True)
    install = "apt-get -qq update && apt-get -qq install -y --no-install-recommends mmdebstrap"
    if subprocess.run(["sh", "-c", install], stdout=subprocess.DEVNULL).returncode:
        raise FreshError("mmdebstrap is missing and apt-get could not install it")


@contextlib.contextmanager
def bare(suite: str, parent: Path, log: Path) -> Iterator[Path]:
    """The root folder of `suite` below `parent`, with nothing but BEGINS_WITH. Gone afterwards."""
    root = parent / suite
    _remove(root)
    parent.mkdir(parents=True, exist_ok=True)
    options = parent / f"{suite}.apt"
    options.write_text("".join(f"{line}\n" for line in carried.apt_options()))
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--aptopt={options}"]
    command += [f"--include={','.join(BEGINS_WITH)}", suite, str(root)]
    if lines := carried.sources(suite):
        command.append("-")
    try:
        with open(log, "w") as sink:
            done = subprocess.run(
                command, input="\n".join(lines), text=True, stdout=sink, stderr=sink
            )
        if done.returncode:
            raise FreshError(f"mmdebstrap could not make {suite}: see {log}")
        with _mounted(root):
            yield root
    finally:
        options.unlink(missing_ok=True)
        _remove(root)


@contextlib.contextmanager
def _mounted(root: Path) -> Iterator[None]:
    """What a container has: proc, sys, the harmless devices, terminals, shared memory, run."""
    dev = root / "dev"
    shutil.rmtree(dev)
    (dev / "pts").mkdir(parents=True)
    (dev / "shm").mkdir()
    mounts = [
        ("proc", root / "proc", ""),
        ("sysfs", root / "sys", "ro"),
        ("devpts", dev / "pts", "newinstance,ptmxmode=0666,mode=620,gid=5"),
        ("tmpfs", dev / "shm", "mode=1777"),
        ("tmpfs", root / "run", "mode=755"),
    ]
    made: list[Path] = []
    try:
        for kind, place, options in mounts:
            argument = ["-o", options] if options else []
            subprocess.run(["mount", "-t", kind, *argument, kind, place], check=True)
            made.append(place)
        for name in _NODES:
            place = dev / name
            place.touch()
            subprocess.run(["mount", "--bind", f"/dev/{name}", place], check=True)
            made.append(place)
        for name, target in _LINKS.items():
            (dev / name).symlink_to(target)
        yield
    finally:
        for place in reversed(made):
            subprocess.run(["umount", "--lazy", place])


def _remove(root: Path) -> None:
    """Remove the folder; what is mounted in it is not entered."""
    if root.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", root])


def run(root: Path, command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `command` in the root with nothing of our environment but what is given; its status."""
    variables = {"PATH": _PATH, "HOME": "/root", "TERM": "dumb", **environment}
    words = [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run(["chroot", root, "env", "-i", *words, *command]).returncode
