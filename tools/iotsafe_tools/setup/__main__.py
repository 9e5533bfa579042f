"""`python3 -m iotsafe_tools.setup [part]`: make this checkout ready; what the Makefile calls."""

import argparse
import fcntl
import os
import shutil
import sys

from . import build, layout, packages, sources, steps, umqtt, venv

_PARTS = {
    "venv": "the virtual environment only",
    "micropython": "that, and MicroPython with our packages frozen",
}


def main(argv: list[str] | None = None) -> int:
    """Prepare what is asked for; returns the exit status: 0, 1 (error) or 130 (interrupted)."""
    parser = argparse.ArgumentParser(prog="iotsafe_tools.setup", description=__doc__)
    parser.add_argument("part", choices=_PARTS, nargs="?", default="micropython")
    part = parser.parse_args(argv).part
    place = layout.find()
    try:
        prepare(place, part)
    except steps.SetupError as error:
        message = str(error)
    except OSError as error:
        message = steps.describe(error)
    except KeyboardInterrupt:
        print("\nset-up: interrupted, nothing half-built is left; run it again", file=sys.stderr)
        return 130
    else:
        return 0
    print(f"set-up: {message}", file=sys.stderr)
    return 1


def prepare(place: layout.Layout, part: str) -> None:
    """Bring everything that `part` needs up to date; one set-up at a time per checkout."""
    place.build.mkdir(exist_ok=True)
    with open(place.build / ".lock", "w") as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up of this checkout to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(place.scratch, ignore_errors=True)
        packages.ensure(place)
        venv.ensure(place)
        if part == "micropython":
            library = umqtt.ensure(place, os.environ.get("UMQTT_DIR", ""))
            tree = sources.ensure(place, os.environ.get("MICROPYTHON_DIR", ""))
            build.ensure(place, tree, library)


if __name__ == "__main__":
    sys.exit(main())
