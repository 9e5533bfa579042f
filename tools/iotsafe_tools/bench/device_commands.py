"""Runs on MicroPython: sends each command of the applet once and prints its cost.

It prints `BENCH command NAME exchanges=… heap=…` for each, with underscores for spaces in NAME.
"""

import gc

import board

import iotsafe
from app import repl
from iotsafe import objects

_POINT = b"".join(
    number.to_bytes(size, "big")
    for number, size in (
        (4, 1),
        (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296, 32),
        (0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5, 32),
    )
)


def commands(applet):
    """Return (name, call) pairs in an order in which every call can succeed."""
    digest = iotsafe.Digest(bytes(32))
    text = iotsafe.Text(bytes(100))
    signature = applet.sign(b"\x01", bytes(32))
    return (
        ("open and select", applet.open),
        ("get random", lambda: applet.random(32)),
        ("get data application", applet.capabilities),
        ("get data object list", applet.objects),
        ("get data file", lambda: applet.object_info(objects.FILE, b"\x02")),
        ("read file", lambda: applet.read_file(b"\x02")),
        ("read public key", lambda: applet.read_public_key(b"\x01")),
        ("generate key pair", lambda: applet.generate_key_pair(b"\x04")),
        ("put public key", lambda: applet.put_public_key(b"\x05", _POINT)),
        ("compute signature", lambda: applet.sign(b"\x01", bytes(32))),
        ("compute signature text", lambda: applet.compute_signature(b"\x01", text)),
        ("verify signature", lambda: applet.verify_signature(b"\x01", digest, signature)),
        ("compute dh", lambda: applet.compute_dh(b"\x04", b"\x05")),
        ("compute prf", lambda: applet.compute_prf(b"seed", 48, b"secret")),
        ("compute hkdf", lambda: applet.compute_hkdf(bytes(32))),
        ("find identity", applet.identity),
        ("doctor", applet.doctor),
    )


def measured(applet, call):
    """Return (exchanges, bytes of heap that the call allocated, garbage included)."""
    before = applet.apdu.exchanges
    gc.collect()
    gc.disable()
    start = gc.mem_alloc()
    call()
    used = gc.mem_alloc() - start
    gc.enable()
    return applet.apdu.exchanges - before, used


def main():
    applet = repl.applet(board)
    for name, call in commands(applet):
        call()  # so that the measurement excludes the imports of the first use
        costs = measured(applet, call)
        print("BENCH command", name.replace(" ", "_"), "exchanges=%d heap=%d" % costs)
    print("BENCH end")


main()
