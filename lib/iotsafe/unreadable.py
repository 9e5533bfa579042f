"""Says why mbedTLS cannot read a certificate. Loaded when it cannot."""

from .der import Certificate

# What this firmware's mbedTLS does not know: a part of the DER, and its name.
_UNKNOWN = (
    (b"\x06\x03\x2b\x65\x70", "Ed25519"),
    (b"\x06\x03\x2b\x65\x71", "Ed448"),
    (b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01", "brainpool"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "MD5"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02", "MD2"),
    (b"\x2a\x86\x48\xce\x38\x04", "DSA"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "RSA-PSS"),
    (b"\x55\x1d\x1e\x01\x01\xff", "critical name constraints"),
)


def why(der):
    """Return the name of the certificate and what mbedTLS does not know, in one text."""
    try:
        name = Certificate(der).common_name or "no common name"
    except ValueError as e:
        return "damaged: %s" % e
    for part, what in _UNKNOWN:
        if part in der:
            return "%s: %s" % (name, what)
    return name + ": not understood"
