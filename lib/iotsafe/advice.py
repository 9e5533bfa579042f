"""Advice for each error of this package, for users who call its functions at the REPL.

Loaded when a step of the doctor is shown. The words are those of the functions' arguments. The
firmware's log and the host tools have tables of their own, in the words of config fields and of
options.
"""

from micropython import const

_ISSUE = const("have a key pair generated in the SIM, and a certificate issued for it (enrolment)")
_WRITE = const(
    "the SIM is not enrolled yet, or was revoked: have a certificate issued for its key, and "
    "written into it (enrolment)"
)
_AGAIN = const(
    "try again; if it stays so, the applet breaks its specification: ask the SIM's maker"
)
_TLS = const(
    "the server needs TLS 1.2 or 1.3 with ECDHE and AES-GCM or ChaCha20: ask its operator"
)
_CHANNEL = const(
    "no APDU reaches the SIM: is it in the slot or reader, is its PIN entered, does this modem "
    "have AT+CSIM or AT+CCHO?"
)
_REGISTER = const("is the certificate registered there, from the right CA, and not revoked?")

# (reason, advice); "": there is nothing to do.
ADVICE = (
    ("refused", "applet.doctor() says what works; applet.objects() lists what the SIM holds"),
    ("card-busy", "remote administration is under way: wait a minute, then try again"),
    ("card-damaged", "the SIM must be replaced"),
    ("not-understood", _AGAIN),
    (
        "no-applet",
        "ask its operator for a SIM with IoT SAFE, or for the AID, and give that: aids=",
    ),
    ("no-key", _ISSUE),
    ("keys-empty", _ISSUE),
    ("no-certificate", _WRITE),
    ("certificate-empty", _WRITE),
    ("certificate-damaged", "have the certificate written into the SIM again"),
    ("certificate-refused", "have the certificate issued again: it is no X.509 for a P-256 key"),
    ("chain-unusable", "give the issuers' certificates, PEM or DER, or the SIM's file: chain="),
    ("name-unusable", "give another client identifier"),
    ("key-mismatch", "have the certificate issued again, for the key that is in the SIM"),
    ("no-engine", "flash a firmware that has MICROPY_PY_SSL_ECDSA_SIGN_ALT, as those of boards/"),
    ("ca-unusable", "give the CA certificates in PEM or DER: ca=open('ca.pem', 'rb').read()"),
    ("server-not-trusted", "is it the right server? Give the CA that issued its certificate: ca="),
    ("server-name", "is it the right server? Give the name that is in its certificate: host="),
    ("server-no-names", "have its certificate issued with the host as subjectAltName: DNS or IP"),
    ("server-constrained", "have its certificate issued by a CA whose name constraints allow it"),
    ("server-expired", "set the clock, or have the server's certificate renewed"),
    ("server-early", "set the clock, in UTC"),
    ("server-certificate", "is it the right server, and the right CA: ca=?"),
    ("ca-expired", "is the clock right? Else give the successor of the CA: ca="),
    ("server-purpose", "have it issued for servers (serverAuth)"),
    ("server-unreadable", "they must have P-256, P-384 or RSA, and SHA-2"),
    ("server-forged", "is it the right server?"),
    ("server-not-tls", "is this a TLS port? Check port="),
    ("server-chain-long", "have it send fewer certificates"),
    ("chain-too-long", "leave out the root: chain="),
    ("client-unsuited", "it must take ECDSA with P-256 from clients"),
    ("not-asked", "have the server require certificates, or give mutual=False"),
    ("tls-garbled", "connect again"),
    ("tls-rekeyed", "connect again"),
    ("tls-memory", "free memory before the handshake: gc.collect(), smaller buffers"),
    ("tls-broken", "connect again"),
    ("tls-failed", "connect again; if it stays so, please report this line"),
    ("client-refused", _REGISTER),
    ("client-hung-up", _REGISTER),
    ("server-hung-up", "is this a TLS port? Check port="),
    ("handshake-refused", _TLS),
    # Of the doctor's steps
    ("no-channel", _CHANNEL),
    ("channel-refused", "restart the modem: that frees the SIM's logical channels"),
    ("does-not-sign", "the key is there but does not sign: ask the SIM's issuer"),
    ("certificate-early", "is the clock right?"),
    ("certificate-expired", "have a new certificate issued for the key in the SIM"),
    ("not-random", "do not use this SIM"),
    ("pair-inconsistent", "the key pair is inconsistent: have it generated again"),
)


def advice(reason, package="iotsafe"):
    """Return the advice for the `reason` of an error of `package`, "" if there is none.

    A package whose errors have reasons has a table like this one: PACKAGE.advice.ADVICE.
    """
    table = ADVICE
    if package != "iotsafe":
        try:
            table = __import__(package + ".advice", None, None, ("ADVICE",)).ADVICE
        except ImportError:
            return ""
    for known, text in table:
        if known == reason:
            return text
    return ""
