"""Advice for each error of this package, for users who call its functions at the REPL.

Loaded when an error or a step of the doctor is shown. The words are those of the functions'
arguments, such as `ca=`; the firmware's log puts the fields of the config in their place. The host
tools have a table of their own.
"""

import sys

from .reasons import words

# A chip's name in sys.implementation, and the board whose firmware lets the SIM sign there.
BOARDS = (
    ("RP2040", "WAVESHARE_PICO_SIM7080G"),
    ("RP2350", "WAVESHARE_PICO_SIM7080G VARIANT=PICO2"),
    ("ESP32S3", "ESP32_GENERIC_S3_MODEM"),
    ("ESP32", "LILYGO_T_SIM7000G"),
    ("STM32H747", "ARDUINO_PORTENTA_H7_CATM1"),
)

# A line for each reason: see `reasons.words`.
ADVICE = """
refused: applet.doctor() says what works; applet.objects() lists what the SIM holds
card-busy: the issuer is changing the SIM: wait a minute, then try again
card-damaged: the SIM must be replaced
not-understood: try again; if it stays so, the applet breaks its specification: ask the SIM's maker
no-applet: ask its operator for a SIM with IoT SAFE, or for the applet's AID: aids=
no-key,
keys-empty: have a key pair generated in the SIM, and a certificate issued for it (enrolment)
no-certificate,
certificate-empty: the SIM is not enrolled yet, or was revoked: have a certificate issued for \
its key, and written into it
certificate-damaged: have the certificate written into the SIM again
certificate-refused: have the certificate issued again: it is no X.509 for a P-256 key
chain-unusable: give the issuers' certificates in PEM or DER, or the SIM's file: chain=
name-unusable: give another client identifier
key-mismatch: have the certificate issued again, or choose another pair: key=, certificate=
no-engine: flash a firmware of this project, or one with MICROPY_PY_SSL_ECDSA_SIGN_ALT
ca-unusable: put the server's CA certificate there, in PEM or DER: ca=
server-not-trusted: is it the right server? Give the CA that issued its certificate: ca=
server-name: is it the right server? Give the name that is in its certificate: host=
server-no-names: have its certificate issued with the host as subjectAltName: DNS or IP
server-constrained: have its certificate issued by a CA whose name constraints allow it
ca-expired: is the clock right? If it is, give the successor of the CA: ca=
server-purpose: have it issued for servers (serverAuth)
server-unreadable: they must have P-256, P-384 or RSA, and SHA-2
server-forged: is it the right server?
server-chain-long: have it send fewer certificates
chain-too-long: leave out the root: chain=
client-unsuited: it must take ECDSA with P-256 from clients
not-asked: have the server require certificates, or give mutual=False
server-expired: is the clock right? If it is, the server needs a new certificate
server-early,
certificate-early: is the clock right, and in UTC?
server-certificate: check host= and ca=
tls-memory: free memory before the handshake: gc.collect(), smaller buffers
tls-garbled,
tls-rekeyed,
tls-broken: connect again
tls-failed: connect again; if it stays so, please report this line
client-refused: is the certificate registered there, from the right CA, and not revoked?
client-hung-up: is the certificate registered and not revoked? Or did it refuse the first bytes?
server-not-tls,
server-hung-up: is this a port for TLS? Check port=
handshake-refused: the server needs TLS 1.2 or 1.3 with ECDHE and AES-GCM
no-channel: no APDU reaches the SIM: is it in the slot or reader, is its PIN entered, does this \
modem have AT+CSIM or AT+CCHO?
channel-refused: restart the modem: that frees the SIM's logical channels
does-not-sign: the key is there but does not sign: ask the SIM's issuer
certificate-expired: have a new certificate issued for the key in the SIM
not-random: do not use this SIM
pair-inconsistent: the key pair is inconsistent: have it generated again
"""


def advice(reason, package="iotsafe"):
    """Return the advice for an error, or for the `reason` of one of `package`; "" if none.

    A package whose errors have reasons has a table like this one: PACKAGE.advice.ADVICE.
    """
    if not isinstance(reason, str):
        package = getattr(reason, "package", package)
        reason = getattr(reason, "reason", "")
    if reason == "no-engine":
        machine = getattr(sys.implementation, "_machine", "")
        for chip, board in BOARDS:
            if chip in machine:
                return "flash this project's firmware: make flash BOARD=" + board
    table = ADVICE
    if package != "iotsafe":
        try:
            table = __import__(package + ".advice", None, None, ("ADVICE",)).ADVICE
        except ImportError:
            return ""
    return words(table, reason) or ""
