"""The lab on a pseudo terminal and on TCP, seen from another program."""

import contextlib
import json
import os
import re
import select
import socket
import threading
import time
import tty

import pytest
from modem_bench import EchoServer, StubCard

from iotsafe_tools.lab import Lab, LabError, issuer_console
from iotsafe_tools.simulator.modem.control import LINE_LIMIT
from iotsafe_tools.testbed import PATIENCE

TRIES = 20  # a busy machine may spoil one try


class Host:
    """The other end of the lab's UART: a device or a TCP connection, with time-outs."""

    def __init__(self, where):
        self.socket = None
        if where.startswith("tcp:"):
            _, host, port = where.split(":")
            self.socket = socket.create_connection((host, int(port)))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.fd = self.socket.fileno()
        else:
            self.fd = os.open(where, os.O_RDWR | os.O_NOCTTY)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.socket:
            self.socket.close()
        else:
            os.close(self.fd)

    def write(self, data):
        while data:
            data = data[os.write(self.fd, data) :]

    def read(self):
        assert select.select([self.fd], [], [], PATIENCE)[0], "the lab is silent"
        return os.read(self.fd, 4096)

    def until(self, text):
        got = b""
        while text not in got:
            got += self.read()
        return got

    def ask(self, line):
        self.write(line.encode() + b"\r")
        return self.until(b"\r\nOK\r\n")


def lab(uart="pty", **options):
    options.setdefault("card", StubCard({"0070000001": "019000"}))
    options.setdefault("delays", 0.0)
    return Lab(uart, **options)


@pytest.fixture(params=["pty", "tcp:127.0.0.1:0"])
def place(request):
    return request.param


def test_dialogue(place):
    with lab(place) as bench, Host(bench.uart) as host:
        assert host.ask("AT") == b"AT\r\r\nOK\r\n"
        host.ask("ATE0")
        assert host.ask('AT+CSIM=10,"0070000001"') == b'\r\n+CSIM: 6,"019000"\r\n\r\nOK\r\n'


def test_the_host_may_leave_and_come_back(place):
    with lab(place, nvm={"+IPR": (115200,)}) as bench:
        for _ in range(5):
            with Host(bench.uart) as host:
                host.ask("ATE0")
                assert host.ask("AT+CGMM") == b"\r\nSIMCOM_SIM7080\r\n\r\nOK\r\n"
            bench.call(bench.modem.urc, "LOST")  # no listener
            wait(lambda: not bench._shell.attached)


def test_what_was_said_to_nobody_is_lost(place):
    with lab(place, nvm={"+IPR": (115200,)}) as bench:
        wait(lambda: bench.modem.ready and not bench.modem.uart.waiting)
        for _ in range(3):
            bench.call(bench.modem.urc, "LOST")
        wait(lambda: not bench.modem.uart.waiting)
        with Host(bench.uart) as host:
            assert b"LOST" not in host.ask("AT")


def wait(test):
    due = time.monotonic() + PATIENCE
    while not test():
        assert time.monotonic() < due
        time.sleep(0.002)


def pass_through_echo(host, port, size):
    host.ask("ATE0")
    host.write(b"AT+CNACT=0,1\r")
    host.until(b"ACTIVE\r\n")
    assert b"+CAOPEN: 0,0" in host.ask(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{port}')
    data = bytes(i * 11 & 255 for i in range(size))
    returned = b""
    for start in range(0, size, 1460):
        part = data[start : start + 1460]
        host.write(b"AT+CASEND=0,%d\r" % len(part))
        host.until(b">")
        host.write(part)
        host.until(b"OK\r\n")
        returned += read_some(host)
    while len(returned) < size:
        returned += read_some(host)
    assert returned == data


def read_some(host):
    host.write(b"AT+CARECV=0,1460\r")
    text = host.until(b"+CARECV: ").partition(b"+CARECV: ")[2]
    while b"\r" not in text:
        text += host.read()
    if text.startswith(b"0\r"):
        while b"\r\nOK\r\n" not in text:
            text += host.read()
        return b""
    count, _, rest = text.partition(b",")
    while len(rest) < int(count) + 8:
        rest += host.read()
    return rest[: int(count)]


def test_64_kilobytes_both_ways(place):
    with EchoServer() as server, lab(place) as bench, Host(bench.uart) as host:
        pass_through_echo(host, server.port, 65536)
        assert bench.counters["tcp_up"] == bench.counters["tcp_down"] == 65536
        assert bench.counters["uart_lost"] == 0


def paced(place):
    """Return the seconds that bytes took both ways, and the time for that many bytes at that
    rate."""
    with EchoServer() as server, lab(place, baud=115200) as bench, Host(bench.uart) as host:
        began = time.monotonic()
        pass_through_echo(host, server.port, 8760)
        seconds = time.monotonic() - began
        counters = bench.counters
    line = sum(n for name, n in counters.items() if name.startswith(("uart_up", "uart_down")))
    return seconds, line * 10 / 115200


def test_paced(place):
    """Never faster than the line, and hardly slower, unless the machine is busy."""
    for _ in range(TRIES):
        seconds, due = paced(place)
        assert seconds >= due * 0.98
        if seconds <= due * 1.3 + 0.3:
            return
    raise AssertionError(f"{seconds:.1f} s instead of {due:.1f} s, {TRIES} times")


def test_link(tmp_path):
    link = tmp_path / "modem"
    with lab(f"pty:{link}") as bench:
        assert bench.uart == str(link)
        assert os.readlink(link).startswith("/dev/")
        with Host(bench.uart) as host:
            assert host.ask("AT").endswith(b"OK\r\n")
    assert not os.path.lexists(link)


def test_link_is_raw_and_eight_bits_clean(tmp_path):
    with lab() as bench, Host(bench.uart) as host:
        mode = tty.tcgetattr(host.fd)
        assert not mode[3] & (tty.ECHO | tty.ICANON | tty.ISIG)
        assert not mode[1] & tty.OPOST


def test_a_stale_link_is_replaced_and_a_file_is_not(tmp_path):
    link = tmp_path / "modem"
    link.symlink_to("/nowhere")
    with lab(f"pty:{link}"):
        assert os.path.exists(link)
    link.write_text("precious")
    with pytest.raises(LabError, match="use another name"):
        lab(f"pty:{link}")
    assert link.read_text() == "precious"
    with pytest.raises(LabError, match="cannot link"):
        lab(f"pty:{tmp_path}/no/folder")


def test_a_link_in_use_is_refused_and_stays(tmp_path):
    link = tmp_path / "modem"
    (tmp_path / "elsewhere").symlink_to(tmp_path)  # the same folder by another name
    with lab(f"pty:{link}") as first:
        before = os.readlink(link)
        for name in (link, tmp_path / "elsewhere" / "modem"):
            with pytest.raises(LabError, match="the UART of another running lab; stop that one"):
                lab(f"pty:{name}")
        assert os.readlink(link) == before
        with lab(f"pty:{link}2"), Host(first.uart) as host:
            host.ask("AT")
    with lab(f"pty:{link}") as again, Host(again.uart) as host:
        host.ask("AT")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_a_control_port_for_other_machines_needs_a_word(host):
    with pytest.raises(LabError, match="--internet"):
        lab(control=f"tcp:{host}:0")
    if host == "0.0.0.0":
        with lab(control=f"tcp:{host}:0", loopback_only=False) as bench:
            assert bench.control
    for near in ("localhost", "127.0.0.2"):
        with lab(control=f"tcp:{near}:0") as bench:
            assert bench.control


def test_a_link_that_another_took_over_is_left_alone(tmp_path):
    link = tmp_path / "modem"
    bench = lab(f"pty:{link}").start()
    link.unlink()
    link.symlink_to("/dev/null")
    bench.stop()
    assert os.readlink(link) == "/dev/null"


def test_nothing_is_left_behind(place):
    def open_files():
        return len(os.listdir("/proc/self/fd"))

    lab(place).stop()
    before, threads = open_files(), threading.active_count()
    with EchoServer() as server:
        for _ in range(3):
            with lab(place) as bench, Host(bench.uart) as host:
                host.write(b"ATE0\r")
                host.until(b"OK\r\n")
                host.write(b"AT+CNACT=0,1\r")
                host.until(b"ACTIVE\r\n")
                host.ask(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{server.port}')
            bench.stop()  # a second time does no harm
    wait(lambda: threading.active_count() == threads)  # those of the server also end soon
    wait(lambda: open_files() == before)


def test_a_new_tcp_host_replaces_the_old():
    with lab("tcp:127.0.0.1:0") as bench, Host(bench.uart) as first:
        first.ask("AT")
        with Host(bench.uart) as second:
            second.ask("AT")
            assert first.read() == b""


@pytest.mark.parametrize("where", ["serial", "tcp:1", "tcp:127.0.0.1:x", "tcp:127.0.0.1:99999"])
def test_places_that_do_not_exist(where):
    with pytest.raises(LabError, match=r"UART|listen"):
        lab(where)


def test_port_in_use():
    with lab("tcp:127.0.0.1:0") as bench, pytest.raises(LabError, match="cannot listen"):
        lab(bench.uart)


def test_a_place_with_an_ipv6_address():
    with lab("tcp:[::1]:0", control="tcp:[::1]:0") as bench:
        for place in (bench.uart, bench.control):
            assert re.fullmatch(r"tcp:\[::1\]:\d+", place), place
        assert issuer_console.ask(bench.control, "counters")["ok"] is True


def test_a_store_in_use_is_refused_by_any_name(tmp_path):
    store = tmp_path / "sim.json"
    (tmp_path / "other.json").symlink_to(store)
    with Lab(store=str(store)):
        for name in ("sim.json", "other.json"):
            with pytest.raises(LabError, match="the SIM store of another running lab"):
                Lab(store=str(tmp_path / name))


WRONG = (
    {"baud": 1},
    {"faults": ["nosuch"]},
    {"registration": "x"},
    {"colour": 1},
    {"delays": -1.0},
    {"delays": float("nan")},
    {"delays": float("inf")},
    {"pin": ""},
    {"pin": "123"},
    {"pin": "123456789"},
    {"pin": "12a4"},
)


def test_wrong_options():
    for options in WRONG:
        with pytest.raises(LabError):
            lab(**options)


def test_log_has_events_and_no_pin(tmp_path):
    log = tmp_path / "lab.log"
    with lab(log=str(log), pin="4711") as bench, Host(bench.uart) as host:
        host.ask('AT+CPIN="4711"')
        host.ask('AT+CSIM=10,"0070000001"')
    text = log.read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert "4711" not in text
    assert {"power", "at", "apdu", "network"} <= {event["kind"] for event in events}
    apdu = next(event for event in events if event["kind"] == "apdu")
    assert (apdu["apdu"], apdu["response"], apdu["sw"]) == ("0070000001", "019000", "9000")
    assert [event["t"] for event in events] == sorted(event["t"] for event in events)


def test_faults_by_call():
    with lab() as bench, Host(bench.uart) as host:
        host.ask("ATE0")
        bench.call(bench.modem.faults.add, "cme", prefix="+CGMM", times=1)
        host.write(b"AT+CGMM\r")
        assert host.until(b"ERROR\r\n") == b"\r\nERROR\r\n"
        assert host.ask("AT+CGMM").startswith(b"\r\nSIMCOM")


def test_the_lab_outlives_a_broken_part():
    with lab() as bench, Host(bench.uart) as host:
        read = bench.line.write
        failures = [ZeroDivisionError("broken")]

        def write(data):
            if failures:
                raise failures.pop()
            read(data)

        bench.line.write = write
        host.write(b"AT\r")
        wait(lambda: bench.counters["handler_errors"] == 1)
        assert host.ask("AT").endswith(b"OK\r\n")


def control(bench, *lines):
    host, port = bench.control[4:].split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        stream = connection.makefile("rw")
        answers = []
        for line in lines:
            stream.write(line + "\n")
            stream.flush()
            answers.append(json.loads(stream.readline()))
        return answers


def test_control_port():
    options = {"auto_power": False, "control": "tcp:127.0.0.1:0"}
    with lab(**options) as bench, Host(bench.uart) as host:
        assert control(bench, "counters")[0]["boots"] == 0
        assert control(bench, "key down") == [{"ok": True}]
        wait(lambda: bench.modem.ready)
        assert control(bench, "key up", "fault cme:prefix=+CGMM,times=1") == [{"ok": True}] * 2
        host.ask("ATE0")
        host.write(b"AT+CGMM\r")
        assert host.until(b"ERROR\r\n") == b"\r\nERROR\r\n"
        assert "error" in control(bench, "explode")[0]
        assert "error" in control(bench, "fault nosuch")[0]


def test_control_port_survives_noise():
    with lab(control="tcp:127.0.0.1:0") as bench:
        host, port = bench.control[4:].split(":")
        noisy = socket.create_connection((host, int(port)), PATIENCE)
        with noisy, contextlib.suppress(ConnectionError):  # it may hang up before it has read all
            noisy.sendall(b"\xff" * (LINE_LIMIT + 5000))
            assert noisy.recv(1) == b""
        assert control(bench, "counters")[0]["ok"] is True
