"""Runs the steps: progress on the terminal, output in a log, one line for a failure."""

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_DISK_FULL = "the disk is full: free some space and run again"
_FULL = 8_000_000  # bytes: less free space than this counts as full

# Text in a child's log -> message to the user. The first match wins; the texts come from apt, pip,
# git, tar, gcc and the C library.
_DIAGNOSES = (
    (("No space left on device", "[Errno 28]"), _DISK_FULL),
    (
        ("DO NOT MATCH THE HASHES", "Hash Sum mismatch", "HashMismatch", "EINTEGRITY"),
        (
            "a download has another digest than the pinned one: do not use that source; "
            "try again later or use another mirror"
        ),
    ),
    (("Could not get lock", "is held by process"), "apt is busy: wait for it and run again"),
    (("NO_PUBKEY", "is not signed"), "install the current debian-archive-keyring, then run again"),
    (
        (
            "Temporary failure",
            "Could not resolve",
            "Could not connect",
            "Connection refused",
            "Connection timed out",
            "Failed to establish a new connection",
            "Failed to fetch",
            "Network is unreachable",
            "ConnectError",
            "ConnectTimeout",
            "unable to access",
            "Unable to connect",
            "Could not read from remote repository",
            "ENOTFOUND",
            "EAI_AGAIN",
            "ECONNREFUSED",
            "ETIMEDOUT",
        ),
        "the server cannot be reached: check the network (and the proxy), then run again",
    ),
    (
        ("No matching distribution found", "No matching package found", "ETARGET", "E404"),
        "the package index does not have that version: use a complete index, then run again",
    ),
)


_NOT_FOR_MAKE = re.compile(r"""[\s#$%&'()*:;<>?\[\]\\`"|]""")


class SetupError(Exception):
    """A step failed; the text is one line: what happened, to what, what to do.

    `output`: of the failed command, for a caller with another way.
    """

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


def require_space(path: Path, megabytes: int) -> None:
    """Raise SetupError unless the file system of `path` (or its parent) has `megabytes` free."""
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free // 1_000_000
    if free < megabytes:
        raise SetupError(
            f"{path} has {free} MB free and {megabytes} MB are needed: "
            "free some space and run again"
        )


def require_plain(path: Path, what: str) -> None:
    """Raise SetupError if make would take `path` for something else: MicroPython's makefiles quote
    no name, and make has no way to."""
    found = _NOT_FOR_MAKE.search(str(path))
    if found:
        raise SetupError(
            f"{what} {path} has {found[0]!r} in its name, and make cannot build there: "
            "rename the folder, or move it"
        )


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Print `title` while the block runs, and its seconds when it has ended."""
    started = time.monotonic()
    live = sys.stdout.isatty()
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(1):
            print(f"\r{title} … {time.monotonic() - started:.0f} s", end="", flush=True)

    print(f"{title} …", end="", flush=True)
    ticker = threading.Thread(target=tick, daemon=True)
    if live:
        ticker.start()
    outcome = "failed after "
    try:
        yield
        outcome = ""
    finally:
        stop.set()
        if live:
            ticker.join()
            print(f"\r{title} …", end="")
        print(f" {outcome}{time.monotonic() - started:.1f} s", flush=True)


def run(
    argv: Sequence[str | Path],
    *,
    log: Path,
    what: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    hint: str = "",
    own_session: bool = True,
) -> str:
    """Run `argv` with its output in file `log` (appended); return that output.

    `env` is added to the environment. `own_session` gives the command a process group of its own,
    which an interrupt ends completely; sudo must stay in ours, else it forgets its password.
    Raises SetupError "`what`: …" with a diagnosis of the output, else `hint`, and the log's path.
    An interrupt ends the child first.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as sink:
        sink.write(("$ " + " ".join(map(str, argv)) + "\n").encode())
        sink.flush()
        start = sink.tell()
        held = _HeldInterrupt()  # until the child runs
        try:
            child = subprocess.Popen(
                argv,
                cwd=cwd,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=own_session,
                close_fds=False,  # the child inherits the lock, and holds it even if we are killed
            )
        except FileNotFoundError:
            held.release()
            raise SetupError(f"{what}: the command {argv[0]} is missing") from None
        except OSError:
            held.release()
            raise
        try:
            held.release()
            status = child.wait()
        finally:
            _end(child, own_session)
    with open(log, "rb") as source:
        source.seek(start)
        output = source.read().decode(errors="replace")
    if status:
        # On a full disk the log is cut off, perhaps before the reason.
        full = shutil.disk_usage(log.parent).free < _FULL
        reason = _DISK_FULL if full else diagnose(output) or hint or "it failed"
        raise SetupError(f"{what}: {reason} (see {log})", output)
    return output


class _HeldInterrupt:
    """Holds Ctrl-C back until `release`, which then raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self._came = False
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._note)

    def _note(self, *_: object) -> None:
        self._came = True

    def release(self) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)
        if self._came:
            raise KeyboardInterrupt


def _end(child: subprocess.Popen, whole_group: bool) -> None:
    """End a running child (or its process group), and wait for its end."""
    if child.poll() is not None:
        return
    send = os.killpg if whole_group else os.kill
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=20)
            return


def diagnose(output: str) -> str:
    """Return the message for a failed command's `output`; "" if none fits."""
    for needles, advice in _DIAGNOSES:
        if any(needle in output for needle in needles):
            return advice
    return ""


def describe(error: OSError) -> str:
    """Return one line for an error of the operating system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _DISK_FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"no permission to write {error.filename}: check who owns it and run again"
    return f"{error.strerror or error}: {error.filename or 'see build/log'}"


@contextlib.contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Yield a new folder in `parent`, and delete it afterwards in any case."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="tmp-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def replace_folder(new: Path, target: Path) -> None:
    """Replace folder `target` by `new` (same file system), never by a mixture of both."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = new.with_name(new.name + ".old")
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def replace_file(text: str, target: Path) -> None:
    """Write `text` to `target` atomically."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(target.name + ".new")
    new.write_text(text)
    new.replace(target)
