"""`python3 -m iotsafe_tools.fresh`: the README's two commands in a bare root; `make fresh`."""

import argparse
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import carried
from .root import FreshError, bare, in_namespace, install_mmdebstrap, run

_ROOT = Path(__file__).resolve().parents[3]
_SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13", "noble": "Ubuntu 24.04"}
COMMANDS = ("make demo MESSAGES=5", "make test")
"""What the README says; ARGS in the environment is for the second."""

_PLACE = _ROOT / "build" / "fresh"
_USER = "developer"


@dataclass
class Line:
    """A line of the table at the end."""

    suite: str
    what: str
    seconds: float
    ok: bool

    def __str__(self) -> str:
        state = "ok" if self.ok else "FAILED"
        return f"{_SUITES[self.suite]:14}{self.seconds:7.0f} s  {state:6}  {self.what}"


def main(argv: list[str] | None = None) -> int:
    """Try each suite; the exit status is 0 if all commands passed in all that were asked for."""
    parser = argparse.ArgumentParser(prog="make fresh", description=__doc__)
    parser.add_argument("--suite", default="", help="one of: " + ", ".join(_SUITES))
    parser.add_argument("--as", dest="who", choices=("root", "user"), default="root")
    wanted = parser.parse_args(argv)
    suites = wanted.suite.replace(",", " ").split() or list(_SUITES)
    if unknown := [name for name in suites if name not in _SUITES]:
        parser.error(f"SUITE={unknown[0]} is none of {', '.join(_SUITES)}")
    table: list[Line] = []
    notes: list[str] = []
    try:
        in_namespace(_PLACE)
        install_mmdebstrap()
        for suite in suites:
            if suite in carried.UBUNTU and not wanted.suite and not carried.ubuntu_key():
                notes.append(
                    f"{_SUITES[suite]}: not tried, this machine has no key of its archive"
                )
                continue
            table += _try(suite, wanted.who == "user")
    except FreshError as error:
        print(f"fresh: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print("", *table, *notes, sep="\n")
    return 0 if all(line.ok for line in table) else 1


def _try(suite: str, as_user: bool) -> list[Line]:
    """Make the root of `suite`, clone this checkout into it and run COMMANDS, as root or user."""
    log = _ROOT / "build" / "log" / f"fresh-{suite}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"{_SUITES[suite]}: making a bare root …", flush=True)
    table = []
    started = time.monotonic()
    with bare(suite, _PLACE, log) as root:
        home = _prepare(root, as_user)
        table.append(Line(suite, "a bare root, a clone", time.monotonic() - started, True))
        chosen = {"ARGS": os.environ.get("ARGS", "")}
        become = ["setpriv", "--reuid", _USER, "--regid", _USER, "--init-groups"]
        for command in COMMANDS:
            print(f"{_SUITES[suite]}: {command}", flush=True)
            started = time.monotonic()
            script = f"cd {home}/checkout && {command}"
            words = [*(become if as_user else ()), "sh", "-c", script]
            status = run(root, words, {**carried.environment(), **chosen, "HOME": str(home)})
            table.append(Line(suite, command, time.monotonic() - started, status == 0))
            print(table[-1], flush=True)
    return table


def _prepare(root: Path, as_user: bool) -> Path:
    """Carry settings in, clone the checkout; returns the home folder inside."""
    home = Path("/home", _USER) if as_user else Path("/root")
    carried.into(root, home.relative_to("/"))
    if run(root, ["update-ca-certificates"], {}):
        raise FreshError("update-ca-certificates failed in the new root")
    place = root / home.relative_to("/") / "checkout"
    # Root may not trust a checkout that belongs to somebody else: git asks for a word.
    trust = ["-c", f"safe.directory={_ROOT}", "-c", f"safe.directory={_git_folder()}"]
    source = f"file://{_ROOT}"
    if subprocess.run(["git", *trust, "clone", "--quiet", source, place]).returncode:
        raise FreshError(f"{_ROOT} cannot be cloned: is it a git checkout?")
    if _changed():
        print("fresh: what is not committed is not in the clone", flush=True)
    if as_user:
        install = "apt-get -qq update && apt-get -qq install -y sudo >/dev/null"
        script = (
            f"{install} && useradd --home-dir {shlex.quote(str(home))} --shell /bin/sh {_USER} && "
            f"echo '{_USER} ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/{_USER} && "
            f"chown -R {_USER}: {shlex.quote(str(home))}"
        )
        if run(root, ["sh", "-c", script], carried.environment()):
            raise FreshError("the user could not be made in the new root")
    return home


def _git_folder() -> str:
    """The folder of git of this checkout (a worktree has it elsewhere)."""
    command = ["git", "-c", f"safe.directory={_ROOT}", "-C", _ROOT, "rev-parse"]
    options = ["--path-format=absolute", "--git-common-dir"]
    return subprocess.run([*command, *options], capture_output=True, text=True).stdout.strip()


def _changed() -> bool:
    """Whether the working tree has something that is not committed."""
    command = ["git", "-c", f"safe.directory={_ROOT}", "-C", _ROOT, "status", "--porcelain"]
    return bool(subprocess.run(command, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
