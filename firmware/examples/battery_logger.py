"""A logger on a battery: it takes a reading at each wake-up, and connects at every fourth.

mpremote cp battery_logger.py :main.py + cp ca.pem :ca.pem

Between wake-ups the board sleeps; each wake-up starts this program again. Readings wait on flash.
"""

import board

import cellular
import iotsafe
import telemetry

UART = ""  # the unix board needs the path that `iotsafe lab` prints
APN = "internet"
HOST = "mqtt.example.com"
PORT = 8883
SLEEP = 900_000  # ms
UPLOAD = 4  # readings that wait before the program connects


def upload(queue):
    """Connect, send all waiting readings, and go off the air."""
    modem = cellular.SIM7080(board.uart(UART), board.power_key)
    modem.power_up()
    modem.at.command(b"+CFUN=1")  # the last upload left it off the air
    modem.connect(APN)
    if board.set_clock:
        board.set_clock(modem.clock())
    cache = iotsafe.CertificateCache(board.path("certificate.der"))
    identity = iotsafe.identity(modem, cache=cache)
    with open(board.path("ca.pem"), "rb") as file:
        context = iotsafe.SSLContext(identity, file.read())
    cloud = telemetry.Broker(HOST, PORT, identity.info.common_name, "devices/{id}/telemetry")
    publisher = telemetry.Publisher(cloud, lambda host, port: context.connect(modem, host, port))
    publisher.connect()
    while True:
        reading = queue.take()
        if reading is None:
            break
        publisher.publish(reading)
        queue.done()
    publisher.close()
    modem.at.command(b"+CFUN=4")


def wake():
    """Take a reading, and upload if enough readings wait."""
    queue = telemetry.Queue(board.path("queue"))
    queue.put(board.sensor())
    if len(queue) >= UPLOAD:
        try:
            upload(queue)
        except Exception as error:  # the readings stay: the next wake-up tries again
            print("no upload:", error)
    print(len(queue), "readings wait")


wake()
try:
    from machine import deepsleep
except ImportError:  # the unix board has no deep sleep: the program ends
    pass
else:
    deepsleep(SLEEP)
