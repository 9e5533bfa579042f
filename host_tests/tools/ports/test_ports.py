"""The ports of the commands on a card: modems on a pty and on TCP, the simulator, and the errors
without them."""

import errno
import os
import pty
import signal
import socket
import subprocess
import threading
import time

import pytest
import serial
from fake_modem import FakeModem
from iotsafe_command import COMMAND, answer, environment, failure, iotsafe, refusal

import cellular
import iotsafe as iotsafe_client
from iotsafe_tools.console.errors import PortError, as_tool_error
from iotsafe_tools.lab import Lab
from iotsafe_tools.ports import modem as port_modem
from iotsafe_tools.ports import open_channel
from iotsafe_tools.ports.modem import SerialUART
from iotsafe_tools.testbed import PATIENCE

PIN = "4711"


def url(lab):
    return lab.uart.replace("tcp:", "socket://", 1)


def lab(uart="pty", **options):
    return Lab(uart, delays=0.0, **options)


@pytest.fixture(params=["pty", "tcp:127.0.0.1:0"])
def modem(request):
    with lab(request.param) as running:
        yield running


OK = b"\r\nOK\r\n"


# -- modems ---------------------------------------------------------------------------------


def test_a_modem(modem):
    whole = answer("random", "16", "--port", url(modem))
    assert len(whole["random"]) == 32
    assert whole["port"].startswith("SIMCOM_SIM7080 modem on ")
    assert url(modem) in whole["port"]
    assert whole["aid"] == "A0000005590010"
    listed = iotsafe("objects", "--port", url(modem)).stdout
    assert "private key  01" in listed


def test_the_channel_is_closed_at_the_end(modem):
    for _ in range(2):
        done = answer("apdu", "0084000004", "--port", url(modem))
        assert done["exchanges"][0]["command"] == "0184000004"
    assert "1 channels open" in repr(modem.card)


def test_the_rate_is_part_of_the_url():
    with lab() as running:
        assert (
            "at 9600 baud" in answer("random", "1", "--port", f"{running.uart}?baud=9600")["port"]
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_closes_its_channel(tmp_path, number):
    signing, interrupted, exchanges = threading.Event(), threading.Event(), []

    def watch(event):
        if "apdu" in event:
            exchanges.append((event["apdu"], event["sw"]))
            if event["apdu"].startswith("012B"):
                signing.set()
                interrupted.wait(PATIENCE)  # the command cannot have the answer before

    with lab(sign_ms=1000.0, on_event=watch) as running:
        command = [*COMMAND, "sign", "01", "--digest", "00" * 32, "--port", running.uart]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
        )
        try:
            assert signing.wait(PATIENCE)
            process.send_signal(number)
            interrupted.set()
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
        assert (process.returncode, out) == (128 + number, "")
        assert err == ("iotsafe sign: interrupted\n" if number == signal.SIGINT else "")
        assert exchanges[-1] == ("0070800100", "9000")
        assert "1 channels open" in repr(running.card)


def test_a_modem_that_restarts():
    with lab(faults=["reset:at=apdu:84"], nvm={"+IPR": (115200,)}) as running:
        said = failure("random", "4", "--port", running.uart)
    assert "the modem restarted" in said
    assert "try again" in said


def test_a_sim_that_is_not_there():
    with lab(sim_inserted=False) as running:
        said = failure("random", "4", "--port", running.uart)
    assert "SIM not inserted" in said
    assert "check that the SIM is inserted" in said


# -- PIN ------------------------------------------------------------------------------------


@pytest.fixture
def locked():
    with lab(pin=PIN) as running:
        yield running


def test_a_pin_is_asked_for(locked):
    said = failure("random", "4", "--port", locked.uart)
    assert "asks for a PIN" in said
    assert "--pin" in said and "IOTSAFE_SIM_PIN" in said
    assert answer("random", "4", "--port", locked.uart, "--pin", PIN)["random"]
    assert answer("random", "4", "--port", locked.uart)["random"]  # the PIN was entered before


def test_the_pin_of_the_environment(locked):
    assert answer("random", "4", "--port", locked.uart, IOTSAFE_SIM_PIN=PIN)["random"]


def test_a_wrong_pin_is_entered_once_and_not_shown(locked):
    said = failure("random", "4", "--port", locked.uart, "--pin", "9876")
    assert "the PIN was refused" in said
    assert "the third wrong one locks the SIM" in said
    assert "9876" not in said
    assert locked.modem.sim.tries == 2


def test_the_last_attempt_is_left_to_a_person(locked):
    locked.modem.sim.tries = 1
    said = failure("random", "4", "--port", locked.uart, "--pin", "9876")
    assert "the last attempt is left to a person" in said
    assert locked.modem.sim.tries == 1


def test_a_locked_sim(locked):
    locked.modem.sim.tries, locked.modem.sim.state = 0, "puk"
    said = failure("random", "4", "--port", locked.uart, "--pin", PIN)
    assert "the SIM asks for its PUK" in said
    assert locked.modem.sim.tries == 0


@pytest.mark.parametrize("pin", ["123", "123456789", "12a4", ""])
def test_what_is_no_pin(locked, pin):
    assert "4 to 8 digits" in refusal("random", "4", "--port", locked.uart, "--pin", pin)
    assert locked.modem.sim.tries == 3


# -- no modem -------------------------------------------------------------------------------


def test_no_such_port(tmp_path):
    said = failure("objects", "--port", tmp_path / "ttyUSB0")
    assert "ttyUSB0: no such port" in said
    assert "`pyserial-ports`" in said
    whole = answer("objects", "--port", tmp_path / "ttyUSB0", status=1)
    assert whole.keys() == {"error", "advice"}
    assert "no such port" in whole["error"]
    assert "`pyserial-ports`" in whole["advice"]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_port_that_is_none(tmp_path, what):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert "it is not a serial port" in failure("objects", "--port", tmp_path / what)


def test_a_port_that_is_in_use():
    with lab() as running, serial.Serial(running.uart, exclusive=True):
        said = failure("objects", "--port", running.uart)
    assert "another program has it open" in said
    assert "close that first" in said


def test_a_port_without_the_right_to_it(monkeypatch, tmp_path):
    """This is not tested as a process: root, who may run the tests, has every right."""

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("serial.serialposix.os.open", refuse)
    with pytest.raises(PortError, match="no right to open it: join the group"):
        port_modem.open_serial(str(tmp_path / "ttyUSB0"), 115200)


def test_a_rate_that_the_port_does_not_do(monkeypatch):
    def refuse(*_, **__):
        raise ValueError("Invalid baud rate")

    with lab() as running:
        monkeypatch.setattr("serial.Serial._reconfigure_port", refuse)
        with pytest.raises(PortError, match="300 baud: choose another"):
            port_modem.open_serial(running.uart, 300)


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = failure("objects", "--port", f"socket://127.0.0.1:{port}")
    assert "nothing listens there" in said
    assert "check the address" in said


def test_a_modem_that_is_silent():
    with FakeModem(lambda line: b"") as fake:
        said = failure("objects", "--port", f"{fake.name}?baud=9600")
    assert "no modem answers" in said
    assert "power key" in said
    assert "9600 baud" in said


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (lambda line: line + b"\r\n", "only echoes"),
        (lambda line: b"\xf0\x80\xff\x00\xf8", "garbage"),
        (lambda line: line + b"\r\nNameError: name 'AT' isn't defined\r\n>>> ", "garbage"),
    ],
)
def test_what_is_no_modem(reply, complaint):
    with FakeModem(reply) as fake:
        said = failure("objects", "--port", fake.name)
    assert complaint in said
    assert said.endswith("or it is not a modem\n")


def test_a_modem_without_access_to_the_sim():
    """It has AT+CPIN, and neither AT+CSIM nor another way to send APDUs."""

    def reply(line):
        if line == b"AT+CPIN?":
            return b"\r\n+CPIN: READY\r\n" + OK
        refused = line.startswith((b"AT+CSIM", b"AT+CCHO", b"AT+CGLA"))
        return b"\r\nERROR\r\n" if refused else OK

    with FakeModem(reply) as fake:
        said = failure("objects", "--port", fake.name)
    assert "refused by the modem" in said


def test_a_modem_that_hangs_up():
    def reply(line):
        if line == b"AT+CPIN?":
            return b"\r\n+CPIN: READY\r\n" + OK
        return None if line.startswith((b"AT+CSIM", b"AT+CCHO")) else OK

    with FakeModem(reply) as fake:
        said = failure("objects", "--port", fake.name)
    assert "the port is gone" in said
    assert "check the cable" in said


def test_a_server_that_hangs_up():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        said = failure("objects", "--port", f"socket://127.0.0.1:{server.getsockname()[1]}")
        thread.join(PATIENCE)
    assert "the port is gone" in said


# -- URLs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "complaint"),
    [
        ("", "the port is missing"),
        ("/dev/ttyUSB0?baud=fast", "baud is a number"),
        ("/dev/ttyUSB0?baud=299", "from 300 to 4000000"),
        ("/dev/ttyUSB0?baud", "?name=value"),
        ("nosuch://thing", "'nosuch' not known"),
        ("sim:?profile=nosuch", "no SIM profile 'nosuch'"),
        ("sim:?colour=red", "no option 'colour'"),
        ("pcsc:?baud=9600", "no option 'baud'"),
    ],
)
def test_urls_that_cannot_be(port, complaint):
    assert complaint in refusal("objects", "--port", port)


# -- the simulator --------------------------------------------------------------------------


def test_a_new_card_in_memory():
    whole = answer("objects", "--port", "SIM:")
    assert "in memory" in whole["port"]
    assert len(whole["objects"]) == 7


def test_a_card_in_a_file_is_made_once(tmp_path):
    """A card that is opened twice is the same, and no other user may access its file."""
    path = tmp_path / "sim.json"
    keys = [
        answer("apdu", "00CD00000385010100", "--port", f"sim:{path}")["exchanges"][0]["data"]
        for _ in range(2)
    ]
    assert keys[0] == keys[1] and keys[0].startswith("3445")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_profile_of_the_simulated_card(tmp_path):
    """The profile defines what a new card holds, and how any card behaves."""
    path = tmp_path / "sim.json"
    for port in ("sim:?profile=zariot", f"sim:{path}?profile=zariot", f"sim:{path}"):
        listed = answer("objects", "--port", port)["objects"]
        assert [entry["id"] for entry in listed] == ["303036", "303037", "303038"], port
    select = ["0070000001", "01A4040007A0000005590010"]
    for port, sw in (("sim:?profile=zariot", "6147"), ("sim:?profile=card-l3", "6A82")):
        read = "01CD0000058503" + "303037" + "00"
        done = answer("apdu", "--raw", *select, read, "--port", port)
        assert sw in [entry["sw"] for entry in done["exchanges"]], port


def test_a_store_that_cannot_be_used(tmp_path):
    damaged = tmp_path / "damaged.json"
    damaged.write_text("{}")
    damaged.chmod(0o600)
    said = failure("objects", "--port", f"sim:{damaged}")
    assert f"{damaged} is damaged" in said
    assert "restore it" in said
    damaged.chmod(0o644)
    whole = answer("objects", "--port", f"sim:{damaged}", status=1)
    assert "others may access it" in whole["error"]
    assert "chmod 600" in whole["advice"]


# -- the UART -------------------------------------------------------------------------------


@pytest.fixture
def uart():
    """Return (a SerialUART, the file descriptor of its other end)."""
    ours, theirs = pty.openpty()
    port = serial.serial_for_url(os.ttyname(theirs), timeout=0, write_timeout=0.2)
    yield SerialUART(port, "pty"), ours
    port.close()
    os.close(theirs)
    os.close(ours)


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_uart_has_the_shape_of_machine_uart(uart):
    port, other = uart
    assert (port.any(), port.read(), port.read(3), port.readinto(bytearray(3))) == (0, *[None] * 3)
    os.write(other, b"hello, world")
    until(lambda: port.any() == 12)
    buffer = bytearray(6)
    assert (port.readinto(buffer), buffer) == (6, b"hello,")
    assert port.read(2) == b" w"
    assert port.read() == b"orld"
    assert port.write(memoryview(b"AT\r")) == 3
    assert os.read(other, 10) == b"AT\r"


def test_the_uart_takes_nothing_when_the_other_end_is_full(uart):
    port, _ = uart
    assert port.write(bytes(100_000)) == 0


def test_the_uart_whose_port_is_gone(uart):
    port, _ = uart
    port._port.close()
    for use in (
        port.any,
        port.read,
        lambda: port.readinto(bytearray(1)),
        lambda: port.write(b"x"),
    ):
        with pytest.raises(PortError, match="pty: the port is gone"):
            use()


def test_a_channel_for_programs():
    with open_channel("sim:") as port:
        data, sw = port.channel.transmit(bytes.fromhex("0070000001"))
        assert (bytes(data), sw) == (b"\x01", 0x9000)


@pytest.mark.parametrize(
    ("error", "problem", "advice"),
    [
        (cellular.NetworkError("not-searching"), "not searching", "check antenna"),
        (cellular.ModemTimeout("no-answer", "AT+CSIM"), "AT+CSIM: no answer", "cycle the modem's"),
        (cellular.ModemReset("restarted", "AT+CSIM"), "the modem restarted", "try again"),
        (
            iotsafe_client.CardError("refused", 0x6A82, "READ FILE", "file 09"),
            "READ FILE file 09",
            "objects",
        ),
        (
            iotsafe_client.CardProtocolError("not-understood", "READ FILE", "odd"),
            "odd",
            "at fault",
        ),
        (iotsafe_client.NoKey("no-key"), "no private key", "enrol"),
        (PortError("gone", "plug it in"), "gone", "plug it in"),
    ],
)
def test_a_failure_of_any_layer_is_told_in_two_parts(error, problem, advice):
    line = as_tool_error(error)
    assert problem in line.problem
    assert advice in line.advice
    assert str(line) == f"{line.problem}: {line.advice}"
