"""Finds which keys and certificates of a card belong together, and chooses the pair for TLS.

`sim_identity.find_identity` stops at the first pair that fits. This module examines every object
and gives the reason if it cannot be used.
"""

from . import objects
from .der import Certificate
from .errors import CardError
from .sim_identity import may_hold, may_sign, public_id

# Objects of a kind to examine, at most: each costs exchanges.
_MOST = 8


class Finding:
    """One private key or certificate file: `info` (ObjectInfo); `point` (65 bytes) or None;
    `certificate` (der.Certificate) of a file, or None; `why`: the reason why it cannot be used, ""
    if it can.
    """

    certificate = point = None
    why = ""

    def __init__(self, info):
        self.info = info

    def name(self):
        """Return its name for messages, like "private key 01 (KEY)"."""
        return objects.target(self.info.kind, self.info)


class Survey:
    """`listed`: all objects; `keys`, `files`: lists of Finding; `key`, `file`: the pair for TLS,
    or None. `busy`: the CardError of a card under remote administration, or None.
    """

    key = file = busy = None

    def __init__(self, listed):
        self.listed = listed
        self.keys = []
        self.files = []

    def lines(self):
        """Return the choice and its reasons as lines of text."""
        lines = []
        for finding in self.keys + self.files:
            lines.append("%s: %s" % (finding.name(), finding.why or _good(finding)))
        if self.key:
            lines.append("chosen: %s and %s" % (self.key.name(), self.file.name()))
        elif self.busy:
            lines.append("no choice: %s" % self.busy)
        else:
            lines.append("no choice: no key and certificate belong together")
        return lines


def _good(finding):
    if finding.info.kind == objects.PRIVATE_KEY:
        return "can sign for TLS"
    certificate = finding.certificate
    return "certificate of %s, until %s" % (
        certificate.common_name or "no common name",
        certificate.not_after,
    )


def survey(applet, listed, key=b"", certificate=b""):
    """Examine the objects `listed` (of `applet.objects()`) and return a Survey.

    `key`, `certificate`: the ID (bytes) or the label (str) that the config fixes. Raises the
    channel's exceptions, never CardError.
    """
    found = Survey(listed)
    for info in listed:
        if info.kind == objects.PRIVATE_KEY and len(found.keys) < _MOST:
            found.keys.append(_key(applet, found, info, key))
        elif info.kind == objects.FILE and len(found.files) < _MOST:
            found.files.append(_file(applet, found, info, certificate))
    usable = [key for key in found.keys if not key.why]
    # In the order of `find_identity`: keys for TLS first.
    usable = [k for k in usable if k.info.usage in (2, 3)] + [
        k for k in usable if k.info.usage not in (2, 3)
    ]
    for file in found.files:
        if file.why:
            continue
        for key in usable:
            if key.point == file.point:
                if not found.key:
                    found.key = key
                    found.file = file
                break
        else:
            file.why = "its certificate (%s) belongs to none of the keys here" % (
                file.certificate.common_name or "no common name"
            )
    return found


def _key(applet, found, info, wanted):
    finding = Finding(info)
    if _another(info, wanted):
        finding.why = "another key was asked for"
    elif not info.usable():
        finding.why = "empty or deactivated"
    elif not may_sign(info):
        finding.why = "not for TLS: no P-256 key that may sign"
    else:
        half = public_id(info, found.listed)
        try:
            finding.point = applet.read_public_key(half)
        except CardError as e:
            finding.why = _refused(found, e)
    return finding


def _file(applet, found, info, wanted):
    finding = Finding(info)
    if _another(info, wanted):
        finding.why = "another certificate was asked for"
    elif not info.usable():
        finding.why = "empty or deactivated"
    elif not may_hold(info):
        finding.why = "not for a certificate"
    else:
        try:
            der = applet.read_der(info.id)
            if not der:
                finding.why = "empty"
                return finding
            finding.certificate = Certificate(der)
            finding.point = finding.certificate.public_key
            if not finding.point:
                finding.why = "its certificate is for another kind of key than P-256"
        except CardError as e:
            finding.why = _refused(found, e)
        except ValueError as e:
            finding.why = "no certificate, or a damaged one: %s" % e
    return finding


def _another(info, wanted):
    """Return whether `info` is not the `wanted` object: an ID (bytes) or a label (str), if any."""
    if not wanted:
        return False
    return info.label != wanted.encode() if isinstance(wanted, str) else info.id != wanted


def _refused(found, error):
    if error.reason == "card-busy":
        found.busy = error
    return str(error)
