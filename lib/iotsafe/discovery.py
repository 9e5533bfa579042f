"""Finds which keys and certificates of a card belong together, and chooses the pair for TLS.

`sim_identity.find_identity` stops at the first pair that fits. This module examines every object
and gives the reason if it cannot be used. Both ask the same functions, in the same order, so both
choose the same pair.
"""

from . import objects, sim_identity
from .errors import BadCertificate, CardError, NoCertificate
from .sim_identity import listed_files, listed_keys, match, may_hold, named, public_point


class Finding:
    """One private key or certificate file: `info` (ObjectInfo); `point` (65 bytes), None, or, of a
    key that the card does not tell, the function of `public_point`; `certificate`
    (der.Certificate) of a file, or None; `why`: the reason why it cannot be used, "" if it can.
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
        told = isinstance(finding.point, bytes)
        return "can sign for TLS" if told else "signs; the card does not tell its public key"
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
    keys = listed_keys(listed, key)
    files = listed_files(listed, certificate)
    points = []
    for id, half in keys:
        finding = Finding(_info(listed, objects.PRIVATE_KEY, id))
        found.keys.append(finding)
        try:
            finding.point = public_point(applet, id, half)
            points.append((id, finding.point))
        except CardError as e:
            finding.why = _refused(found, e)
    sole = len(points) == len(files) == 1
    for id in files:
        info = _info(listed, objects.FILE, id)
        if found.key and not (certificate or may_hold(info)):
            continue  # of general usage: it is read only if the certificate is nowhere else
        finding = Finding(info)
        found.files.append(finding)
        _read(applet, found, finding)
        private = None if finding.why else match(points, finding.point, sole)
        if private and not found.key:
            found.file = finding
            found.key = next(k for k in found.keys if k.info.id == private)
        elif points and not (private or finding.why):
            finding.why = "its certificate (%s) belongs to none of the keys here" % (
                finding.certificate.common_name or "no common name"
            )
    _others(found, key, certificate)
    return found


def _info(listed, kind, id):
    return next(info for info in listed if info.kind == kind and info.id == id)


def _others(found, key, certificate):
    """Add a Finding for each object that was no candidate, and put all in the card's order."""
    for kind, findings, wanted in (
        (objects.PRIVATE_KEY, found.keys, key),
        (objects.FILE, found.files, certificate),
    ):
        ordered = []
        for info in found.listed:
            if info.kind == kind:
                known = [f for f in findings if f.info is info]
                ordered.append(known[0] if known else Finding(info))
                if not known:
                    ordered[-1].why = _why(info, wanted)
        findings[:] = ordered


def _why(info, wanted):
    """Return why an object is no candidate."""
    file = info.kind == objects.FILE
    if wanted and not named(info, wanted):
        return "another %s was asked for" % ("certificate" if file else "key")
    if not info.usable():
        return "empty or deactivated"
    return "not for a certificate" if file else "not for TLS: no P-256 key that may sign"


def _read(applet, found, finding):
    """Read the certificate of a file into its Finding."""
    if not finding.info.usable():
        finding.why = "empty or deactivated"
        return
    try:
        finding.certificate = sim_identity._read(applet, finding.info.id, None)[-1]
        finding.point = finding.certificate.public_key
        if not finding.point:
            finding.why = "its certificate is for another kind of key than P-256"
    except CardError as e:
        finding.why = _refused(found, e)
    except NoCertificate:
        finding.why = "empty"
    except BadCertificate as e:
        finding.why = "no certificate, or a damaged one: %s" % e.values[-1]


def _refused(found, error):
    if error.reason == "card-busy":
        found.busy = error
    return str(error)
