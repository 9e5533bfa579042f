"""Dialogues written as transcripts: the file, where dialogues come from, and that they can be
replayed. `test_transcript_mask` has the hidden parts."""

import contextlib
import errno
import json
import os
import random
import re
import socket
import stat
import threading

import main_job
import pytest
import record_dialogue
import serial
from hypothesis import given
from hypothesis import strategies as st
from iotsafe_command import answer, failure
from modem_bench import StubCard
from replay_uart import Difference, ReplayUART, TranscriptError, check, records
from virtual_time import Clock, running

import cellular
from iotsafe_tools.lab import Lab, LabError
from iotsafe_tools.simulator.modem import MemoryUART, Modem
from iotsafe_tools.simulator.modem.mask import Mask
from iotsafe_tools.simulator.modem.transcript import RecordedUART, Transcript
from iotsafe_tools.testbed import PATIENCE

# -- the file ------------------------------------------------------------------------------------


def read(path):
    """Return (header, records) of a transcript."""
    header, *rest = records(path.read_bytes().split(b"\n")[:-1])
    return header, rest


def said(rest, who):
    """Return everything that the "host" or the "modem" sent; hidden parts as their shape."""
    return b"".join(
        part if isinstance(part, bytes) else b"<%s>" % part[0].encode()
        for _, _, kind, value in rest
        if kind == who
        for part in value
    )


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300)), max_size=10))
def test_nothing_is_lost(tmp_path_factory, chunks):
    path = tmp_path_factory.mktemp("transcript") / "t.jsonl"
    mask = Mask()
    want = {"host": b"", "modem": b""}
    with Transcript(str(path), modem="m", rate=9600) as transcript:
        for of_host, data in chunks:
            who = "host" if of_host else "modem"
            getattr(transcript, who)(data)
            for part in getattr(mask, who)(data):
                want[who] += part if isinstance(part, bytes) else b"<%s>" % part.shape.encode()
    header, rest = read(path)
    assert (header["modem"], header["rate"]) == ("m", 9600)
    assert {who: said(rest, who) for who in want} == want


def test_people_can_read_it(tmp_path):
    path = tmp_path / "t.jsonl"
    now = iter((5.0, 5.0, 5.5, 6.25, 7.0))
    with Transcript(str(path), modem="sim7080", clock=lambda: next(now)) as transcript:
        transcript.host(b"AT\r")
        transcript.modem(b"\r\n+CARECV: 12,\x00\x01GET / HTTP\r\n")
        transcript.key(True)
    lines = path.read_text("ascii").splitlines()
    assert json.loads(lines[0])["transcript"] == 1
    assert lines[1:] == [
        '{"t": 0.0, "host": "AT\\r"}',
        '{"t": 0.5, "modem": ["\\r\\n+CARECV: 12,", {"hex": "0001"}, "GET / HTTP\\r\\n"]}',
        '{"t": 1.25, "key": true}',
    ]


def test_the_file_is_new_and_its_owner_s(tmp_path):
    path = tmp_path / "t.jsonl"
    old = os.umask(0)
    try:
        Transcript(str(path)).close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    with pytest.raises(FileExistsError):
        Transcript(str(path))
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        Transcript(str(tmp_path / "link"))
    assert path.read_bytes() == content


def test_it_does_not_grow_for_ever(tmp_path):
    path = tmp_path / "t.jsonl"
    with Transcript(str(path), limit=5000) as transcript:
        for _ in range(1000):
            transcript.host(b"AT\r")
        assert transcript.problem == "it is full"
    assert 4900 < path.stat().st_size < 5100
    _, rest = read(path)
    assert rest[-1][2:] == ("end", "it is full")
    assert {record[2] for record in rest[:-1]} == {"host"}


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "t.jsonl"
    transcript = Transcript(str(path))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    transcript.host(b"AT\r")
    monkeypatch.undo()
    assert "No space" in transcript.problem
    transcript.modem(b"OK")
    transcript.close()
    assert check(path.read_bytes().splitlines())["transcript"] == 1
    assert len(path.read_bytes().splitlines()) == 1


def replayed(lines):
    """Return the results of the main job against the replayed transcript; they must be the
    recorded ones."""
    clock = Clock(nap=100)
    with running(clock):
        uart = ReplayUART(lines, clock)
        power_key = uart.power_key if uart.header.get("power_key") else None
        modem = cellular.driver(uart.header["driver"])(uart, power_key)
        found = main_job.perform(modem, uart.header["job"])
        modem.at.poll()
        uart.done()
    assert uart.results == [found]
    return found


GOOD = (
    b'{"transcript": 1}',
    b'{"t": 1, "host": ["AT+CPIN=", {"hidden": "word"}, {"hex": "00ff"}]}',
    b'{"t": 2, "modem": {"hidden": "hex", "size": 4}}',
    b'{"t": 3, "key": true}',
    b'{"t": 3, "rate": 9600}',
    b'{"t": 4, "result": {"a": [1]}}',
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(GOOD) - 1),
            st.integers(0, 70),
            st.integers(0, 9),
            st.one_of(
                st.binary(max_size=4), st.sampled_from((b"[", b"{", b"1e999", b"NaN", b"-1"))
            ),
        ),
        max_size=6,
    )
)
def test_a_damaged_file_is_refused_or_read(changes):
    lines = [*GOOD]
    for number, at, length, new in changes:
        lines[number] = lines[number][:at] + new + lines[number][at + length :]
    with contextlib.suppress(TranscriptError):
        check(lines)
    with contextlib.suppress(TranscriptError, Difference):
        uart = ReplayUART(lines, Clock())
        uart.write(b"AT+CPIN=1\x00\xff")
        uart.read()


# -- around a UART -------------------------------------------------------------------------------


class Small:
    """A UART that takes two bytes at a time and has no rate to set."""

    def __init__(self):
        self.data = bytearray(b"hello")

    def any(self):
        return len(self.data)

    def read(self, size=-1):
        data = bytes(self.data[: size if size >= 0 else None])
        del self.data[: len(data)]
        return data or None

    def readinto(self, buffer, size=None):
        data = self.read(len(buffer) if size is None else size)
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        return min(len(data), 2)


def test_a_recorded_uart_is_the_uart(tmp_path):
    path = tmp_path / "t.jsonl"
    with Transcript(str(path)) as transcript:
        uart = RecordedUART(Small(), transcript)
        assert uart.any() == 5 and uart.write(b"AT\r") == 2 and uart.write(b"\r") == 1
        buffer = bytearray(4)
        assert uart.read(1) == b"h" and uart.readinto(buffer, 1) == 1
        assert uart.readinto(buffer) == 3 and buffer == b"llo" + buffer[3:]
        assert uart.read() is None and uart.readinto(buffer) is None
        assert not hasattr(uart, "init")
    _, rest = read(path)
    assert [(kind, value) for _, _, kind, value in rest] == [
        ("host", [b"AT"]), ("host", [b"\r"]), ("modem", [b"h"]), ("modem", [b"e"]),
        ("modem", [b"llo"]),
    ]  # fmt: skip


def test_a_modem_at_another_rate_can_be_played_again(tmp_path):
    path = tmp_path / "t.jsonl"
    clock = Clock(nap=0)
    options = {"nvm": {"+IPR": (9600,)}, "delays": 0.0}
    modem = Modem(StubCard(), clock=lambda: clock.ms / 1000, **options)
    with (
        running(clock),
        Transcript(str(path), clock=lambda: clock.ms / 1000, init=True) as transcript,
    ):
        keys = []
        uart = RecordedUART(MemoryUART(modem), transcript)
        cellular.SIM7080(uart, transcript.keyed(keys.append)).power_up()
    _, rest = read(path)
    rates = [value for _, _, kind, value in rest if kind == "rate"]
    assert rates == [9600, 115200] and not keys
    clock = Clock(nap=0)
    with running(clock), path.open("rb") as file:
        uart = ReplayUART(file, clock)
        driver = cellular.SIM7080(uart, uart.power_key)
        driver.power_up()
        assert not driver.at.lost
        uart.done()


@pytest.mark.parametrize("name", record_dialogue.SIMULATED)
def test_the_simulated_modems_can_be_recorded_anew(tmp_path, name):
    path = tmp_path / "t.jsonl"
    found = record_dialogue.record_simulated(name, path)
    assert replayed(path.read_bytes().splitlines()) == found
    assert found["signature"] and found["heard"] == len(record_dialogue.ANSWER)


# -- the lab -------------------------------------------------------------------------------------


def talk(uart, *commands):
    """Send commands on a pty; return the modem's answers, up to each OK."""
    with serial.Serial(uart, timeout=PATIENCE) as port:
        for command in commands:
            port.write(command)
            assert port.read_until(b"OK\r\n").endswith(b"OK\r\n")


def test_the_lab_writes_what_passes(tmp_path):
    path = tmp_path / "t.jsonl"
    with Lab(delays=0.0, pin="90473618", transcript=str(path)) as lab:
        talk(lab.uart, b"AT\r", b'AT+CPIN="90473618"\r', b'AT+CSIM=10,"0070000001"\r')
        talk(lab.uart, b'AT+CSIM=10,"0184000020"\r')
        lab.power_key(True)
        lab.power_key(False)
    header, rest = read(path)
    assert (header["modem"], header["rate"]) == ("sim7080", 115200)
    assert said(rest, "host") == (
        b'AT\rAT+CPIN="<text>"\rAT+CSIM=10,"0070000001"\rAT+CSIM=10,"0184000020"\r'
    )
    answers = said(rest, "modem")
    assert b"\r\nOK\r\n" in answers and b'+CSIM: 6,"019000"' in answers
    assert b"90473618" not in path.read_bytes()
    assert [value for _, _, kind, value in rest if kind == "key"] == [True, False]


def test_the_lab_refuses_a_file_that_is_there(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("mine")
    with pytest.raises(LabError, match="File exists"):
        Lab(transcript=str(path))
    assert path.read_text() == "mine"


# -- a real port ---------------------------------------------------------------------------------


def test_the_commands_on_a_sim_write_one_where_the_port_says_so(tmp_path):
    path = tmp_path / "t.jsonl"
    with Lab(delays=0.0, pin="90473618") as lab:
        port = f"{lab.uart}?transcript={path}"
        report = answer("doctor", "--port", port, status=1, IOTSAFE_SIM_PIN="90473618")
        assert report["steps"]
        _, rest = read(path)
        assert b"AT+CGMM\r" in said(rest, "host") and b"SIMCOM_SIM7080" in said(rest, "modem")
        assert b"90473618" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "File exists" in failure("objects", "--port", port)


def test_a_real_modem_is_recorded_and_played_again(tmp_path, monkeypatch, capsys):
    path = tmp_path / "mine.jsonl"
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = server.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + random.Random(1).randbytes(50))
            connection.recv(100)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with server, Lab(delays=0.0, personality="gm02s", card=record_dialogue.card()) as lab:
        arguments = ["--port", lab.uart, "--driver", "gm02s", "--hear", "69"]
        where = f"127.0.0.1:{server.getsockname()[1]}"
        command = ["record_dialogue.py", *arguments, "--server", where, str(path)]
        monkeypatch.setattr("sys.argv", command)
        record_dialogue.main()
    thread.join(PATIENCE)
    assert "'heard': 69" in capsys.readouterr().out
    # The host may have delayed the test: the replayed modem answers at once.
    lines = re.sub(rb'"t": [0-9.]+', b'"t": 0', path.read_bytes()).splitlines()
    assert replayed(lines)["heard"] == 69
