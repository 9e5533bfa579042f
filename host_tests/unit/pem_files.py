"""Makes PEM from DER."""

from binascii import b2a_base64


def pem(der, end=b"\n", label=b"CERTIFICATE"):
    """Return the block of PEM with `der`, its lines ending with `end`."""
    body = b2a_base64(der).strip()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    head, foot = b"-----BEGIN " + label + b"-----", b"-----END " + label + b"-----"
    return end.join([head] + lines + [foot, b""])
