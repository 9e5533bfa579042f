"""Dialogues written as transcripts: which parts are hidden, which are not, where dialogues come
from; and that the transcripts can be replayed."""

import contextlib
import errno
import itertools
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
from iotsafe_tools.simulator.modem.mask import Hidden, Mask
from iotsafe_tools.simulator.modem.transcript import RecordedUART, Transcript

PATIENCE = 60.0


def shown(parts):
    """Return parts as one text; a hidden part as its shape and size."""
    return "".join(
        part.decode("latin-1")
        if isinstance(part, bytes)
        else f"<{part.shape}{'' if part.size is None else part.size}>"
        for part in parts
    )


def merged(chunks):
    """Join the parts of several chunks into one chunk's parts."""
    result = []
    for part in (part for parts in chunks for part in parts):
        last = result[-1] if result else None
        if isinstance(last, bytes) and isinstance(part, bytes):
            result[-1] = last + part
        elif isinstance(last, Hidden) and isinstance(part, Hidden) and last.shape == part.shape:
            result[-1] = Hidden(part.shape, part.size and last.size + part.size)
        else:
            result.append(part)
    return result


RANDOM = 'AT+CSIM=10,"0184000010"\r'
OF_HOST = [
    ('AT+CPIN="1234"\r', 'AT+CPIN="<text>"\r'),
    ("at+cpin=1234;+CSQ\r", "at+cpin=<word>;+CSQ\r"),
    ("AT+CPIN 1234\r", "AT+CPIN <word>\r"),
    ('AT+CPIN = "12\\"\r', 'AT+CPIN = "<text>"\r'),
    ('AT+CPIM\x08N="1234"\r', 'AT+CPIM\x08N="<text>"\r'),
    ("AT+CPIN?;+CPIN=1234\r", "AT+CPIN?;+CPIN=<word>\r"),
    ("AT+CPIN=?\r", "AT+CPIN=?\r"),
    ('AT+CPIN="1234\rAT+CGMM\r', 'AT+CPIN="<text>\rAT+CGMM\r'),
    ('AT+CPWD="SC","1234","5678"\r', 'AT+CPWD="SC","<text>","<text>"\r'),
    ('AT+CLCK="SC",1,"1234"\r', 'AT+CLCK="SC",1,"<text>"\r'),
    ('AT+CNCFG=0,1,"apn","me","se,c;t",3\r', 'AT+CNCFG=0,1,"apn","<text>","<text>",<word>\r'),
    ('AT+QICSGP=1,1,"apn","me","x",3\r', 'AT+QICSGP=1,1,"apn","<text>","<text>",<word>\r'),
    ('AT+UAUTHREQ=1,2,"me","x"\r', 'AT+UAUTHREQ=1,2,"<text>","<text>"\r'),
    ('AT^SGAUTH=1,2,"me","x"\r', 'AT^SGAUTH=1,2,"<text>","<text>"\r'),
    ('AT+CSTT="apn","me","x"\r', 'AT+CSTT="apn","<text>","<text>"\r'),
    ('AT+CGAUTH=1,2,"","x"\r', 'AT+CGAUTH=1,2,"","<text>"\r'),
    (
        'AT+CSIM=26,"002000010831323334FFFFFFFF"\r',
        'AT+CSIM=26,"0020000108<hex16>"\r',
    ),
    ("AT+CSIM=26,002000010831323334FFFFFFFF\r", "AT+CSIM=26,0020000108<hex16>\r"),
    ('AT+CSIM=26, "002c00010831323334ffffffff"\r', None),
    (
        'AT+CSIM=42,"002C0001103132333435363738FFFF3435363738FF"\r',
        'AT+CSIM=42,"002C000110<hex32>"\r',
    ),
    ('AT+CSIM=26,"0020000 10831323334"\r', 'AT+CSIM=26,"0020000 108<hex8>"\r'),
    ('AT+CSIM=22,"00CD 00000431323334"\r', 'AT+CSIM=22,"00CD 000004<hex8>"\r'),
    ('AT+CSIM=32,"014800000BD10273E1D20161D3013000"\r', 'AT+CSIM=32,"014800000B<hex22>"\r'),
    ('AT+CGLA=1,18,"004A000004D10273E1"\r', 'AT+CGLA=1,18,"004A000004<hex8>"\r'),
    ("AT+CGLA=1,18,004A000004D10273E1\r", "AT+CGLA=1,18,004A000004<hex8>\r"),
    ('AT+CSIM=20,"002000010431323334";+CSQ\r', 'AT+CSIM=20,"0020000104<hex8>";+CSQ\r'),
    ('AT+CSIM=10,"0070000001"\r', None),
    ('AT+CSIM=80,"012B8001229E20' + "00" * 32 + '"\r', None),
    ('AT+CNACT=0,1\rAT+CAOPEN=0,0,"TCP","h",8883\r', None),
    (
        "x\r\n-----BEGIN EC PRIVATE KEY-----\nMHcC\nAQEE\n-----END EC PRIVATE KEY-----\nAT\r",
        "x\r\n-----BEGIN EC PRIVATE KEY-----<any40>AT\r",
    ),
    ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", None),
]


@pytest.mark.parametrize(("said", "want"), OF_HOST)
def test_secrets_of_the_host_are_hidden_however_they_are_cut(said, want):
    data = said.encode()
    for step in (1, 2, 3, 5, 7, len(data)):
        chunks = [data[at : at + step] for at in range(0, len(data), step)]
        mask = Mask()
        assert shown(merged(mask.host(chunk) for chunk in chunks)) == (want or said), step
        echo = Mask()
        assert shown(merged(echo.modem(chunk) for chunk in chunks)) == (want or said), step


SECRET = "00112233445566778899AABBCCDDEEFF"
OF_MODEM = [
    (f'+CSIM: 36,"{SECRET}9000"\r\n', '+CSIM: 36,"<hex32>9000"\r\n'),
    (f"+CSIM: 36,{SECRET.lower()}9000\r\n", "+CSIM: 36,<hex32>9000\r\n"),
    (f'+CSIM: 4,"9000"+CSIM: 36,"{SECRET}9000"\r\n', '+CSIM: 4,"9000"+CSIM: 36,"<hex32>9000"\r\n'),
    (f"+CSIM: 4,9000\r\n+CSIM: 36,{SECRET}9000\r\n", "+CSIM: 4,9000\r\n+CSIM: 36,<hex32>9000\r\n"),
    (f'+CSIM: 36,"{SECRET[:20]}\r\n', '+CSIM: 36,"<hex20>\r\n'),
    (f'+CSIM: 6,"{SECRET}"\r\n', '+CSIM: 6,"<hex2>1122<hex26>"\r\n'),
    (f'+CSIM: 3,"{SECRET}"\r\n', None),
    (f'+CSM: 36,"{SECRET}9000"\r\n', '+CSM: 36,"00112233<hex28>"\r\n'),
    (f"{SECRET}9000\r\n", "00112233<hex28>\r\n"),
    ('+CSIM: 4,"6985"\r\n', '+CSIM: 4,"6985"\r\n'),
]  # fmt: skip


@pytest.mark.parametrize(("said", "want"), OF_MODEM)
def test_secrets_of_the_sim_are_hidden_however_they_are_cut(said, want):
    data = said.encode()
    for step in (1, 2, 3, 5, 7, len(data)):
        mask = Mask()
        assert shown(mask.host(RANDOM.encode())) == RANDOM
        chunks = [data[at : at + step] for at in range(0, len(data), step)]
        got = shown(merged(mask.modem(chunk) for chunk in chunks))
        if want:
            assert got == want, step
        assert SECRET[16:] not in got.upper(), step
        if want:  # other commands hide nothing
            open_ = Mask()
            open_.host(b'AT+CSIM=10,"01CD000000"\r')
            assert shown(open_.modem(data)) == said


def test_which_answer_is_secret():
    mask = Mask()
    line = f'+CSIM: 36,"{SECRET}9000"\r\n'.encode()
    assert shown(mask.modem(line)) == line.decode()
    for ins in ("46", "48", "4A", "84"):
        mask.host(f'AT+CGLA=1,10,"01{ins}000010"\r'.encode())
        answer = line.replace(b"CSIM", b"CGLA")
        assert SECRET[4:] not in shown(mask.modem(answer))
    mask.host(b'AT+CSIM=10,"0184000010"\r')
    mask.modem(b'+CSIM: 4,"6110"\r\nOK\r\n')
    mask.host(b'AT+CSIM=10,"01C0000010"\r')  # GET RESPONSE fetches them
    assert SECRET[4:] not in shown(mask.modem(line))
    payload = b"+CARECV: 40," + SECRET.encode() + b"90009000\r\n"
    assert shown(mask.modem(payload)) == payload.decode()  # not an answer of the SIM
    mask.host(b'AT+CSIM=10,"01CD000000"\r')
    assert shown(mask.modem(line)) == line.decode()
    # A late answer comes after the next command.
    mask.host(b'AT+CSIM=10,"0184000010"\r')
    mask.host(b'AT+CSIM=10,"01CD000000"\r')
    assert SECRET[4:] not in shown(mask.modem(line))


def test_what_a_modem_tells_of_a_login():
    mask = Mask()
    for said, want in (
        ('+QICSGP: 1,"apn","me","x",3\r\n', '+QICSGP: 1,"apn","<text>","<text>",<word>\r\n'),
        ('+CNCFG: 0,1,"apn","me","x",3\r\n', '+CNCFG: 0,1,"apn","<text>","<text>",<word>\r\n'),
        ('+CSTT: "apn","me","x"\r\n', '+CSTT: "apn","<text>","<text>"\r\n'),
        ("+CPIN: READY\r\n", "+CPIN: READY\r\n"),
    ):
        assert shown(mask.modem(said.encode())) == want


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=80)), max_size=20))
def test_any_bytes_can_be_masked(chunks):
    mask = Mask()
    for of_host, data in chunks:
        parts = (mask.host if of_host else mask.modem)(data)
        size = sum(len(p) if isinstance(p, bytes) else p.size or 1 for p in parts)
        assert size <= len(data) and all(parts)
        assert b"".join(p for p in parts if isinstance(p, bytes)) in data or len(parts) > 1


PIN = b"90473618"
PIN_HEX = PIN.hex().upper().encode()


@given(
    st.sampled_from(
        (
            b'AT+CPIN="%s"',
            b"AT+CPIN=%s",
            b'at+cmee=1;+cpin = "%s";+csq',
            b'AT+CPWD="SC","1111","%s"',
            b'AT+CLCK="SC",0,"%s"',
            b'AT+CGAUTH=1,2,"me","%s"',
            b'AT+QICSGP=1,1,"apn","me","%s",3',
            b'AT+CSIM=26,"0020000108%x"',
            b'AT+CGLA=1,26,"01 2C000108%x"',
            b"AT+CSIM=42,0024000110%x%x",
            b'AT+CSIM=32,"014A00000B%x000000"',
        )
    ),
    st.lists(st.binary(max_size=30), max_size=3),
    st.sets(st.integers(0, 200)),
    st.booleans(),
)
def test_whatever_is_around_it_and_however_it_is_cut_a_secret_is_hidden(
    command, noise, cuts, host
):
    said = command.replace(b"%s", PIN).replace(b"%x", PIN_HEX)
    data = b"\r".join([*noise, said]) + b"\r\n"
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    mask = Mask()
    way = mask.host if host else mask.modem
    parts = [part for a, b in itertools.pairwise(edges) for part in way(data[a:b])]
    seen = b"".join(part if isinstance(part, bytes) else b"#" for part in parts)
    assert PIN not in seen and PIN_HEX not in seen and b"#" in seen


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
