"""The main job of a board without TLS, for transcripts: boot, SIM, network, a signature while a
connection is open. Its results are plain values, so that a file can hold them.

    job = {"apn": "internet", "host": "server.test", "port": 7000, "say": "hello", "hear": 5}

`apn`: access point. `host`, `port`: a TCP server that answers `say` (text) with at least `hear`
bytes and then closes, or keeps its answer until the client closes. `sim`: "applet" for an IoT SAFE
applet behind the modem, "none" to leave the SIM alone. `channel`: see `Modem.sim`.
"""

import binascii
import hashlib

import iotsafe
from iotsafe import objects

DIGEST = bytes(range(32))
PIN = "1234"


def perform(modem, job, pin=PIN):
    """Do `job` with `modem`; return a dict of the results. `pin`: entered if the SIM asks for
    it."""
    found = {}
    modem.power_up()
    modem.unlock(pin)
    found["iccid"] = modem.iccid()
    found["imsi"] = modem.imsi()
    modem.prepare(job["apn"])
    found["registration"] = modem.register()
    found["signal"] = modem.signal()
    found["address"] = modem.attach(job["apn"])
    found["time"] = list(modem.clock() or ())
    applet = key = None
    if job.get("sim", "applet") == "applet":
        applet = iotsafe.FullApplet(modem.sim(job.get("channel", "auto")))
        listed = list(applet.objects())
        found["objects"] = [repr(info) for info in listed]
        key, file = _first(listed, objects.PRIVATE_KEY), _first(listed, objects.FILE)
        found["file"] = _digest(applet.read_file(file))
    stream = modem.socket()
    stream.connect((job["host"], job["port"]))
    stream.write(job["say"].encode())
    stream.flush()
    if applet:
        found["signature"] = _hex(applet.sign(key, DIGEST))
    heard = b""
    while len(heard) < job["hear"]:
        data = stream.read(job["hear"] - len(heard))
        if not data:
            break
        heard += data
    found["heard"] = len(heard)
    found["content"] = _digest(heard)
    if job.get("ends"):  # the server closes
        found["end"] = len(stream.read(1))
    stream.close()
    if applet:
        applet.close()
    return found


def _first(listed, kind):
    """Return the first object of a kind that is in use."""
    for info in listed:
        if info.kind == kind and info.usable():
            return info
    raise ValueError("the applet has no object of kind %d in use" % kind)


def _digest(data):
    return _hex(hashlib.sha256(data).digest())


def _hex(data):
    return binascii.hexlify(data).decode()
