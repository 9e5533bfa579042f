"""Debian packages: only missing ones, as root or with sudo, and no daemon begins to listen."""

import io
import os
import subprocess

import pytest
from setup_fakes import command, in_front

from iotsafe_tools.toolchain import packages, steps
from iotsafe_tools.toolchain.layout import Layout


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "checkout")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of scripts: apt-get records its arguments and whether daemons may start."""
    tools, policy, notes = tmp_path / "tools", tmp_path / "policy-rc.d", tmp_path / "notes"
    notes.touch()
    command(
        tools,
        "apt-get",
        f'if [ -e {policy} ]; then sh {policy} || echo "daemons: $?" >> {notes}; fi\n'
        f'echo "$@" | sed "s/-o [^ ]* //g" >> {notes}\n',
    )
    command(tools, "systemctl", f'echo "systemctl $@" >> {notes}\n')
    monkeypatch.setattr(packages, "_POLICY", str(policy))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    in_front(monkeypatch, tools)
    return tmp_path


def test_what_is_there_is_not_installed(layout, machine):
    packages.install([], layout)
    assert (machine / "notes").read_text() == ""


def test_only_what_is_missing_is_named():
    needed = {"one": lambda: True, "two": lambda: False}
    assert packages.missing(needed) == ["two"]


def test_apt_installs_without_starting_daemons(layout, machine):
    packages.install(["sl", "cowsay"], layout)
    lines = (machine / "notes").read_text().splitlines()
    assert lines[:4] == [
        "daemons: 101",
        "-q update",
        "daemons: 101",
        "-q install -y --no-install-recommends sl cowsay",
    ]
    assert not (machine / "policy-rc.d").exists()


def test_the_machines_own_policy_stays(layout, machine):
    (machine / "policy-rc.d").write_text("exit 104\n")
    packages.install(["sl"], layout)
    assert (machine / "policy-rc.d").read_text() == "exit 104\n"


def test_a_failing_apt_is_one_line_and_the_policy_is_gone(layout, machine):
    command(machine / "tools", "apt-get", 'echo "E: Could not connect to 127.0.0.1"; exit 100')
    with pytest.raises(steps.SetupError, match="the server cannot be reached"):
        packages.install(["sl"], layout)
    assert not (machine / "policy-rc.d").exists()


def test_what_is_still_missing_afterwards_is_named(layout, machine):
    with pytest.raises(steps.SetupError, match="sl: installed, but what it brings is not found"):
        packages.install(["sl"], layout, {"sl": lambda: False})


def test_without_root_sudo_is_used(layout, machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    notes = machine / "notes"
    command(machine / "tools", "sudo", f'echo sudo >> {notes}\n[ "$1" = -n ] && shift\nexec "$@"')
    packages.install(["sl"], layout)
    text = notes.read_text()
    assert text.count("sudo\n") == 2
    assert "install -y --no-install-recommends sl" in text


def test_a_sudo_that_wants_a_password_nobody_can_type(layout, machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    command(machine / "tools", "sudo", "exit 1")
    with pytest.raises(steps.SetupError, match=r"run sudo apt-get install sl$"):
        packages.install(["sl"], layout)


def test_without_apt_the_packages_are_named(layout, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(steps.SetupError, match=r"not a Debian or Ubuntu machine: .* sl$"):
        packages.install(["sl"], layout)


def test_the_root_script_is_valid_shell():
    subprocess.run(["sh", "-n", "-c", packages._INSTALL], check=True)


@pytest.mark.parametrize(
    ("version", "fits"), [("v18.0.0", True), ("v22.1.0", True), ("v16.20.2", False), ("", False)]
)
def test_an_old_node_does_not_count(tmp_path, monkeypatch, version, fits):
    command(tmp_path, "node", f"echo {version}")
    in_front(monkeypatch, tmp_path)
    assert packages.EMULATOR["nodejs"]() is fits


@pytest.mark.parametrize(("answer", "fits"), [("/usr/lib/arm/libc.a", True), ("libc.a", False)])
def test_the_arm_compiler_is_asked_for_its_library(tmp_path, monkeypatch, answer, fits):
    command(tmp_path, "arm-none-eabi-gcc", f"echo {answer}")
    in_front(monkeypatch, tmp_path)
    assert packages.PICO["libnewlib-arm-none-eabi"]() is fits


def test_a_part_adds_its_own_packages(layout, machine, monkeypatch):
    monkeypatch.setattr(packages, "NEEDED", {"one": lambda: True})
    here = machine / "two"
    command(machine / "tools", "apt-get", f'case "$*" in *"install "*" two") touch {here} ;; esac')
    packages.ensure(layout, {"two": here.exists})
    assert here.exists()


def test_new_daemons_are_turned_off_and_those_in_use_are_not(layout, machine, monkeypatch):
    """mosquitto is installed before, pcscd comes with the installation."""
    tools = machine / "tools"
    command(tools, "mosquitto", "")
    ready = f"printf '#!/bin/sh\\n' > {tools}/pcscd; chmod 755 {tools}/pcscd"
    command(tools, "apt-get", f'case "$*" in *" pcscd") {ready} ;; esac')
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(packages, "_INSTALL", packages._INSTALL.replace(":/usr/sbin:/sbin", ""))
    packages.install(["pcscd"], layout, {})
    packages.install(["pcscd"], layout, {})
    assert (machine / "notes").read_text() == "systemctl disable pcscd.socket\n"


@pytest.mark.parametrize(
    ("configuration", "found"),
    [
        ("FRIENDLYNAME x\nLIBPATH      {driver}\nCHANNELID 1\n", True),
        ("LIBPATH {driver}.gone\n", False),
        ("# LIBPATH {driver}\n", False),
        (None, False),
    ],
)
def test_the_virtual_reader_is_there_when_its_driver_is(
    tmp_path, monkeypatch, configuration, found
):
    driver, file = tmp_path / "libifdvpcd.so", tmp_path / "vpcd"
    driver.touch()
    if configuration is not None:
        file.write_text(configuration.format(driver=driver))
    monkeypatch.setattr(packages, "VPCD", file)
    assert packages.PCSC["vsmartcard-vpcd"]() is found
    assert packages.vpcd_driver() == (driver if found else None)


def test_the_headers_of_a_library_are_asked_of_pkg_config(tmp_path, monkeypatch):
    command(tmp_path, "pkg-config", '[ "$*" = "--exists libpcsclite" ]')
    in_front(monkeypatch, tmp_path)
    assert packages.PCSC["libpcsclite-dev"]() is True
    assert packages.NEEDED["libffi-dev"]() is False
