"""Which keys and certificates a card has, what belongs together, and why one pair is the choice.

`sim_identity.find_identity` stops at the first pair that fits. This module looks at every object
and says of each whether it is of use, and why.
"""

from . import objects
from .der import Certificate
from .errors import CardError
from .sim_identity import may_hold, may_sign, public_id

# At most this many of a kind are examined: each costs exchanges.
_MOST = 8


class Finding:
    """One private key or certificate file: `info` (ObjectInfo); `point` (65 bytes) or None;
    `certificate` (der.Certificate) of a file, or None; `why` it cannot be used, "" if it can.
    """

    certificate = point = None
    why = ""

    def __init__(self, info):
        self.info = info

    def name(self):
        """ "private key 01 (KEY)"."""
        return objects.target(self.info.kind, self.info)


class Survey:
    """`listed`: all objects; `keys`, `files`: lists of Finding; `key`, `file`: the pair for TLS,
    or None. `busy` is a CardError that says that remote administration is under way, or None.
    """

    key = file = busy = None

    def __init__(self, listed):
        self.listed = listed
        self.keys = []
        self.files = []

    def lines(self):
        """The choice and its reasons, as lines of text."""
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
    """Examine the objects `listed` (of `applet.objects()`); see Survey. `key`,
    `certificate`: what the config fixes, an ID (bytes) or a label (str). Raises what the
    channel raises, never CardError.
    """
    found = Survey(listed)
    for info in listed:
        if info.kind == objects.PRIVATE_KEY and len(found.keys) < _MOST:
            found.keys.append(_key(applet, found, info, key))
        elif info.kind == objects.FILE and len(found.files) < _MOST:
            found.files.append(_file(applet, found, info, certificate))
    usable = [key for key in found.keys if not key.why]
    # As `find_identity` does it: keys for TLS first.
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
    """Is `info` not what is wanted: an ID (bytes), a label (str), or empty for any?"""
    if not wanted:
        return False
    return info.label != wanted.encode() if isinstance(wanted, str) else info.id != wanted


def _refused(found, error):
    if error.reason == "card-busy":
        found.busy = error
    return str(error)
