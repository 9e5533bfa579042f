"""A loop of your own: the library without the application.

mpremote cp own_loop.py :main.py + cp ca.pem :ca.pem
"""

import board

import cellular
import iotsafe
import telemetry
import ticks

UART = ""  # the unix board takes IOTSAFE_PORT, the path that `iotsafe lab` prints
APN = "internet"
HOST = "mqtt.example.com"
PORT = 8883
PERIOD = 10_000  # ms between two readings

modem = cellular.SIM7080(board.uart(UART), board.power_key)
modem.connect(APN)
if board.set_clock:  # TLS needs the time to check the server's certificate
    utc = modem.clock()
    if utc is None:
        raise cellular.NetworkError("clock-unset")
    board.set_clock(utc)

identity = iotsafe.identity(modem)
try:
    file = open(board.path("ca.pem"), "rb")
except OSError:
    raise OSError(2, board.path("ca.pem") + ": copy the server's CA certificate there")
with file:
    context = iotsafe.SSLContext(identity, file.read())


def open_stream(host, port):
    """Open a TLS stream; the publisher calls this at each `connect`."""
    return context.connect(modem, host, port)


cloud = telemetry.Broker(HOST, PORT, identity.info.common_name, "devices/{id}/telemetry")
publisher = telemetry.Publisher(cloud, open_stream)
publisher.connect()
print("connected as", cloud.client_id)
due = ticks.now()
while True:
    if ticks.left(due) <= 0:
        due = ticks.after(PERIOD)
        publisher.publish(board.sensor())
    publisher.service()  # processes the broker's packets, and keeps the session alive
    ticks.sleep(20)
