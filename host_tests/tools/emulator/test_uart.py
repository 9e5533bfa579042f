"""UART0 of the emulated board: every byte, at the line's rate, measured in board time."""

import hashlib
import random
import socket
import threading

import pytest

SIZE = 65536
BYTE_US = 10e6 / 115200
DATA = random.Random(7).randbytes(SIZE)


def connect(board) -> socket.socket:
    host, port = board.uart0.removeprefix("tcp:").split(":")
    line = socket.create_connection((host, int(port)), 300)
    line.settimeout(300)
    return line


def collect(line: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = line.recv(65536)
        if not part:
            break
        data += part
    return bytes(data)


RECEIVE = f"""
import machine, time, hashlib
u = machine.UART(0, 115200, rxbuf=4096, timeout=0)
b = bytearray(4096); v = memoryview(b); h = hashlib.sha256(); n = 0; t0 = None
u.write(b"go")
while n < {SIZE}:
    k = u.readinto(b)
    if k:
        if t0 is None: t0 = time.ticks_us(); first = k
        h.update(v[:k]); n += k; t1 = time.ticks_us()
    elif t0 is not None and time.ticks_diff(time.ticks_us(), t1) > 3000000: break
print(n, first, time.ticks_diff(t1, t0), h.digest().hex())
"""

SEND = f"""
import machine, time
u = machine.UART(0, 115200, txbuf=4096)
b = bytes(range(256)) * 16
t0 = time.ticks_us()
for i in range({SIZE // 4096}):
    m = memoryview(b)
    while m: m = m[u.write(m) or 0:]
while not u.txdone(): pass
print(time.ticks_diff(time.ticks_us(), t0))
"""


def test_64_kilobytes_to_the_board(pico):
    with connect(pico) as line:
        sender = threading.Thread(target=lambda: (collect(line, 2), line.sendall(DATA)))
        sender.start()
        before = pico.counters()
        count, first, us, digest = pico.exec(RECEIVE).split()
        sender.join()
    after = pico.counters()
    assert int(count) == SIZE
    assert digest == hashlib.sha256(DATA).hexdigest()
    assert after["uart0.rx"] - before["uart0.rx"] == SIZE
    assert after["uart0.lost"] == before["uart0.lost"]
    assert after["uart0.baud"] == pytest.approx(115200, rel=0.001)
    # From the end of the first read to the end of the last.
    assert int(us) == pytest.approx((SIZE - int(first)) * BYTE_US, rel=0.01)


def test_64_kilobytes_from_the_board(pico):
    with connect(pico) as line:
        received = []
        reader = threading.Thread(target=lambda: received.append(collect(line, SIZE)))
        reader.start()
        us = int(pico.exec(SEND))
        reader.join()
    assert received[0] == bytes(range(256)) * (SIZE // 256)
    assert us == pytest.approx(SIZE * BYTE_US, rel=0.01)


def test_a_few_bytes_raise_the_receive_time_out(pico):
    """Below the trigger level only the time-out, 32 bits after the last byte, reports them."""
    code = (
        "import machine, time\nu = machine.UART(0, 115200, timeout=0)\nidle = []\n"
        "u.irq(lambda u: idle.append(time.ticks_us()), machine.UART.IRQ_RXIDLE, hard=True)\n"
        "u.write(b'?')\nt = time.ticks_ms()\n"
        "while not idle and time.ticks_diff(time.ticks_ms(), t) < 5000: pass\n"
        "print(len(idle), u.read())\nu.irq(None)"
    )
    with connect(pico) as line:
        answer = threading.Thread(target=lambda: (collect(line, 1), line.sendall(b"abc")))
        answer.start()
        assert pico.exec(code) == "1 b'abc'\n"
        answer.join()


def test_nothing_is_stuck_while_nobody_listens(pico):
    before = pico.counters()["uart0.unheard"]
    pico.exec(
        "import machine\nu = machine.UART(0, 9600)\nu.write(b'x' * 100)\n"
        "while not u.txdone(): pass"
    )
    assert pico.counters()["uart0.unheard"] - before == 100
    assert pico.counters()["uart0.baud"] == pytest.approx(9600, rel=0.001)


LATE = """
import machine, time
u = machine.UART(0, 115200, rxbuf=256, timeout=0)
u.write(b"go")
while not u.any(): pass
time.sleep_ms(1000)
n = 0
while True:
    k = u.read()
    if k is None:
        time.sleep_ms(50)
        k = u.read()
        if k is None: break
    n += len(k)
print(n)
"""


@pytest.mark.parametrize("hold", [False, True])
def test_a_late_reader_loses_bytes_unless_they_are_held(boards, hold):
    board = boards(hold=hold)
    with connect(board) as line:
        sender = threading.Thread(target=lambda: (collect(line, 2), line.sendall(DATA[:4096])))
        sender.start()
        got = int(board.exec(LATE))
        sender.join()
    lost = board.counters()["uart0.lost"]
    assert got + lost == 4096
    # the driver's buffer holds 256 bytes and the FIFO 32
    assert lost == 0 if hold else 4096 - 300 < lost < 4096 - 200


def test_a_flash_write_makes_the_board_deaf(boards):
    """A sector takes 45 ms to erase, with interrupts off; the FIFO holds 2.8 ms."""
    code = (
        "import machine, time, rp2\n"
        "u = machine.UART(0, 115200, rxbuf=4096, timeout=0)\nu.write(b'go')\n"
        "while not u.any(): pass\n"
        "rp2.Flash().ioctl(6, 300)\n"
        "time.sleep_ms(300)\nprint(len(u.read()))"
    )
    got = {}
    for kind in ("typical", "none"):
        board = boards(kind, flash_time=kind)
        with connect(board) as line:
            sender = threading.Thread(
                target=lambda x=line: (collect(x, 2), x.sendall(DATA[:2000]))
            )
            sender.start()
            got[kind] = int(board.exec(code))
            sender.join()
        assert got[kind] + board.counters()["uart0.lost"] == 2000
    assert got["none"] == 2000
    assert 400 < 2000 - got["typical"] < 520
