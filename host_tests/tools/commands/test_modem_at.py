"""`iotsafe modem at`: a terminal to a modem for people, and commands for scripts."""

import itertools
import json
import os
import pty
import subprocess
import termios

import pytest
import serial
from fake_modem import FakeModem
from hypothesis import given
from hypothesis import strategies as st
from iotsafe_command import COMMAND, environment, iotsafe
from modem_command import failure, modem, refusal
from pty_terminal import PtyTerminal

import cellular
from iotsafe_tools.commands.modem import (
    connection,
)
from iotsafe_tools.commands.modem import (
    dialogue as modem_dialogue,
)
from iotsafe_tools.commands.modem import (
    terminal as modem_terminal,
)
from iotsafe_tools.commands.modem.dialogue import (
    LONGEST,
    LineSplitter,
    Script,
    failed,
    final,
    shown,
)
from iotsafe_tools.console.errors import PortError
from iotsafe_tools.lab import Lab
from iotsafe_tools.ports.modem import AnyModem, SerialUART
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES
from iotsafe_tools.testbed import PATIENCE

OK = b"\r\nOK\r\n"


def lab(**options):
    return Lab("pty", delays=0.0, **options)


# -- commands -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_modem_of_each_family(name):
    port = f"sim:?modem={name}&delays=0"
    said = modem("at", "AT+CGSN", "AT+CFUN=1", port=port).stdout.splitlines()
    assert said[:2] == ["867730050000017", "OK"]
    assert "OK" in said[2:]
    refused = modem("at", "AT+NOSUCH", "AT+CSQ", port=port, status=1).stdout.splitlines()
    assert "ERROR" in refused[0]
    assert refused[-1] == "OK"  # the next commands run all the same


def test_the_input_is_a_script_as_a_process():
    script = b"# who is it?\nATI\n\nAT+CPIN?\r\nAT+CSQ"
    with lab() as running:
        done = iotsafe("modem", "at", "--port", running.uart, stdin=script)
        refused = iotsafe("modem", "at", "--port", running.uart, stdin=b"AT+CIMI=1\nATI\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "SIM7080 R1951.17", "OK", "+CPIN: READY", "OK", "+CSQ: 20,0", "OK"
    ]  # fmt: skip
    assert (refused.returncode, refused.stderr) == (1, "")
    assert refused.stdout.splitlines()[1:] == ["SIM7080 R1951.17", "OK"]


def test_a_script_is_answered_line_by_line():
    """A script that writes lines can wait for each answer."""
    with lab() as running:
        process = subprocess.Popen(
            [*COMMAND, "modem", "at", "--port", running.uart],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        try:
            for command, answer in ((b"ATI\n", b"SIM7080"), (b"AT+CSQ\n", b"+CSQ")):
                process.stdin.write(command)
                process.stdin.flush()
                assert process.stdout.readline().startswith(answer)
                assert process.stdout.readline() == b"OK\n"
            assert process.communicate(timeout=PATIENCE) == (b"", None)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0


def test_no_command_at_all():
    for script in ("", "\n \n\t\r\n  # nothing\n"):
        assert modem("at", port="sim:?delays=0", stdin=script).stdout == ""


def test_a_script_as_editors_save_it():
    done = modem("at", port="sim:?delays=0", stdin="\ufeffAT+CPIN?\r\n".encode())
    assert done.stdout.splitlines() == ["+CPIN: READY", "OK"]
    for encoding in ("utf-16", "utf-16-be"):
        script = "\ufeffAT+CPIN?\n".encode(encoding)
        assert "the input is UTF-16: save it as UTF-8" in failure(
            "at", port="sim:?delays=0", stdin=script
        )


def test_input_and_output_may_be_closed():
    shell = ["sh", "-c", 'exec "$@" <&- >&-', "sh", *COMMAND]
    for words in (["modem", "at"], ["modem", "info"]):
        done = subprocess.run(
            [*shell, *words, "--port", "sim:?delays=0"],
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, b"")


def test_what_a_modem_says_by_itself_is_shown():
    def reply(line):
        return OK + b"\r\n+QIOPEN: 0,0\r\n" if line == b"AT+QIOPEN" else OK

    with FakeModem(reply) as fake:
        assert modem("at", "AT+QIOPEN", "AT+X", port=fake.name).stdout.splitlines() == [
            "OK", "+QIOPEN: 0,0", "OK"
        ]  # fmt: skip


def test_listening_at_the_end():
    """The URC comes after the answer was shown."""
    with lab() as running:

        def later(event):
            if event["kind"] == "at" and "CSQ" in str(event):
                running.modem.timers.at(
                    running.modem.now + 0.2, lambda: running.modem.urc("+X: 1")
                )

        running.modem.on_event = later
        said = modem("at", "AT+CSQ", "--wait", "3", port=running.uart).stdout.splitlines()
    assert said == ["+CSQ: 20,0", "OK", "+X: 1"]


def test_payload_after_a_prompt():
    """Each byte is sent as it is, without a line end."""
    with FakeModem(sms) as fake:
        said = modem("at", 'AT+CMGS="1"', "hello\x1a", "AT+CSQ", port=fake.name)
        assert fake.heard[-2:] == [b"hello\x1a", b"AT+CSQ"]
    assert said.stdout.splitlines() == ["> ", "+CMGS: 7", "OK", "OK"]


def sms(line):
    if line.startswith(b"AT+CMGS"):
        return b"\r\n> "
    return b"\r\n+CMGS: 7\r\n" + OK if line.endswith(b"\x1a") else OK


def test_an_echo_is_not_shown():
    with FakeModem(lambda line: line + b"\r" + OK) as fake:
        assert modem("at", "AT+CSQ", "AT+CSQ", port=fake.name).stdout == "OK\nOK\n"


def test_no_answer_in_time():
    with FakeModem(lambda line: b"" if line.startswith(b"AT+CPIN=") else OK) as fake:
        done = modem("at", "--timeout", "0.3", "AT+CSQ", 'AT+CPIN="4711"', "AT+CSQ",
                     port=fake.name, status=1)  # fmt: skip
    assert done.stdout == "OK\n"
    assert "AT+CPIN: no answer within 0.3 s" in done.stderr
    assert "--timeout" in done.stderr and "4711" not in done.stderr


def test_a_payload_has_the_time_of_its_command(monkeypatch):
    monkeypatch.setattr(cellular.timeouts, "DEFAULT", 1_500)
    monkeypatch.setattr(cellular.timeouts, "_COMMANDS", ((b"", 1_000), (b"+CMGS", 60_000)))
    with FakeModem(lambda line: b"" if line == b"quick" else sms(line)) as fake:
        said = failure("at", "quick", port=fake.name)
        assert "quick: no answer within 1.5 s" in said
        with serial.Serial(fake.name, timeout=0) as port:
            script = Script(SerialUART(port, fake.name), lambda text: None)
            for command, limit in ((b"AT+CMGS=1", 60), (b"hello\x1a", 60), (b"AT+X", 1.5)):
                assert script.run(command)
                assert script._limit == limit


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (b"AT+CAOPEN=0", 90),
        (b"at+qiact=1", 150),
        (b"AT+USOCO=0", 130),
        (b"AT^SICA=1,1", 150),
        (b"AT+CSIM=4", 35),
        (b"AT+NOSUCH", 5),
        (b"hello", 5),
    ],
)
def test_commands_of_all_vendors_have_their_time(command, seconds):
    assert modem_dialogue._usual(command, AnyModem.limits) == seconds


class Talker:
    """A UART that never stops sending; the command does not call `any`."""

    def __init__(self, said):
        self._said = said

    def read(self):
        return self._said

    def write(self, data):
        return len(data)


@pytest.mark.parametrize("said", [b"\r\n+X: 1\r\n", b"x"])
def test_a_modem_that_never_stops_talking(monkeypatch, said):
    """The clock advances by a tenth of a second with each look at it."""
    now = itertools.count()
    monkeypatch.setattr(modem_dialogue.time, "monotonic", lambda: next(now) / 10)
    lines = []
    script = Script(Talker(said), lines.append, 1.0)
    with pytest.raises(PortError, match="AT: no answer within 1 s"):
        script.run(b"AT")
    script.listen(0.5)
    script.close()
    assert lines and next(now) < 200


def test_a_silent_port(monkeypatch):
    monkeypatch.setattr(connection, "BOOT_MS", 1_200)
    with FakeModem(lambda line: b"") as fake:
        assert "no modem answers" in failure("at", "ATI", port=fake.name)


def test_garbage_on_the_line(monkeypatch):
    monkeypatch.setattr(connection, "BOOT_MS", 1_200)
    with FakeModem(lambda line: b"\xf0\x80\x1b[2J") as fake:
        assert "garbage" in failure("at", "ATI", port=fake.name)


def test_ports_that_cannot_be_meant():
    assert "a card reader has no modem" in refusal("at", "ATI", port="pcsc:")


# -- hostile output -------------------------------------------------------------------------


def test_nothing_steers_the_terminal():
    said = b"\r\n\x1b[2J\x07\x9b31mred\xff\x00\x08\r\n" + OK
    with FakeModem(lambda line: said if line == b"ATI" else OK) as fake:
        done = modem("at", "ATI", port=fake.name)
    assert done.stdout == r"\x1b[2J\x07\x9b31mred\xff\x00\x08" + "\nOK\n"


def test_a_line_without_end():
    with FakeModem(lambda line: b"x" * 20_000 + OK if line == b"ATI" else OK) as fake:
        done = modem("at", "ATI", port=fake.name)
    assert "".join(done.stdout.split()) == "x" * 20_000 + "OK"


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_lines_lose_nothing_wherever_they_are_cut(parts):
    whole, cut = LineSplitter(), LineSplitter()
    expected = whole.feed(b"".join(parts))
    found = [line for part in parts for line in cut.feed(part)]
    assert [line for line in found if line] == [line for line in expected if line]
    assert cut.rest == whole.rest
    for line in expected:
        assert shown(line).isprintable()


@given(st.integers(0, 3 * LONGEST))
def test_no_line_is_kept_longer_than_that(size):
    lines = LineSplitter()
    pieces = lines.feed(b"x" * size)
    assert len(lines.rest) < LONGEST
    assert b"".join(pieces) + lines.rest == b"x" * size


@pytest.mark.parametrize(
    ("line", "ends", "bad"),
    [
        (b"OK", True, False),
        (b"OKAY", False, False),
        (b"ERROR", True, True),
        (b"+CME ERROR: 10", True, True),
        (b"+CME ERROR", False, False),
        (b"0, SEND OK", True, False),
        (b"SHUT OK", True, False),
        (b"SEND FAIL", True, True),
        (b"CONNECT 115200", True, False),
        (b"0, CONNECT OK", False, False),
        (b"NORMAL POWER DOWN", True, False),
        (b"+CSQ: OK", False, False),
        (b"", False, False),
    ],
)
def test_where_an_answer_ends(line, ends, bad):
    assert (final(line), failed(line)) == (ends, bad)


# -- the terminal ---------------------------------------------------------------------------


def terminal(port):
    return PtyTerminal([*COMMAND, "modem", "at", "--port", port], environment())


@pytest.mark.parametrize("end", ["\x1d", "AT+CS\x1d", "\x04"])
def test_a_terminal_until_somebody_ends_it(end):
    with lab() as running, terminal(running.uart) as typed:
        typed.wait_for("Ctrl-]")
        mark = typed.type("AT+CSQ\n")
        typed.wait_for("+CSQ: 20,0\r\nOK\r\n", mark)
        assert typed.shown[mark:].count("AT+CSQ") == 1  # the typed text; the modem's echo is off
        running.call(running.modem.urc, "+CUSTOM: \x1b[2J\x07")
        typed.wait_for(r"+CUSTOM: \x1b[2J\x07")
        assert "\x1b[2J" not in typed.shown
        typed.type(end)
        assert typed.wait() == 0


def test_a_prompt_shows_and_text_ends_with_ctrl_z():
    with FakeModem(sms) as fake, terminal(fake.name) as typed:
        typed.wait_for("Ctrl-]")
        mark = typed.type('AT+CMGS="1"\n')
        typed.wait_for("> ", mark)
        typed.type("hello\x1a")
        typed.wait_for("+CMGS: 7", mark)
        assert fake.heard[-1] == b"hello\x1a"
        typed.type("\x1d")
        assert typed.wait() == 0


def test_a_modem_that_is_unplugged():
    with FakeModem(lambda line: None) as fake, terminal(fake.name) as typed:
        typed.wait_for("Ctrl-]")
        typed.type("AT\n")
        typed.wait_for("the port is gone")
        assert typed.wait() == 1


def test_the_terminal_is_as_it_was_in_the_end():
    ours, theirs = pty.openpty()
    try:
        before = termios.tcgetattr(theirs)
        with pytest.raises(KeyboardInterrupt), modem_terminal._line_ends(theirs):
            assert termios.tcgetattr(theirs)[6][termios.VEOL] == b"\x1d"
            raise KeyboardInterrupt
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)


# -- transcripts ----------------------------------------------------------------------------


def test_secrets_are_shown_and_in_no_transcript(tmp_path):
    file = tmp_path / "modem.jsonl"
    verify = 'AT+CSIM=26,"0020000108313233343536FFFF"'
    commands = ['AT+CPIN="4711"', verify, 'AT+CGAUTH=1,2,"me","s3cret"', "AT+CSQ"]
    with FakeModem(lambda line: b"\r\nPIN 4711 s3cret\r\n" + OK if b"CSQ" in line else OK) as fake:
        said = modem("at", *commands, port=f"{fake.name}?transcript={file}").stdout
    assert "PIN 4711 s3cret" in said
    hosts = [entry["host"] for entry in transcript(file) if "host" in entry]
    whole = json.dumps(hosts)
    for secret in ("4711", "3132", "s3cret"):
        assert secret not in whole
    for command in ("AT+CPIN=", "AT+CSIM=", "AT+CGAUTH=", "AT+CSQ"):
        assert command in whole


@pytest.mark.parametrize("where", ["pty", "sim"])
def test_a_transcript_of_the_other_commands(tmp_path, where):
    file = tmp_path / "modem.jsonl"
    words = ("attach", "--pin", "4711", "--apn", "a", "--user", "me", "--password", "s3cret")
    if where == "sim":
        modem(*words, port=f"sim:?modem=bg95&delays=0&pin=4711&transcript={file}")
        assert transcript(file)[0]["modem"] == "bg95"
    else:
        with lab(personality="bg95", pin="4711") as running:
            modem(*words, port=f"{running.uart}?transcript={file}")
    whole = json.dumps(transcript(file))
    assert "+QIACT" in whole and "+CPIN=" in whole
    assert "4711" not in whole and "s3cret" not in whole


def transcript(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_transcript_that_cannot_be_written(tmp_path):
    said = failure("at", "ATI", port=f"sim:?transcript={tmp_path}")
    assert "name a file that does not exist yet" in said
