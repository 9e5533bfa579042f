"""A logger on a battery: it takes a reading at each wake-up, and connects at every fourth.

mpremote cp battery_logger.py :main.py + cp ca.pem :ca.pem

Between wake-ups the board sleeps; each wake-up starts this program again. Readings wait on flash.
"""

import board

import cellular
import iotsafe
import telemetry

UART = ""  # the unix board takes IOTSAFE_PORT, the path that `iotsafe lab` prints
APN = "internet"
HOST = "mqtt.example.com"
PORT = 8883
SLEEP = 900_000  # ms
UPLOAD = 4  # readings that wait before the program connects


def upload(queue):
    """Send all waiting readings, then go off the air, also after a failure: the radio would drain
    the battery."""
    modem = cellular.SIM7080(board.uart(UART), board.power_key)
    modem.power_up()
    try:
        modem.at.command(b"+CFUN=1")  # the last upload left it off the air
        send(modem, queue)
    finally:
        modem.power_up()  # it may have restarted
        modem.at.command(b"+CFUN=4")


def send(modem, queue):
    """Connect, and send all waiting readings."""
    modem.connect(APN)
    if board.set_clock:
        utc = modem.clock()
        if utc is None:
            raise cellular.NetworkError("clock-unset")
        board.set_clock(utc)
    cache = iotsafe.CertificateCache(board.path("certificate.der"))
    identity = iotsafe.identity(modem, cache=cache)
    try:
        file = open(board.path("ca.pem"), "rb")
    except OSError:
        raise OSError(2, board.path("ca.pem") + ": copy the server's CA certificate there")
    with file:
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


def wake():
    """Take a reading, and upload if enough readings wait."""
    queue = telemetry.Queue(board.path("queue"))
    try:
        queue.put(board.sensor())
    except Exception as error:  # the board sleeps all the same
        print("no reading:", error)
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
