"""`iotsafe lab` as a user runs it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import serial
import typer
from typer.testing import CliRunner

from iotsafe_tools import cli
from iotsafe_tools.lab import command
from iotsafe_tools.testbed import PATIENCE, ReservedPort

ROOT = Path(__file__).resolve().parents[3]


def start(*arguments):
    path = os.pathsep.join([str(ROOT / "tools"), str(ROOT / "tools" / "shims")])
    words = [sys.executable, "-c", "from iotsafe_tools.cli import app; app()", "lab", *arguments]
    return subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"},
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_until_interrupted_and_removes_everything(tmp_path, number):
    link = tmp_path / "modem"
    store = str(tmp_path / "sim.json")
    process = start("--uart", f"pty:{link}", "--store", store, "--modem", "sim7080")
    try:
        shown = [process.stdout.readline() for _ in range(4)]
        assert f"a SIM7080 with an IoT SAFE SIM listens on {link}" in shown[0]
        assert "Ctrl-C" in shown[3]
        fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.close(fd)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert out == "lab: stopped\n"
    assert err == ""
    assert not os.path.lexists(link)
    assert oct((tmp_path / "sim.json").stat().st_mode)[-3:] == "600"


def test_a_transcript_is_written(tmp_path):
    link, path = tmp_path / "modem", tmp_path / "t.jsonl"
    process = start("--uart", f"pty:{link}", "--transcript", str(path), "--delays", "0")
    try:
        assert "listens on" in process.stdout.readline()
        with serial.Serial(str(link), timeout=PATIENCE) as port:
            port.write(b"AT\r")
            assert port.read_until(b"OK\r\n") == b"AT\r\r\nOK\r\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    lines = path.read_text().splitlines()
    assert '"modem": "sim7080", "rate": 115200' in lines[0]
    assert '"host": "AT\\r"}' in lines[1]


def test_the_pin_is_not_in_the_list_of_processes(tmp_path):
    for words in (("--pin", "47110815"), ("--pin=47110815",)):
        process = start("--uart", f"pty:{tmp_path}/modem", *words)
        try:
            assert "listens on" in process.stdout.readline()
            listed = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.kill()
            process.communicate()
        assert b"--pin" in listed and b"47110815" not in listed, listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--control", "tcp:0.0.0.0:0"], "could be reached from other machines"),
        (["--uart", "nothing"], "no UART 'nothing'"),
        (["--profile", "nosuch"], "no SIM profile 'nosuch'"),
        (["--modem", "nosuch"], "no modem 'nosuch'; there are bg77, bg95"),
        (["--baud", "7"], "the baud rate 7 is not possible"),
        (["--radio", "5g"], "no radio '5g'; choose one of none, lte-m, nb-iot"),
        (["--fault", "nosuch"], "no fault 'nosuch'"),
        (["--log", "/nowhere/at/all"], "No such file"),
        (["--transcript", "/nowhere/at/all"], "No such file"),
        (["--vpcd", "nothing"], "no card reader 'nothing'"),
        (["--vpcd", "192.0.2.1:35963"], "another machine"),
    ],
)
def test_mistakes_end_with_one_line(arguments, message):
    process = start(*arguments)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ([], None),
        (["--vpcd"], "127.0.0.1:35963"),
        (["--vpcd", "--pin", "1234"], "127.0.0.1:35963"),
        (["--pin", "1234", "--vpcd"], "127.0.0.1:35963"),
        (["--vpcd", "127.0.0.1:4000", "--pin", "1234"], "127.0.0.1:4000"),
        (["--vpcd=:4000"], ":4000"),
    ],
)
def test_the_address_of_the_reader_may_be_left_out(monkeypatch, arguments, where):
    asked = []

    def refuse(*_, **options):
        asked.append((options["vpcd"], options["pin"]))
        raise command.LabError("enough")

    monkeypatch.setattr(command, "Lab", refuse)
    done = CliRunner().invoke(cli.app, ["lab", *arguments])
    assert done.exit_code == 1
    assert asked == [(where, "1234" if "--pin" in arguments else None)]


def test_it_says_where_the_card_is_and_when_the_reader_comes(tmp_path):
    with ReservedPort() as port:
        process = start("--vpcd", f"127.0.0.1:{port.number}", "--uart", f"pty:{tmp_path}/modem")
        try:
            shown = [process.stdout.readline() for _ in range(6)]
            assert f"in the PC/SC reader at 127.0.0.1:{port.number}, not in the modem" in shown[1]
            assert "Ctrl-C" in shown[5]
            with socket.create_server(("127.0.0.1", port.number)) as server:
                server.settimeout(60)
                server.accept()[0].close()
                said = f"lab: the reader at 127.0.0.1:{port.number}"
                assert process.stdout.readline() == f"{said} has the card\n"
                assert process.stdout.readline().startswith(f"{said} is gone")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
    assert out.endswith("lab: stopped\n")
    assert err == ""


@pytest.mark.parametrize("words", [("lab", "--modem", "none"), ("random", "4", "--port", "sim:")])
def test_a_command_leaves_the_handling_of_signals_as_it_was(words):
    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
    before = [signal.getsignal(number) for number in numbers]
    CliRunner().invoke(cli.app, words)
    assert [signal.getsignal(number) for number in numbers] == before


def test_names_may_lead_to_either_kind_of_address():
    entries = ["a=127.0.0.1", "b=127.0.0.1:80", "c=[::1]", "d=[::1]:80"]
    want = {"a": ("127.0.0.1", None), "b": ("127.0.0.1", 80), "c": ("::1", None), "d": ("::1", 80)}
    assert command._resolve(entries) == want
    for entry in ("a", "a=", "=127.0.0.1", "a=::1", "a=127.0.0.1:x", "a=[]:80"):
        with pytest.raises(typer.BadParameter, match="write NAME=ADDRESS"):
            command._resolve([entry])
