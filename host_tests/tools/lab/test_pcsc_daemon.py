"""pcscd as the tests run it, and the card in it: both may go and come back."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from processes import await_end, runs

from iotsafe_tools.lab import Lab
from iotsafe_tools.lab.vpcd import exposed
from iotsafe_tools.testbed import PATIENCE, Pcscd, ProcessError
from iotsafe_tools.testbed import pcscd as module
from iotsafe_tools.toolchain import packages

RUN = Path("/run/pcscd")


def readers(env):
    """Return the output of `opensc-tool --list-readers`: the columns Nr., Card and Name of each
    reader."""
    done = subprocess.run(
        ["opensc-tool", "--list-readers"],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()[2:]]
    return [tuple(line) for line in lines]


def test_the_machines_own_pcscd_is_left_alone():
    before = sorted(RUN.iterdir()) if RUN.exists() else None
    with Pcscd() as ours:
        assert Path(f"/proc/{ours.pid}/comm").read_text() == "pcscd\n"
        assert readers(ours.env) == [("0", "No", "Lab 00 00"), ("1", "No", "Lab 00 01")]
        if os.geteuid() == 0:
            uids = Path(f"/proc/{ours.pid}/status").read_text().partition("Uid:")[2].split()[:4]
            assert "0" not in uids
    assert (sorted(RUN.iterdir()) if RUN.exists() else None) == before


def test_vpcd_listens_on_loopback_only():
    with Pcscd() as ours:
        for port in (ours.port, ours.port + 1):
            socket.create_connection(("127.0.0.1", port), 60).close()
        assert exposed(ours.port) == []


def test_two_at_a_time():
    with Pcscd() as one, Pcscd() as two, Lab(vpcd=two.where, delays=0.0):
        two.wait_for_card()
        assert ("0", "No", "Lab 00 00") in readers(one.env)
        assert ("0", "Yes", "Lab 00 00") in readers(two.env)


def test_nothing_is_left():
    with Pcscd() as ours:
        pid, folder, port = ours.pid, Path(ours.env["PCSCLITE_CSOCK_NAME"]).parent, ours.port
        assert folder.is_dir()
    assert not runs(pid)
    assert not folder.exists()
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_it_ends_with_the_program_that_started_it():
    code = (
        "import os, signal\n"
        "from iotsafe_tools.testbed import Pcscd\n"
        "ours = Pcscd().start()\n"
        "print(ours.pid, ours.env['PCSCLITE_CSOCK_NAME'], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    pid, socket_name = done.stdout.split()
    await_end(int(pid))
    shutil.rmtree(Path(socket_name).parent)


def test_the_ports_of_both_slots_are_kept():
    """They are kept even while pcscd is away. Without one of them vpcd would have no reader when
    it returns."""
    with Pcscd() as ours:
        ours.stop()
        for number in (ours.port, ours.port + 1):
            with socket.socket() as probe, pytest.raises(OSError, match="in use"):
                probe.bind(("127.0.0.1", number))


def test_pcscd_may_be_started_anew():
    with Pcscd() as ours, Lab(vpcd=ours.where, delays=0.0):
        ours.wait_for_card()
        ours.stop()
        ours.start()
        ours.wait_for_card()
        assert ("0", "Yes", "Lab 00 00") in readers(ours.env)


def test_the_card_may_be_taken_out():
    with Pcscd() as ours, Lab(vpcd=ours.where, delays=0.0) as lab:
        ours.wait_for_card()
        lab.insert_card("modem")
        ours.wait_for_no_card()
        assert ("0", "No", "Lab 00 00") in readers(ours.env)
        lab.insert_card("reader")
        ours.wait_for_card()
        assert ("0", "Yes", "Lab 00 00") in readers(ours.env)


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "VPCD", tmp_path / "none")
    with pytest.raises(ProcessError, match="vsmartcard-vpcd"):
        Pcscd()
    monkeypatch.setattr(module, "_SYSTEM_PATH", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProcessError, match="pcscd is not installed"):
        Pcscd()


@pytest.mark.parametrize(("options", "words"), [("  --config\n", 1), ("  --disable-polkit\n", 2)])
def test_polkit_is_turned_off_where_pcscd_has_it(monkeypatch, tmp_path, options, words):
    """The socket decides about access to our pcscd; only its owner may open it."""
    program = tmp_path / "pcscd"
    program.write_text(f"#!/bin/sh\necho '{options}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert module._program() == [str(program), "--disable-polkit"][:words]
