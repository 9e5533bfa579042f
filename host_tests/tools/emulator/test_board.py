"""Pins, resets, entropy and time of the emulated board; the modem behind it; errors."""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
from errno import ECONNRESET, ENOTCONN, EPIPE
from pathlib import Path

import pytest
from processes import await_end, runs

from iotsafe_tools.emulator import EmulatorError, Pico
from iotsafe_tools.emulator import pico as module
from iotsafe_tools.lab import Lab

CAUSE = "import machine; print(machine.reset_cause())"
POWER_ON, WATCHDOG = "1\n", "3\n"


# -- pins -----------------------------------------------------------------------------------------


def test_the_host_sees_what_the_board_drives(pico):
    pico.exec("pass")  # ends the application, which switches its LED off
    mark = pico.mark
    code = (
        "import machine, time\nled = machine.Pin(25, machine.Pin.OUT, value=1)\n"
        "time.sleep_ms(100)\nled.value(0)\nprint(led.value())\nled.value(1)\nprint(led.value())\n"
        "led.init(machine.Pin.IN, None)"
    )
    assert pico.exec(code) == "0\n1\n"
    pico.gpio.wait(25, None, after=mark)
    seen = [e for e in pico.events[mark:] if e["event"] == "gpio" and e["pin"] == 25]
    assert [e["value"] for e in seen] == [1, 0, 1, None]
    assert seen[1]["us"] - seen[0]["us"] == pytest.approx(100_000, abs=1000)


def test_the_board_sees_what_the_host_drives(pico):
    read = "print(pin.value())"
    pico.exec("import machine; pin = machine.Pin(3, machine.Pin.IN, machine.Pin.PULL_UP)")
    assert pico.exec(read) == "1\n"
    pico.gpio[3] = 0
    assert pico.exec(read) == "0\n"
    pico.gpio[3] = None
    assert pico.exec(read) == "1\n"
    pico.exec("pin.init(machine.Pin.IN, machine.Pin.PULL_DOWN)")
    assert pico.exec(read) == "0\n"
    pico.gpio[3] = 1
    assert pico.exec(read) == "1\n"
    pico.gpio[3] = None


def test_a_pin_interrupts_once_per_edge(pico):
    pico.exec(
        "import machine; edges = []; pin = machine.Pin(4, machine.Pin.IN, machine.Pin.PULL_UP)\n"
        "pin.irq(lambda p: edges.append(p.value()), machine.Pin.IRQ_FALLING)"
    )
    for value in (0, 0, 1, 0, None):
        pico.gpio[4] = value
        pico.counters()
    assert pico.exec("import time; time.sleep_ms(10); print(edges)") == "[0, 0]\n"
    pico.exec("pin.irq(None)")


def test_a_fast_signal_is_thinned_out_and_ends_right(pico):
    mark = pico.mark
    pico.exec(
        "import machine\np = machine.Pin(15, machine.Pin.OUT, value=0)\n"
        "for i in range(20000): p.toggle()\np.value(1)"
    )
    pico.gpio.wait(15, 1, after=mark)
    pico.counters()
    events = [e for e in pico.events[mark:] if e["event"] == "gpio" and e["pin"] == 15]
    assert len(events) + sum(e.get("lost", 0) for e in events) <= 20002
    assert pico.gpio[15] == 1


def test_outside_levels_stay_over_a_power_cut(boards):
    board = boards()
    board.gpio[7] = 1
    board.power_cut()
    board.start()
    code = "import machine; print(machine.Pin(7, machine.Pin.IN).value())"
    assert board.exec(code) == "1\n"


# -- resets ---------------------------------------------------------------------------------------


def test_reset_causes(boards):
    board = boards()
    assert board.exec(CAUSE) == POWER_ON
    board.mpremote("reset")
    board.wait_event("reset", cause="watchdog")
    assert board.exec(CAUSE) == WATCHDOG
    board.reset()
    assert board.exec(CAUSE) == POWER_ON
    mark = board.mark
    board.power(False)
    board.wait_event("power", after=mark)  # those of the pins come before it
    assert board.gpio.driven == {}
    board.power(True)
    assert board.exec(CAUSE) == POWER_ON
    counters = board.counters()
    assert [counters[f"resets.{c}"] for c in ("power", "run", "watchdog")] == [2, 1, 1]


def test_the_watchdog_fires_when_it_is_not_fed_and_only_then(boards):
    board = boards()
    code = (
        "import machine, time\np = machine.Pin(16, machine.Pin.OUT, value=1)\n"
        "w = machine.WDT(timeout=700)\n"
        "for i in range(10):\n time.sleep_ms(200)\n w.feed()\np.value(0)\nwhile True: pass"
    )
    board.mpremote("exec", "--no-follow", code)
    fed = board.gpio.wait(16, 0)
    fired = board.wait_event("reset", cause="watchdog")
    assert fired["us"] - fed["us"] == pytest.approx(700_000, abs=2000)
    assert board.exec(CAUSE) == WATCHDOG


def test_the_boot_loader_halts_the_board_until_it_is_reset(boards):
    board = boards()
    board.mpremote("exec", "--no-follow", "import machine; machine.bootloader()")
    assert "USB boot loader" in board.wait_event("halt")["why"]
    board.reset()
    assert board.exec("print('back')") == "back\n"


def test_the_watchdog_ends_a_crash(boards):
    board = boards()
    code = (
        "import machine\nmachine.WDT(timeout=1000)\n"
        "@micropython.asm_thumb\ndef crash():\n data(2, 0xbe00)\ncrash()"
    )
    board.mpremote("exec", "--no-follow", code)
    halt = board.wait_event("halt")
    assert "breakpoint 0" in halt["why"]
    assert board.wait_event("reset", cause="watchdog")["us"] - halt["us"] < 1_000_000
    assert board.exec(CAUSE) == WATCHDOG


# -- entropy --------------------------------------------------------------------------------------


def random_bytes(board, count):
    return bytes.fromhex(board.exec(f"import os; print(os.urandom({count}).hex())"))


def cycle(data):
    """Return the shortest piece that `data` repeats from beginning to end, rotated so that the
    start of `data` within it does not matter; None if there is none. The driver's generator has a
    byte of state, so from a constant source its numbers repeat after at most 256."""
    for period in range(1, 257):
        if data[period:] == data[:-period]:
            return min(data[i : i + period] for i in range(period))
    return None


def test_entropy_differs_between_runs_and_can_be_broken(boards):
    board = boards()
    seen = {random_bytes(board, 32), random_bytes(board, 32)}
    board.power_cut()
    board.start()
    seen.add(random_bytes(board, 32))
    assert len(seen) == 3
    ones = sum(bin(int.from_bytes(data)).count("1") for data in seen)
    assert 310 < ones < 458  # of 768: five standard deviations either way
    for stuck in (0, 1, None):
        board.entropy(stuck)
        cycles = set()
        for _ in range(2):
            board.power(False)
            board.power(True)
            # The application has taken random numbers before: how many differs from boot to boot.
            cycles.add(cycle(random_bytes(board, 600)))
        assert len(cycles) == 1
        assert (cycles == {None}) == (stuck is None)


# -- time -----------------------------------------------------------------------------------------

LOOP = (
    "import time\nt = time.ticks_us()\nfor i in range(20000): pass\n"
    "print(time.ticks_diff(time.ticks_us(), t))"
)


def test_board_time_counts_cycles(pico):
    """The same work takes the same board time, however busy the host is."""
    first, second = int(pico.exec(LOOP)), int(pico.exec(LOOP))
    assert first == pytest.approx(second, rel=0.02)


def test_board_time_follows_the_wall_clock_on_request(boards):
    board = boards(time="wall")
    slow = int(board.exec(LOOP.replace("20000", "200000")))
    fast = int(boards("other").exec(LOOP.replace("20000", "200000")))
    assert slow > fast


def test_an_idle_board_does_nothing(boards):
    board = boards()
    board.exec("import time; time.sleep_ms(10)")
    before = board.counters()
    board.exec("import time; time.sleep_ms(2000)")
    after = board.counters()
    assert after["board_us"] - before["board_us"] >= 2_000_000
    assert after["instructions"] - before["instructions"] < 20_000_000


def test_idle_time_is_skipped_on_request(boards):
    board = boards()
    code = (
        "import machine, time\np = machine.Pin(16, machine.Pin.OUT, value=1)\n"
        "time.sleep(7200)\np.value(0)"
    )
    board.mpremote("exec", "--no-follow", code)
    begin = board.gpio.wait(16, 1)
    board.skip(3600)
    skipped = board.wait_event("skipped")
    assert skipped["us"] - begin["us"] >= 3_600_000_000
    assert board.gpio[16] == 1
    board.skip(4000)
    end = board.gpio.wait(16, 0)
    assert end["us"] - begin["us"] == pytest.approx(7_200_000_000, abs=1_000_000)
    board.skip(0)


# -- the modem ------------------------------------------------------------------------------------

DIALOGUE = """
import machine, time
key = machine.Pin(14, machine.Pin.OUT, value=0)
u = machine.UART(0, 115200, rxbuf=2048, timeout=0)
def ask(line, ms):
    u.write(line); got = b""; t = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), t) < ms:
        got += u.read() or b""
        if b"OK" in got: return got
    return got
print(ask(b"AT\\r", 300))
key.value(1); time.sleep_ms(1200); key.value(0)
for i in range(20):
    if b"OK" in ask(b"AT\\r", 500): break
for i in range(20):
    answer = ask(b"AT+CPIN?\\r", 500)
    if b"OK" in answer: break
print(b"+CPIN: READY" in answer)
"""


def test_the_lab_is_behind_uart0_and_the_power_key(boards):
    with Lab(uart="tcp:127.0.0.1:0", auto_power=False) as lab:
        board = boards(lab=lab)
        assert board.exec(DIALOGUE) == "b''\nTrue\n"
        assert lab.counters["uart_lost"] > 0  # the first AT found the modem off
        board.power_cut()
        assert board.gpio[14] is None
        board.start()
        code = DIALOGUE[: DIALOGUE.index("print(ask")] + "print(b'OK' in ask(b'AT\\r', 2000))"
        assert board.exec(code) == "True\n"  # the modem stayed on, and its UART works again


def test_a_power_cut_releases_the_power_key(boards):
    pressed = []

    class Recorder:
        uart = "tcp:127.0.0.1:9"
        power_key = staticmethod(pressed.append)

    board = boards(lab=Recorder())
    board.exec("import machine; machine.Pin(14, machine.Pin.OUT, value=1)")
    board.gpio.wait(14, 1)
    board.power_cut()
    # The application may have released the key before, when it started.
    assert list(itertools.dropwhile(lambda on: not on, pressed)) == [True, False]


def test_a_lab_without_a_port_is_refused(firmware):
    with Lab(uart="pty") as lab, pytest.raises(EmulatorError, match="give it uart='tcp:"):
        Pico(firmware, lab=lab)


# -- errors ---------------------------------------------------------------------------------------


def test_no_node(firmware, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EmulatorError, match="node is not installed: apt-get"):
        Pico(firmware)


def test_no_rp2040js(firmware, tmp_path):
    with pytest.raises(EmulatorError, match=r"rp2040js is not in .*; `make pico` installs it"):
        Pico(firmware, modules=tmp_path)


def test_another_rp2040js(firmware, tmp_path):
    shutil.copytree(module.MODULES / "node_modules", tmp_path / "node_modules")
    package = tmp_path / "node_modules" / "rp2040js" / "package.json"
    package.write_text(package.read_text().replace('"1.4.1"', '"1.3.0"'))
    with (
        pytest.raises(EmulatorError, match=r"^rp2040js 1\.3\.0 is installed, 1\.4\.1 is needed"),
        Pico(firmware, modules=tmp_path),
    ):
        pass


def test_no_firmware(tmp_path):
    advice = "run `make firmware BOARD=WAVESHARE_PICO_SIM7080G`"
    with pytest.raises(EmulatorError, match=f"no firmware .*: {advice}"):
        Pico(tmp_path / "firmware.uf2")


def test_a_port_in_use(boards):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"^console: port {port} is in use"):
            boards(console_port=port)


def test_mistakes_on_the_control_connection(pico):
    for do, fields, message in [
        ("nothing", {}, "no such command"),
        ("constructor", {}, "no such command"),
        ("pin", {"pin": 30, "value": 1}, "bad or missing pin"),
        ("pin", {"pin": 3, "value": 2}, "bad or missing value"),
        ("pin", {}, "bad or missing pin"),
        ("power", {"on": 1}, "bad or missing on"),
        ("flash", {"failing": None}, "bad or missing failing"),
        ("skip", {"ms": 0.5}, "bad or missing ms"),
        ("tear", {"after": -1, "seed": 0}, "bad or missing after"),
    ]:
        with pytest.raises(EmulatorError, match=message):
            pico._request(do, **fields)
    assert pico.running


@contextlib.contextmanager
def hung_up():
    """The other end may hang up while we send, before we shut down, or while we read."""
    try:
        yield
    except OSError as error:
        if error.errno not in (EPIPE, ENOTCONN, ECONNRESET):
            raise


def test_garbage_on_the_control_connection(pico):
    port = int(pico._places["control"].split(":")[1])
    for garbage in (b"\x00\xff\n", b"null\n", b"[]\n", b"x" * 100_000, b'{"do":"pin"\n' * 9):
        with socket.create_connection(("127.0.0.1", port), 10) as client, hung_up():
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
    assert pico.exec("print('alive')") == "alive\n"


def test_nothing_is_left_when_the_program_that_uses_it_is_killed(firmware, tmp_path):
    script = (
        "import sys; from iotsafe_tools.emulator import Pico\n"
        f"p = Pico({str(firmware)!r}, {str(tmp_path / 'f.img')!r}).start()\n"
        "print(p.pid, flush=True); sys.stdin.read()"
    )
    path = os.pathsep.join(str(Path(module.__file__).parents[2] / p) for p in ("", "shims"))
    user = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    emulator = int(user.stdout.readline())
    assert runs(emulator)
    user.kill()
    user.communicate()
    await_end(emulator)
