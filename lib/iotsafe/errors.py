"""Exceptions of the package; each message is one line that names the object and the remedy."""


class CardError(Exception):
    """The card refused a command.

    Attributes: `sw` the status word (int), `command` and `target` what was asked, as text.
    """

    def __init__(self, sw, command, target=""):
        super().__init__(sw, command, target)
        self.sw = sw
        self.command = command
        self.target = target

    def __str__(self):
        from .meanings import meaning

        target = " " + self.target if self.target else ""
        return "%s%s: the SIM answered %04X, %s" % (
            self.command,
            target,
            self.sw,
            meaning(self.sw),
        )


class CardProtocolError(CardError):
    """The card answered with bytes that no specification allows (`sw` is the last status word)."""

    def __init__(self, sw, command, detail):
        super().__init__(sw, command)
        self.detail = detail

    def __str__(self):
        return "%s: the SIM's answer is not understood: %s" % (self.command, self.detail)


class _Told(Exception):
    """An exception whose one argument is the line for the technician."""

    def __str__(self):
        return self.args[0]


class AppletNotFound(_Told):
    """No AID of the list could be selected. Attribute: `tried`, tuple of (AID, status word)."""

    def __init__(self, tried):
        super().__init__(
            "no IoT SAFE applet on this SIM (tried %s): ask the operator for a SIM with IoT SAFE, "
            "or set its AID in the config" % ", ".join("%s: %04X" % pair for pair in tried)
        )
        self.tried = tried


class IdentityError(_Told):
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

    def __init__(self, code, text):
        super().__init__(code, text)
        self.text = text

    def __str__(self):
        return self.text


NO_ENGINE = (
    "this firmware cannot let the SIM sign (no ecdsa_sign_callback in tls): flash a firmware of "
    "this project, or one built with MICROPY_PY_SSL_ECDSA_SIGN_ALT"
)


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
