"""What works between here and the key in the SIM, step by step; for each failure what to do.

for step in doctor.steps(applet):
    print(step)

A step that fails ends what depends on it, not the rest. Nothing on the card changes.
"""

import hashlib
import time

from . import capabilities, objects
from .discovery import survey
from .errors import AppletNotFound, CardError, CardProtocolError

_MARKS = {"ok": "ok  ", "warn": "!   ", "fail": "FAIL", "skip": "-   "}
_ADMINISTRATION = (0x6984, 0x6989)
_UNKNOWN_COMMAND = 0x6D00
_BUSY = "remote administration is under way: wait a minute, then try again"
_NO_CHANNEL = (
    "no APDU reaches the SIM: is it in the slot or reader, is its PIN entered, does this modem "
    "have AT+CSIM or AT+CCHO?"
)
_NO_APPLET = (
    "this SIM has no IoT SAFE applet, or one with another AID: ask its operator for a SIM with "
    "IoT SAFE, or for the AID"
)
_NO_KEY = "have a key generated in the SIM, and its certificate issued (enrolment)"
_NO_PAIR = "have the certificate issued again for the key that is in the SIM"
_RANDOM = 32
_FIRST_YEAR = 2025  # a clock before that was never set


class Step:
    """`name` of what was looked at; `state`: "ok", "warn", "fail" or "skip"; `text` what is; and
    `advice` what to do, "" if nothing.
    """

    def __init__(self, name, state, text, advice=""):
        self.name = name
        self.state = state
        self.text = text
        self.advice = advice

    def __str__(self):
        line = "%s %-12s %s" % (_MARKS[self.state], self.name, self.text)
        return line + ("\n" + " " * 18 + "-> " + self.advice if self.advice else "")


def steps(applet, key_id=None, certificate_id=None, now=None, verify=None):
    """Yield the Steps. `applet`: a FullApplet; `key_id`, `certificate_id`: what the config fixes.

    `now`: "YYYY-MM-DD hh:mm:ss" in UTC, by default this machine's clock. `verify(point, digest,
    signature)` checks the test signature, by default `p256.verify`. Raises nothing that the
    channel or the card can cause.
    """
    before = applet.apdu.exchanges
    administrations = applet.apdu.administrations
    try:
        for step in _reach(applet):
            yield step
            if step.state == "fail":
                return
        yield _version(applet)
        for step in _contents(applet, key_id, certificate_id, now, verify):
            yield step
        if applet.apdu.administrations != administrations:
            yield Step("administered", "warn", "the issuer changed something just now", _BUSY)
        yield Step("exchanges", "ok", "%d APDUs" % (applet.apdu.exchanges - before))
    except CardError as e:
        yield _refusal("card", e)
    except Exception as e:  # of the channel: unplugged, restarted, silent
        yield Step("channel", "fail", _said(e), _NO_CHANNEL)


def _said(error):
    return "%s: %s" % (type(error).__name__, error)


def _refusal(name, error, advice="", state="fail"):
    if error.sw in _ADMINISTRATION and not isinstance(error, CardProtocolError):
        return Step(name, "fail", str(error), _BUSY)
    return Step(name, state, str(error), advice)


def _reach(applet):
    """Channel and applet."""
    try:
        applet.open()
    except AppletNotFound as e:
        tried = ", ".join("%s: %04X" % pair for pair in e.tried)
        yield Step("channel", "ok", "APDUs reach the SIM")
        yield Step("applet", "fail", "none of the AIDs is there (%s)" % tried, _NO_APPLET)
        return
    except CardError as e:
        yield _refusal("channel", e, "restart the modem: that frees the SIM's logical channels")
        return
    except Exception as e:  # whatever the channel raises: it is another package's
        yield Step("channel", "fail", _said(e), _NO_CHANNEL)
        return
    yield Step("channel", "ok", "logical channel %d" % applet.apdu.number)
    yield Step("applet", "ok", "IoT SAFE, AID " + objects.name(applet.aid))


def _version(applet):
    try:
        found = applet.capabilities()
    except CardError as e:
        if e.sw == _UNKNOWN_COMMAND:
            return Step("version", "warn", "the applet does not tell what it can")
        return _refusal("version", e, state="warn")
    return Step(
        "version",
        "ok",
        "%s; %s; %s; %s sessions"
        % (
            capabilities.version(found.version),
            capabilities.joined(found.names("algorithms")),
            capabilities.joined(found.names("hashes")),
            "?" if found.max_sessions is None else found.max_sessions,
        ),
    )


def _contents(applet, key_id, certificate_id, now, verify):
    """Objects, key, certificate, and what they are good for."""
    try:
        listed = applet.objects()
    except CardError as e:
        if e.sw != _UNKNOWN_COMMAND:
            yield _refusal("objects", e, "the list is not understood: tell us, with this line")
            return
        for step in _unlisted(applet, key_id, certificate_id, now, verify):
            yield step
        return
    yield _count(listed)
    if not [info for info in listed if info.kind == objects.PRIVATE_KEY]:
        yield Step("key", "fail", "the applet is there, but holds no private key", _NO_KEY)
        return
    found = survey(applet, listed, key_id, certificate_id)
    for name, findings, advice in (
        ("key", found.keys, _NO_KEY),
        ("certificate", found.files, _NO_KEY),
    ):
        # A certificate for another key is one all the same: "match" tells.
        good = [f for f in findings if not f.why or (f.certificate and f.point)]
        for finding in good or findings:
            text = finding.name() + (": " + finding.why if finding.why else "")
            if good and finding.certificate:
                text += ", " + (finding.certificate.common_name or "no common name")
            yield Step(name, "ok" if good else "warn", text)
        if not good:
            text = "none is usable" if findings else "there is none"
            yield Step(name, "fail", text, _BUSY if found.busy else advice)
    if found.key:
        names = (found.key.name(), found.file.name())
        yield Step("match", "ok", "%s and %s belong together" % names)
        for step in _use(
            applet, found.key.info.id, found.key.point, found.file.certificate, now, verify
        ):
            yield step
        return
    keys = [key for key in found.keys if not key.why]
    if keys and [file for file in found.files if file.certificate and file.point]:
        yield Step("match", "fail", "the certificate belongs to another key", _NO_PAIR)
    if keys:
        for step in _use(applet, keys[0].info.id, keys[0].point, None, now, verify):
            yield step


def _unlisted(applet, key_id, certificate_id, now, verify):
    """A card that lists nothing: the pair that a session would use."""
    yield Step("objects", "warn", "the applet does not list its objects: 01 and 02 are tried")
    try:
        found = applet.identity(key_id, certificate_id)
    except Exception as e:
        if isinstance(e, CardError):
            yield _refusal("key", e, _NO_KEY)
        else:
            yield Step("key", "fail", str(e), _NO_KEY)
        return
    yield Step("match", "ok", str(found))
    for step in _use(applet, found.key_id, found.public_key, found.info, now, verify):
        yield step


def _count(listed):
    counts = []
    for kind, name in (
        (objects.PRIVATE_KEY, "private"),
        (objects.PUBLIC_KEY, "public"),
        (objects.SECRET_KEY, "secret keys"),
        (objects.FILE, "files"),
    ):
        counts.append("%d %s" % (len([info for info in listed if info.kind == kind]), name))
    text = "%d objects: %s" % (len(listed), ", ".join(counts))
    empty = [objects.target(info.kind, info) for info in listed if not info.usable()]
    if empty:
        text += "; empty or deactivated: " + ", ".join(empty)
    return Step("objects", "ok", text)


def _use(applet, key_id, point, certificate, now, verify):
    """Validity of the certificate, random bytes, a signature."""
    if certificate:
        yield _validity(certificate, now or _clock())
    try:
        yield _random(applet)
    except CardError as e:
        yield _refusal("random", e, state="warn")
    try:
        yield _signature(applet, key_id, point, verify)
    except CardError as e:
        yield _refusal("signature", e, "the key is there but does not sign: ask the issuer")


def _clock():
    """This machine's time in UTC as text, "" if it was never set."""
    parts = time.gmtime()
    if parts[0] < _FIRST_YEAR:
        return ""
    return "%04d-%02d-%02d %02d:%02d:%02d" % tuple(parts[:6])


def _validity(certificate, now):
    text = "from %s to %s" % (certificate.not_before, certificate.not_after)
    if not now:
        return Step("validity", "skip", text + "; the clock here is not set")
    if now < certificate.not_before:
        return Step("validity", "fail", text + ": not valid yet", "is the clock right? " + now)
    if now > certificate.not_after:
        return Step("validity", "fail", text + ": expired", "have a new certificate issued")
    return Step("validity", "ok", text)


def _random(applet):
    data = applet.random(_RANDOM)
    if len(set(data)) < _RANDOM // 4:
        return Step("random", "fail", "GET RANDOM is not random", "do not use this SIM")
    return Step("random", "ok", "GET RANDOM, %d bytes" % _RANDOM)


def _signature(applet, key_id, point, verify):
    digest = hashlib.sha256(b"IoT SAFE: a test signature").digest()
    value = applet.sign(key_id, digest)
    if point is None:
        return Step("signature", "warn", "the SIM signs; nothing to verify it with")
    if verify is None:
        from .p256 import verify
    if verify(point, digest, value):
        return Step("signature", "ok", "the SIM signs, and the signature is good")
    return Step(
        "signature",
        "fail",
        "the SIM signs, but the signature does not fit the public key",
        "the key pair is inconsistent: have it generated again",
    )
