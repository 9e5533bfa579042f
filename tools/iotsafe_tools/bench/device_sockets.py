"""Runs on MicroPython: moves bytes through a connection of the modem and prints the time it took.

The host waits for the lines that begin with `BENCH`. Usage:
device_sockets.py MODEM UART PORT BYTES

MODEM is the driver's name, BYTES the number of bytes each way. The first line of each connection
tells the peer (see `sockets.Peer`) what to do. The peer answers with the digest of the bytes that
it received or sent. Both sides send the same block over and over.
"""

import binascii
import gc
import hashlib
import sys

import board

import cellular
import ticks
from cellular.counters import counters

_BLOCK = bytes([i * 31 + (i >> 8) & 0xFF for i in range(1021)])
_PART = 512


def timed(move, stream, size):
    """Call `move`; return (time in ms, growth of the heap in bytes, digest in hex)."""
    digest = hashlib.sha256()
    gc.collect()
    before = gc.mem_alloc()
    start = ticks.now()
    move(stream, size, digest.update)
    ms = ticks.diff(ticks.now(), start)
    gc.collect()
    return ms, gc.mem_alloc() - before, binascii.hexlify(digest.digest()).decode()


def send(stream, size, update):
    """Write `size` bytes in pieces whose size does not divide what the modem takes at once."""
    view = memoryview(_BLOCK)
    while size:
        part = view[: min(size, len(_BLOCK))]
        stream.write(part)
        update(part)
        size -= len(part)
    stream.flush()


def receive(stream, size, update):
    """Read `size` bytes, at most 512 at a time."""
    view = memoryview(bytearray(_PART))
    while size:
        n = stream.readinto(view[: min(size, _PART)])
        if not n:
            raise OSError("the peer closed %d bytes too early" % size)
        update(view[:n])
        size -= n


def transfer(modem, port, name, move, size):
    """Open a connection, move the bytes, compare the digest with the peer's, print a mark."""
    stream = modem.socket()
    stream.connect(("127.0.0.1", port))
    stream.write(b"%s %d\n" % (name.encode(), size))
    stream.flush()
    before = modem.at.commands
    ms, growth, digest = timed(move, stream, size)
    commands = modem.at.commands - before
    received = b""
    while len(received) < 64:
        received += stream.read(64 - len(received))
    stream.close()
    same = received.decode() == digest
    print("BENCH %s ms=%d growth=%d commands=%d same=%d" % (name, ms, growth, commands, same))


def main(name, uart, port, size):
    modem = cellular.driver(name)(board.uart(uart))
    modem.connect("internet")
    for name, move in (("up", send), ("down", receive)):
        transfer(modem, port, name, move, 5000)  # do imports and one-time allocations first
        transfer(modem, port, name, move, size)
    print("BENCH end " + " ".join(["%s=%d" % item for item in counters(modem.at).items()]))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
