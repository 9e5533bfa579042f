"""Advice for each error, in the words of the config. Loaded when the log shows an error.

Most of it is the advice of the libraries for the REPL, with the fields of the config in the place
of the functions' arguments.
"""

from iotsafe import advice as repl
from iotsafe.reasons import words

# Argument=field of the config.
_FIELDS = (
    "pin=modem.pin apn=modem.apn user=modem.user password=modem.password mode=modem.network "
    "bands=modem.bands host=mqtt.host port=mqtt.port ca=mqtt.ca aids=sim.aids key=sim.key "
    "certificate=sim.certificate chain=sim.chain"
)

# A line for each reason whose advice differs from that of the REPL: see `iotsafe.reasons.words`.
# The first line has the reasons without advice: the application continues by itself.
ADVICE = """
tls-broken,
tls-rekeyed,
no-answer,
bytes-lost,
restarted,
not-set-up,
command-refused,
answer-missing,
answer-damaged,
data-dropped,
name-unanswered,
no-resolver,
connect-no-data,
connections-used,
closed-by-peer,
closed-with-cause,
connection-lost,
network-full,
receive-broken,
send-broken,
send-uncertain,
already-connected,
not-connected,
no-data-in-time,
edrx-too-long,
option-unknown,
option-values,
receiver-shared,
connack-3,
connack,
broker-closed,
broker-silent:
name-unusable: set mqtt.client_id
not-asked: have the server require certificates, or set mqtt.mutual
tls-garbled: check the UART
tls-memory: smaller certificates need less
tls-failed: please report this line
refused,
not-understood: app.applet().doctor() at the REPL says more
apdu-refused: set sim.channel to cgla, or update the modem's firmware
no-ccho: set sim.channel to csim
clock-unset: if it lasts, app.forget('date') at the REPL
pin-refused-before: correct modem.pin; if it is right, app.forget('pin') at the REPL
pin-kept: enter the right PIN in a telephone, then app.forget('pin') at the REPL
psm-too-long: make telemetry.upload shorter
connack-1: the broker must speak MQTT 3.1.1
connack-2: check mqtt.client_id
connack-4: check mqtt.user and mqtt.password
connack-5: check the broker's access rules for this device
connack-7: check the policy of the certificate
broker-not-understood: is mqtt.port a port for MQTT?
"""


def advice(error):
    """Return the advice for `error`, for the end of a line; "" if there is nothing to do."""
    reason = getattr(error, "reason", "")
    package = getattr(error, "package", "iotsafe")
    if package == "cellular":
        from cellular.causes import remedy

        reason = remedy(error)
    text = words(ADVICE, reason)
    if text is None:
        text = repl.advice(reason, package)
        for field in _FIELDS.split():
            argument, _, name = field.partition("=")
            text = text.replace(argument + "=", name)
    return text


def line(error):
    """Return `error` as a line of the log: class, fact and advice."""
    what = advice(error)
    text = "%s: %s" % (type(error).__name__, error)
    return text + ": " + what if what else text
