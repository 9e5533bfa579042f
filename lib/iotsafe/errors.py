"""Exceptions of the package: facts, without advice.

Each has `reason`, a short name that does not change, and `values`, a tuple. `str` makes a sentence
of both with the table in `reasons.py`, which it loads. The program that shows the error adds the
advice: `advice.py` has it for the REPL; the firmware and the host tools have their own.
"""


class IoTSAFEError(Exception):
    """The base of the package's exceptions except TLSError, which has the same attributes."""

    package = "iotsafe"  # which has `reasons` and `advice`

    def __init__(self, reason, *values):
        super().__init__(reason, *values)
        self.reason = reason
        self.values = values

    def __str__(self):
        from .reasons import fact

        return fact(self)

    def __repr__(self):  # what MicroPython prints of an error that nothing catches
        try:
            return "%s: %s %s" % (type(self).__name__, self, self.args)
        except:  # noqa: E722 - no memory, Ctrl-C: the REPL stops if anything leaves here
            return self.reason


class CardError(IoTSAFEError):
    """The card refused a command. `values`: (sw, command, target).

    Attributes: `sw` the status word (int), `command` and `target` the command and its object, as
    text.
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
    """The card selected no AID of the list. `values`: (AID in hex, status word) of each."""


class IdentityError(IoTSAFEError):
    """The SIM holds no usable pair of key and certificate."""


class NoKey(IdentityError):
    """The SIM has no private key container that is filled and may sign."""


class NoCertificate(IdentityError):
    """The certificate file is missing, empty or deactivated: not enrolled, or revoked."""


class BadCertificate(IdentityError):
    """The certificate file is cut off or is not an X.509 certificate in DER."""


class KeyMismatch(IdentityError):
    """The certificate belongs to a key other than the one in the SIM."""


class TLSError(OSError):
    """The TLS session could not be opened, or it broke. `errno`: the engine's code (0: none)."""

    package = "iotsafe"

    def __init__(self, reason, *values, code=0):
        super().__init__(code, reason, *values)
        self.reason = reason
        self.values = values

    __str__ = IoTSAFEError.__str__
    __repr__ = IoTSAFEError.__repr__


class NoEngine(TLSError):
    """This firmware cannot delegate the signature."""


class ServerNotTrusted(TLSError):
    """The server's certificate was not issued by a trusted CA."""


class ServerNameMismatch(TLSError):
    """The server's certificate is for another name."""


class ServerCertificateExpired(TLSError):
    """The server's certificate is outside its validity, or the clock here is wrong."""


class HandshakeRefused(TLSError):
    """Server and firmware share no protocol version or suite."""


class ClientRefused(TLSError):
    """The server refused the SIM's certificate or signature."""
