"""One fault for each campaign, planted in a copy of the checkout: the campaign must fail.

    make soak SELF_CHECK=1                      # all; those that build an image take minutes
    make soak SELF_CHECK=1 CAMPAIGN=engine      # one campaign

`make test` checks those that need no build (test_soak.py).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import paths


@dataclass(frozen=True)
class Plant:
    """A fault.

    `file`: a path below the checkout; `old`: a regular expression that matches there once; `new`:
    its replacement. `sign`: text that the failure must contain, so that no other failure counts.
    `seconds`: the budget in which the campaign must find it, from seed 1 on; `build`: the command
    that builds it into the tested files.
    """

    campaign: str
    what: str
    file: str
    old: str
    new: str
    sign: str = "AssertionError"
    seconds: float = 300
    build: tuple[str, ...] = ()


FIRMWARE = ("make", "--no-print-directory", "firmware")
PLANTS = (
    Plant(
        "faults",
        "the queue forgets a reading before the broker has it",
        "firmware/app/supervisor.py",
        r"( +)self\.publisher\.publish\(reading\)\n +self\.queue\.done\(\)",
        r"\1self.queue.done()\n\1self.publisher.publish(reading)",
    ),
    Plant(
        "matrix",
        "a repeated reading lacks its mark",
        "lib/telemetry/queue.py",
        r"if number <= self\._tried:",
        "if False:",
    ),
    Plant(
        "engine",
        "the AT engine credits a late result to the next command",
        "lib/cellular/at.py",
        r"if self\._stale and not self\.lost:",
        "if False:",
    ),
    Plant(
        "sockets",
        "a connection continues after bytes on their way out were lost",
        "lib/cellular/socket.py",
        r"if self\._broken & _OUT:",
        "if False:",
    ),
    Plant(
        "channels",
        "the length of the modem's answer is not checked",
        "lib/cellular/csim.py",
        r"if int\(size\) != end - start or end - start < 4:",
        "if int(size) != end - start:",
        sign="IndexError",
    ),
    Plant(
        "client",
        "the length of a card's answer is not checked",
        "lib/iotsafe/tlv.py",
        r"if pos >= size:",
        "if False:",
        sign="IndexError",
    ),
    Plant(
        "card",
        "the card does not check the length of a command",
        "tools/iotsafe_tools/simulator/sim/tlv.py",
        r"if at \+ 2 > len\(data\):",
        "if False:",
    ),
    Plant(
        "modem",
        "the modem accepts any text as a number",
        "tools/iotsafe_tools/simulator/modem/parser.py",
        r"if not _NUMBER\.fullmatch\(token\):",
        "if False:",
    ),
    Plant(
        "powercuts",
        "a reading is acknowledged before it is on flash",
        "lib/telemetry/queue.py",
        r"not self\._folder or not self\._write\(number, data\)",
        "True",
        sign="AssertionError: .*reading|AssertionError: .*gap",
        seconds=300,
        build=FIRMWARE,
    ),
    Plant(
        "servers",
        "TLS 1.3 is offered without RSASSA-PSS",
        "boards/common/iotsafe_mbedtls.h",
        r"#define MBEDTLS_X509_RSASSA_PSS_SUPPORT\n",
        "",
        sign="AssertionError: .*failed",
        seconds=900,
        build=FIRMWARE,
    ),
    Plant(
        "reproduce",
        "an image that contains the time of its build",
        "boards/WAVESHARE_PICO_SIM7080G/mpconfigboard.h",
        r'(#define MICROPY_HW_BOARD_NAME "[^"]*")',
        r"\1 __TIME__",
        sign="two builds differ",
        seconds=900,
        build=FIRMWARE,
    ),
    Plant(
        "fresh",
        "a package is missing from the list of those that the build needs",
        "tools/iotsafe_tools/toolchain/packages.py",
        r' *"libffi-dev": .*\n',
        "",
        sign="exit status",
        seconds=900,
    ),
)


class Unfit(Exception):
    """The fault cannot be planted: the code has changed and the plant must follow, or the copy
    cannot be built."""


def main(name: str | None) -> int:
    """Check the plant of one campaign or of all; return 0 if each was found."""
    status = 0
    for plant in PLANTS:
        if name and plant.campaign != name:
            continue
        print(f"{plant.campaign:10} {plant.what} …", flush=True)
        with tempfile.TemporaryDirectory(prefix="soak-plant-") as folder:
            start = time.monotonic()
            try:
                found = check(plant, Path(folder) / "checkout")
            except Unfit as error:
                found = ""
                print(error)
            seconds = time.monotonic() - start
        print(f"{'':10} {'found' if found else 'NOT FOUND'} after {seconds:.0f} s: {found}")
        status = status if found else 1
    return status


def check(plant: Plant, folder: Path) -> str:
    """Plant the fault in a copy at `folder` and run its campaign: the last line of what it found,
    "" when it found nothing in its time. Raises Unfit."""
    copy(plant, folder)
    apply(plant, folder)
    if plant.campaign == "fresh":
        _commit(folder)
    if plant.build:
        _quietly(list(plant.build), folder)
    for line in cases(plant, folder):
        if "failed" in line:
            if re.search(plant.sign, line["failed"]):
                return said(line["failed"])
            print(f"another failure: {said(line['failed'])}")
    return ""


def said(failure: str) -> str:
    """Return the line of a traceback that names the error."""
    lines = [line for line in failure.splitlines() if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (lines[-1] if lines else failure)[:200]


def apply(plant: Plant, folder: Path) -> None:
    """Change the file below `folder`. Raises Unfit."""
    path = folder / plant.file
    if not path.exists():
        raise Unfit(f"{plant.campaign}: there is no {plant.file}")
    text, count = re.subn(plant.old, plant.new, path.read_text())
    if count != 1:
        raise Unfit(f"{plant.campaign}: {plant.old!r} is {count} times in {plant.file}")
    path.write_text(text)


def copy(plant: Plant, folder: Path) -> None:
    """Put the checkout's own files and the built files into `folder`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=paths.ROOT, check=True, capture_output=True).stdout
    for name in listed.decode().split("\0"):
        if name and (paths.ROOT / name).exists():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths.ROOT / name, target)
    if plant.campaign == "fresh":
        return
    if plant.build:
        ignored = shutil.ignore_patterns("tmp", "log", "fresh", ".lock")
        shutil.copytree(paths.BUILD, folder / "build", symlinks=True, ignore=ignored)
    else:
        (folder / "build").symlink_to(paths.BUILD)


def cases(plant: Plant, folder: Path, seed: int = 1) -> Iterator[dict]:
    """Return what the cases of the campaign in `folder` report, from `seed` on."""
    command = [sys.executable, "-m", "soak.worker", plant.campaign, f"--seed={seed}"]
    with subprocess.Popen(
        [*command, f"--seconds={plant.seconds}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "host_tests")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as worker:
        try:
            yield from map(json.loads, worker.stdout)
        finally:
            worker.terminate()


def _commit(folder: Path) -> None:
    """Commit the copy, so that git can clone it."""
    author = ["-c", "user.name=soak", "-c", "user.email=soak@localhost"]
    for words in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "A planted fault."]):
        _quietly(["git", *words], folder)


def _quietly(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Unfit(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def named(campaign: str) -> Plant:
    """Return the plant of a campaign."""
    return next(plant for plant in PLANTS if plant.campaign == campaign)
