"""Runs on MicroPython: a TLS session, signed by the SIM, with each server of a list.

device_tls.py MODEM UART SECONDS LIST

MODEM is the driver's name, SECONDS the time to set the clock to if it is behind. A line of the
file LIST has name, port, file of the CA, and in hex what to send and what must come back. For each
line it prints `TLS NAME VERSION SUITE SIGNATURES`, or `TLS NAME failed: …`.
"""

import gc
import sys
import time

import board

import cellular
import iotsafe

_HOST = "localhost"


class Counted:
    """An identity that counts the signatures of its SIM."""

    def __init__(self, identity):
        self.certificate = identity.certificate
        self.chain = identity.chain
        self.signatures = 0
        self._identity = identity

    def sign(self, digest):
        self.signatures += 1
        return self._identity.sign(digest)


def session(modem, identity, port, ca, data, reply):
    """Return cipher() of a session that has sent `data` and received `reply`."""
    with open(ca, "rb") as file:
        context = iotsafe.SSLContext(identity, file.read())
    stream = context.connect(modem, _HOST, port)
    try:
        stream.write(data)
        got = stream.read(len(reply))
        if got != reply:
            raise ValueError(f"answer: {got}")
        return stream.cipher()
    finally:
        stream.close()


def main(name, uart, seconds, cells):
    if time.time() < seconds:
        board.set_clock(time.gmtime(seconds)[:6])
    modem = cellular.driver(name)(board.uart(uart), board.power_key)
    modem.power_up()
    modem.unlock()
    modem.prepare("internet")
    modem.register()
    modem.attach("internet")
    identity = Counted(iotsafe.identity(modem))
    with open(cells) as file:
        for line in file:
            cell, port, ca, data, reply = line.split()
            identity.signatures = 0
            gc.collect()
            try:
                data, reply = bytes.fromhex(data), bytes.fromhex(reply)
                suite, version = session(modem, identity, int(port), ca, data, reply)
            except (OSError, ValueError) as e:
                print(f"TLS {cell} failed: {e!r}")
                continue
            print(f"TLS {cell} {version} {suite} {identity.signatures}")
    print("TLS end")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
