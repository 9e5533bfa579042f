"""Reads certificates from a file: PEM with any text around the blocks, or DER after DER.

The board, the SIM's files and `iotsafe setup` on the host have this one reader.
"""

import binascii

from micropython import const

from .der import element
from .objects import data as like_bytes

_SEQUENCE = const(0x30)
_BEGIN = b"-----BEGIN "
_END = b"-----END "
_DASHES = b"-----"
# OpenSSL's other labels; after a trusted certificate follows what it is trusted for.
_LABELS = (b"CERTIFICATE", b"TRUSTED CERTIFICATE", b"X509 CERTIFICATE")


def is_der(data, pos=0):
    """Return whether a certificate in DER may begin at `pos`. It has more than 127 bytes, so that
    its second byte is none of ASCII."""
    return pos + 4 < len(data) and data[pos] == _SEQUENCE and 0x80 < data[pos + 1] < 0x84


def certificates(data, problems=None):
    """Return the certificates in `data` (bytes; PEM also as str), a tuple of DER; the last may be
    cut off.

    Raises ValueError for a block of PEM that cannot be read; if `problems` is a list, it gets a
    text for each instead. Raises ValueError if there is no certificate, TypeError.
    """
    if isinstance(data, str):
        data = data.encode()
    elif not isinstance(data, bytes):
        like_bytes(data, "certificates")
        data = bytes(data)
    found = []
    pos = _add_der(data, 0, found)
    if found and problems is None:  # a file of the SIM, in which older content may follow
        return tuple(found)
    while True:
        start = data.find(_BEGIN, pos)
        if start < 0:
            break
        start += len(_BEGIN)
        pos = data.find(_DASHES, start)
        if pos < 0 or data[start:pos] not in _LABELS:
            pos = start
            continue
        start = pos + len(_DASHES)
        pos = data.find(_DASHES, start)
        try:
            if pos < 0 or data[pos : pos + len(_END)] != _END:
                raise ValueError("a PEM certificate is cut off")
            der = binascii.a2b_base64(data[start:pos])
            found.append(der[: element(der)[2]])
        except ValueError as e:
            if problems is None:
                raise
            problems.append(str(e))
        pos = max(pos, start)
    pos = data.find(b"\n", pos)
    if problems is not None and pos > 0:
        _add_der(data, pos + 1, found)
    if not found:
        raise ValueError(problems[0] if problems else "no certificate in PEM or DER")
    return tuple(found)


def _add_der(data, pos, found):
    """Append to `found` the certificates in DER that follow one another from `pos` on; return the
    place behind them."""
    while is_der(data, pos):
        end = element(data, pos)[2]
        found.append(data[pos:end])
        pos = end
    return pos
