"""The Debian and Ubuntu packages that the build and the tests need.

Installs only missing ones, and looks for their contents, not for the package: a gcc from elsewhere
is a gcc.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path

from . import steps
from .layout import Layout

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


def _command(name: str) -> Callable[[], bool]:
    """Return a test for command `name`, also in the folders of root's path."""

    def present() -> bool:
        path = os.environ.get("PATH", os.defpath) + ":" + _SBIN
        return shutil.which(name, path=path) is not None

    return present


def _headers(name: str) -> Callable[[], bool]:
    """Return a test for the headers of library `name`, by pkg-config."""

    def present() -> bool:
        tool = shutil.which("pkg-config")
        return tool is not None and subprocess.run([tool, "--exists", name]).returncode == 0

    return present


def _venv() -> bool:
    """Return whether this interpreter can make virtual environments with pip."""
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _python_package(part: str) -> str:
    """Return the name of this Python's package for `part` of it."""
    return f"python3.{sys.version_info.minor}-{part}"


def _python_headers() -> bool:
    """Return whether extensions of this Python can be compiled."""
    return Path(sysconfig.get_path("include"), "Python.h").exists()


VPCD = Path("/etc/reader.conf.d/vpcd")


def vpcd_driver() -> Path | None:
    """Return the file of the virtual card reader's driver, which its configuration names."""
    text = VPCD.read_text() if VPCD.exists() else ""
    found = re.search(r"^LIBPATH\s+(\S+)", text, re.MULTILINE)
    driver = Path(found[1]) if found else None
    return driver if driver and driver.exists() else None


# package -> a test for its contents (from the distribution or elsewhere).
NEEDED: dict[str, Callable[[], bool]] = {
    "build-essential": lambda: all(_command(name)() for name in ("gcc", "make", "ld")),
    "pkg-config": _command("pkg-config"),
    "libffi-dev": _headers("libffi"),
    "xz-utils": _command("xz"),
    "bzip2": _command("bzip2"),
    "ca-certificates": lambda: Path("/etc/ssl/certs").is_dir(),
    "git": _command("git"),
    "mosquitto": _command("mosquitto"),
    "openssl": _command("openssl"),
    "strace": _command("strace"),
    _python_package("venv"): _venv,
}


def _arm_file(compiler: str, name: str) -> Callable[[], bool]:
    """Return a test for a file of the Arm compiler's C or C++ library."""

    def present() -> bool:
        tool = shutil.which(compiler)
        if tool is None:
            return False
        command = [tool, f"-print-file-name={name}"]
        found = subprocess.run(command, capture_output=True, text=True)
        return "/" in found.stdout  # the compiler prints the bare name if it has no such file

    return present


def _node() -> bool:
    """Return whether there is a Node.js that can run the emulator."""
    tool = shutil.which("node")
    if tool is None:
        return False
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    number = version.strip().removeprefix("v").partition(".")[0]
    return number.isdecimal() and int(number) >= NODE_OLDEST


NODE_OLDEST = 18

# Needs of some parts only: the firmware of a Pico, the board emulator, cards in a PC/SC reader.
PICO: dict[str, Callable[[], bool]] = {
    "cmake": _command("cmake"),
    "gcc-arm-none-eabi": _command("arm-none-eabi-gcc"),
    "libnewlib-arm-none-eabi": _arm_file("arm-none-eabi-gcc", "libc.a"),
    "libstdc++-arm-none-eabi-newlib": _arm_file("arm-none-eabi-g++", "libstdc++.a"),
}
EMULATOR: dict[str, Callable[[], bool]] = {"nodejs": _node, "npm": _command("npm")}
PCSC: dict[str, Callable[[], bool]] = {
    "pcscd": _command("pcscd"),
    "vsmartcard-vpcd": lambda: vpcd_driver() is not None,
    "opensc": _command("opensc-tool"),
    # To compile Python's PC/SC package.
    "libpcsclite-dev": _headers("libpcsclite"),
    "swig": _command("swig"),
    _python_package("dev"): _python_headers,
}
# For the tests of the boards whose port is not built here; a TLS server.
TESTS: dict[str, Callable[[], bool]] = {
    "ninja-build": _command("ninja"),
    "gnutls-bin": _command("gnutls-serv"),
}

_POLICY = "/usr/sbin/policy-rc.d"

# Root runs this with the policy's path and the packages. A package's daemon must not begin to
# listen: policy-rc.d forbids that during the installation, and the script disables the services of
# mosquitto and pcscd (the tests start their own; vpcd listens on all addresses).
_INSTALL = r"""
set -eu
policy=$1
shift
if ! [ -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
PATH=$PATH:/usr/sbin:/sbin
had_broker=$(command -v mosquitto || true)
had_pcscd=$(command -v pcscd || true)
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o Acquire::Retries=2 -o Acquire::http::Timeout=30 update
apt-get -q -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Dpkg::Use-Pty=0 \
    install -y --no-install-recommends "$@"
turn_off() {
    if [ -z "$1" ] && command -v "$2" > /dev/null && command -v systemctl > /dev/null; then
        systemctl disable "$3" > /dev/null 2>&1 || true
    fi
}
turn_off "$had_broker" mosquitto mosquitto.service
turn_off "$had_pcscd" pcscd pcscd.socket
"""


def missing(needed: dict[str, Callable[[], bool]] = NEEDED) -> list[str]:
    """Return the packages whose contents this machine lacks."""
    return [package for package, present in needed.items() if not present()]


def _as_root(names: list[str]) -> list[str]:
    """Return the command that installs `names` as root; raise SetupError if that is impossible."""
    command = ["sh", "-c", _INSTALL, "install", _POLICY, *names]
    if os.geteuid() == 0:
        return command
    wanted = "apt-get install " + " ".join(names)
    if shutil.which("sudo") is None:
        raise steps.SetupError(f"packages are missing and there is no sudo: run {wanted} as root")
    if subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n", *command]
    if not sys.stdin.isatty():
        raise steps.SetupError(
            f"packages are missing and sudo requires a password: run sudo {wanted}"
        )
    print("sudo is needed to install packages:", " ".join(names), flush=True)
    if subprocess.run(["sudo", "-v"]).returncode:
        raise steps.SetupError(f"sudo refused: run {wanted} as root")
    return ["sudo", "-n", *command]


def install(
    packages: Iterable[str], layout: Layout, needed: dict[str, Callable[[], bool]] = NEEDED
) -> None:
    """Install `packages`, of those in `needed`, with apt-get, as root or through sudo.

    Raises SetupError if there is no apt, no way to become root, or apt fails.
    """
    names = list(packages)
    if not names:
        return
    if shutil.which("apt-get") is None:
        raise steps.SetupError(
            "not a Debian or Ubuntu machine: install what these packages hold, then run again: "
            + " ".join(names)
        )
    command = _as_root(names)
    log = layout.log / "packages.log"
    with steps.step("Install " + ", ".join(names)):
        steps.run(
            command,
            log=log,
            what="apt-get",
            hint="a package could not be installed",
            own_session=False,
        )
    left = [name for name in missing(needed) if name in names]
    if left:
        raise steps.SetupError(
            f"{', '.join(left)}: installed, but what it brings is not found (see {log})"
        )


def ensure(layout: Layout, *groups: dict[str, Callable[[], bool]]) -> None:
    """Install what is missing of NEEDED and `groups`; return at once if nothing is."""
    importlib.invalidate_caches()
    needed = {name: present for group in (NEEDED, *groups) for name, present in group.items()}
    install(missing(needed), layout, needed)
