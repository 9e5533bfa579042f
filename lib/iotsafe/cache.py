"""The content of the client certificate's file, kept on flash between boots.

Reading a certificate over AT+CSIM costs about 40 ms for each 256 bytes. Checking that the kept one
is still the SIM's costs one exchange: the last bytes of a certificate are its signature, so two
certificates with the same tail at the same place are the same certificate. The same exchange reads
the begin of what follows, its issuer's certificate with a number of its own, or nothing.

In the file, the SHA-256 of the content follows it. Otherwise a flipped bit on flash would make
the server refuse the client for ever.
"""

import hashlib
import os

from micropython import const

from .bundle import is_der
from .der import element

_TAIL = const(32)
_FOLLOWING = const(62)
_HEAD = const(5)  # bytes of a certificate that `is_der` needs
_CHECK = const(32)
_MAX_SIZE = const(4096)
_ENOENT = const(2)


class CertificateCache:
    """One file at `path`. A file that is damaged, or cannot be read or written, is not an error:
    the client then reads the certificate from the SIM each time.
    """

    def __init__(self, path):
        if not isinstance(path, str):
            raise TypeError("a path (str), not %r" % (path,))
        self.path = path

    def load(self):
        """Return the kept content (bytes), or None if it is missing or damaged."""
        try:
            with open(self.path, "rb") as file:
                data = file.read(_MAX_SIZE + _CHECK + 1)
        except OSError:
            return None
        certificate = data[:-_CHECK]
        if len(certificate) > _TAIL and _check(certificate) == data[-_CHECK:]:
            return certificate
        return None

    def save(self, certificate):
        """Keep `certificate`, the content of a file; a power cut leaves the old one or the new
        one."""
        if certificate == self.load():
            return
        new = self.path + ".new"
        # On failing flash this fails quickly, while a write to an existing file takes longer than
        # a watchdog waits.
        if not _removed(new):
            return
        try:
            with open(new, "wb") as file:
                file.write(certificate)
                file.write(_check(certificate))
            try:
                os.rename(new, self.path)
            except OSError:  # FAT does not replace
                os.remove(self.path)
                os.rename(new, self.path)
        except OSError:
            _removed(new)

    def fetch(self, applet, file_id):
        """Return the content of file `file_id` (see `Applet.read_content`): the kept one if the
        SIM still holds it, else the SIM's; b"" if the file is empty. The caller saves the one that
        it chooses.
        """
        kept = self.load()
        if kept:
            # The end of the first certificate, in PEM that of its base64.
            end = element(kept)[2] if is_der(kept) else kept.find(b"-----END")
            start = end - _TAIL
            want = kept[start : end + _FOLLOWING]
            if start >= 0:
                got = applet.read_file(file_id, start, len(want) + _HEAD)
                if got[: len(want)] == want and (len(want) > _TAIL or not is_der(got, _TAIL)):
                    return kept
        return applet.read_content(file_id)


def _removed(path):
    """Remove a file; return whether it is gone, or was not there."""
    try:
        os.remove(path)
    except OSError as e:
        return e.args[0] == _ENOENT
    return True


def _check(certificate):
    return hashlib.sha256(certificate).digest()
