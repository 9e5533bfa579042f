"""Advice for each error, in the words of the config. Loaded when the log shows an error."""

from micropython import const

_ISSUE = const("have a key pair generated in the SIM, and a certificate issued for it (enrolment)")
_WRITE = const("the SIM is not enrolled yet, or was revoked: have a certificate written into it")
_REGISTER = const("is the certificate registered there, from the right CA, and not revoked?")
_CLOCK = const("is the board's clock right?")
_APPLET = const("app.applet().doctor() at the REPL says more")
_SIM = const("is the SIM in its slot, the right way round? Insert it before the modem is powered")
_LINE = const("check baud rate, wiring and ground of the UART")
_PIN = const("correct modem.pin: the third wrong one locks the SIM")
_PLAN = const("is the SIM active? Ask its operator for modem.apn")

# (reason, advice); "": the application continues by itself.
ADVICE = (
    # iotsafe: the card and its objects
    ("refused", _APPLET),
    ("card-busy", "the issuer is changing the SIM"),
    ("card-damaged", "the SIM must be replaced"),
    ("not-understood", _APPLET),
    ("no-applet", "ask the operator for a SIM with IoT SAFE, or set its AID in sim.aids"),
    ("no-key", _ISSUE),
    ("keys-empty", _ISSUE),
    ("no-certificate", _WRITE),
    ("certificate-empty", _WRITE),
    ("certificate-damaged", "have the certificate written into the SIM again"),
    ("certificate-refused", "have the certificate issued again"),
    ("chain-unusable", "set sim.chain to a file with the certificates of the issuers"),
    ("name-unusable", "set mqtt.client_id"),
    ("key-mismatch", "have the certificate issued again, or set sim.key and sim.certificate"),
    # iotsafe: TLS
    ("no-engine", "flash a firmware of this project"),
    ("ca-unusable", "put the CA certificate of the server there, or set mqtt.ca"),
    (
        "server-not-trusted",
        (
            "is it the right server? Put the CA that issued its certificate into the file of "
            "mqtt.ca"
        ),
    ),
    ("server-name", "check mqtt.host: it must be a name that the certificate has"),
    ("server-no-names", "have mqtt.host put into it as subjectAltName"),
    ("server-constrained", "check mqtt.host"),
    ("server-expired", _CLOCK),
    ("server-early", _CLOCK),
    ("server-certificate", "check mqtt.host and mqtt.ca"),
    ("ca-expired", "put its successor into the file of mqtt.ca"),
    ("server-purpose", "have it issued for servers (serverAuth)"),
    ("server-unreadable", "they must have P-256, P-384 or RSA, and SHA-2"),
    ("server-forged", "is it the right server?"),
    ("server-not-tls", "is mqtt.port a port for TLS?"),
    ("server-chain-long", "have it send fewer certificates"),
    ("chain-too-long", "leave out the root"),
    ("client-unsuited", "it must take ECDSA with P-256 from clients"),
    ("not-asked", "have it require them, or set mqtt.mutual"),
    ("tls-garbled", "check the UART"),
    ("tls-rekeyed", ""),
    ("tls-memory", "smaller certificates need less"),
    ("tls-broken", ""),
    ("tls-failed", "please report this line"),
    ("client-refused", _REGISTER),
    ("client-hung-up", _REGISTER),
    ("server-hung-up", "is mqtt.port a port for TLS?"),
    ("handshake-refused", "the server needs TLS 1.2 or 1.3 with ECDHE and AES-GCM"),
    # cellular: the line to the modem
    ("silent", "check the modem's power, its power key, TX and RX"),
    ("garbage", _LINE),
    ("echo-only", "are TX and RX shorted? If not, cycle the modem's power"),
    ("uart-stuck", "the UART waits for flow control: check its wiring"),
    ("no-answer", ""),
    ("bytes-lost", ""),
    ("restarted", ""),
    ("not-set-up", ""),
    ("command-too-long", "make the values in the config shorter"),
    ("command-refused", ""),
    ("answer-missing", ""),
    ("answer-damaged", ""),
    # cellular: the SIM
    ("apdu-refused", "set sim.channel to cgla, or update the modem's firmware"),
    ("no-csim", "the SIM cannot sign behind this modem: update its firmware, or take another one"),
    ("no-ccho", "set sim.channel to csim"),
    ("sim-absent", _SIM),
    ("sim-unreadable", _SIM),
    ("sim-locked", "unlock the SIM in a telephone, or ask its operator"),
    ("pin-wanted", "set modem.pin"),
    ("pin-malformed", "check modem.pin"),
    ("pin-refused", _PIN),
    ("pin-refused-before", _PIN),
    ("puk-wanted", "the PIN was wrong three times: enter the PUK in a telephone"),
    # cellular: the network
    ("not-searching", "check the antenna, modem.bands, modem.network and modem.apn"),
    ("registration-denied", _PLAN),
    ("no-network", "is there coverage here? Check the antenna and modem.bands"),
    ("no-data-context", "check modem.apn, with some operators also modem.user, modem.password"),
    ("clock-unset", ""),
    ("data-dropped", ""),
    ("name-unknown", "check mqtt.host"),
    ("name-unanswered", ""),
    ("no-resolver", ""),
    (
        "text-not-allowed",
        "check modem.apn, modem.user, modem.password and mqtt.host: 64 characters, no quotes",
    ),
    # cellular: connections
    ("connect-refused", "check mqtt.port"),
    ("connect-unreachable", "check mqtt.host and mqtt.port"),
    ("connect-silent", "is the server up?"),
    ("connect-no-data", ""),
    ("connect-no-memory", "is the data quota of the SIM used up?"),
    ("connect-failed", "check mqtt.host, mqtt.port and modem.apn"),
    ("connections-used", ""),
    ("closed-by-peer", ""),
    ("closed-with-cause", ""),
    ("connection-lost", ""),
    ("network-full", ""),
    ("receive-broken", ""),
    ("send-broken", ""),
    ("send-uncertain", ""),
    ("already-connected", ""),
    ("not-connected", ""),
    ("no-data-in-time", ""),
    # cellular: extras
    ("network-mode-unsupported", "leave modem.network and modem.bands out with this modem"),
    ("network-mode-unknown", "check modem.network"),
    ("bands-invalid", "check modem.bands"),
    ("edrx-too-long", ""),
    ("psm-too-long", "make telemetry.upload shorter"),
    ("option-unknown", ""),
    ("option-values", ""),
    ("receiver-shared", ""),
    # telemetry
    ("connack-1", "the broker must speak MQTT 3.1.1"),
    ("connack-2", "check mqtt.client_id"),
    ("connack-3", ""),
    ("connack-4", "check mqtt.user and mqtt.password"),
    ("connack-5", "check the broker's access rules for this device"),
    ("connack-7", "check the policy of the certificate"),
    ("connack", ""),
    ("broker-closed", ""),
    ("broker-silent", ""),
    ("broker-not-understood", "is mqtt.port a port for MQTT?"),
)


def advice(error):
    """Return the advice for `error`, for the end of a line; "" if there is nothing to do."""
    reason = getattr(error, "reason", None)
    for known, text in ADVICE:
        if known == reason:
            return text
    return ""


def line(error):
    """Return `error` as a line of the log: class, fact and advice."""
    what = advice(error)
    text = "%s: %s" % (type(error).__name__, error)
    return text + ": " + what if what else text
