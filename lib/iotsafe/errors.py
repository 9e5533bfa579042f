"""Exceptions of the package: facts, without advice.

Each has `reason`, a short name that does not change, and `values`, a tuple. `str` makes a sentence
of both, by the table in `reasons.py`, which is loaded then. What to do about it is for whoever
shows the error: `advice.py` has the words for the REPL; the firmware and the host tools have their
own.
"""


class IoTSAFEError(Exception):
    """What all exceptions of the package have but TLSError, which has it as well."""

    package = "iotsafe"  # which has `reasons` and `advice`

    def __init__(self, reason, *values):
        super().__init__(reason, *values)
        self.reason = reason
        self.values = values

    def __str__(self):
        from .reasons import fact

        return fact(self)


class CardError(IoTSAFEError):
    """The card refused a command. `values`: (sw, command, target).

    Attributes: `sw` the status word (int), `command` and `target` what was asked, as text.
    """

    def __init__(self, reason, sw, command, target=""):
        super().__init__(reason, sw, command, target)
        self.sw = sw
        self.command = command
        self.target = target


class CardProtocolError(CardError):
    """The card answered with bytes that no specification allows. `values`: (command, detail)."""

    def __init__(self, reason, command, detail):
        IoTSAFEError.__init__(self, reason, command, detail)
        self.sw = 0x9000
        self.command = command


class AppletNotFound(IoTSAFEError):
    """No AID of the list could be selected. `values`: (AID in hex, status word) of each."""


class IdentityError(IoTSAFEError):
    """The SIM holds no usable pair of key and certificate."""


class NoKey(IdentityError):
    """No private key container, or none that is filled and may sign."""


class NoCertificate(IdentityError):
    """The certificate file is missing, empty or deactivated: not enrolled, or revoked."""


class BadCertificate(IdentityError):
    """The certificate file is cut off or is not an X.509 certificate in DER."""


class KeyMismatch(IdentityError):
    """The certificate belongs to another key than the one in the SIM."""


class TLSError(OSError):
    """The TLS session could not be made or broke. `errno` is the engine's code (0: none)."""

    package = "iotsafe"

    def __init__(self, reason, *values, code=0):
        super().__init__(code, reason, *values)
        self.reason = reason
        self.values = values

    __str__ = IoTSAFEError.__str__


class NoEngine(TLSError):
    """This firmware cannot delegate the signature."""


class ServerNotTrusted(TLSError):
    """The server's certificate was not issued by a CA we trust."""


class ServerNameMismatch(TLSError):
    """The server's certificate is for another name."""


class ServerCertificateExpired(TLSError):
    """The server's certificate is outside its validity, or our clock is wrong."""


class HandshakeRefused(TLSError):
    """Server and firmware share no protocol version or suite."""


class ClientRefused(TLSError):
    """The server refused our certificate or signature."""
