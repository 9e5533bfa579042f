"""Checks the way from this machine to the key in the SIM, step by step.

for step in doctor.steps(applet):
    print(step)

After a step that fails, the doctor leaves out only the steps that depend on it. It changes nothing
on the card.
"""

import hashlib
import sys
import time

from . import capabilities, objects
from .discovery import survey
from .errors import AppletNotFound, CardError

# Reasons that only steps have; `reasons.py` has those of the exceptions.
REASONS = (
    "no-channel",
    "channel-refused",
    "does-not-sign",
    "certificate-early",
    "certificate-expired",
    "not-random",
    "pair-inconsistent",
)

_MARKS = {"ok": "ok  ", "warn": "!   ", "fail": "FAIL", "skip": "-   "}
_BUSY = "card-busy"
_UNKNOWN_COMMAND = 0x6D00
_RANDOM = 32
_FIRST_YEAR = 2025  # a clock with an earlier year was never set


class Step:
    """`name` of the checked part; `state`: "ok", "warn", "fail" or "skip"; `text`: the fact;
    `reason`: the reason of an error of `package`, "" if nothing is wrong.

    `str` adds the advice of `advice.py` for the reason, for the REPL.
    """

    def __init__(self, name, state, text, reason="", package="iotsafe"):
        self.name = name
        self.state = state
        self.text = text
        self.reason = reason
        self.package = package

    def __str__(self):
        from .advice import advice

        line = "%s %-12s %s" % (_MARKS[self.state], self.name, self.text)
        what = self.reason and advice(self.reason, self.package)
        return line + ("\n" + " " * 18 + "-> " + what if what else "")


def steps(applet, key=b"", certificate=b"", now=None, verify=None):
    """Yield the Steps. `applet`: a FullApplet; `key`, `certificate`: those that the config fixes.

    `now`: "YYYY-MM-DD hh:mm:ss" in UTC, by default this machine's clock. `verify(point, digest,
    signature)` checks the test signature, by default `p256.verify`. An exception of the channel
    or the card becomes a step.
    """
    for step in _engine():
        yield step
    before = applet.apdu.exchanges
    administrations = applet.apdu.administrations
    try:
        for step in _reach(applet):
            yield step
            if step.state == "fail" and step.name != "version":
                return
        for step in _contents(applet, key, certificate, now, verify):
            yield step
        if applet.apdu.administrations != administrations:
            yield Step("administered", "warn", "the issuer changed something just now", _BUSY)
        yield Step("exchanges", "ok", "%d APDUs" % (applet.apdu.exchanges - before))
    except CardError as e:
        yield _refusal("card", e, e.reason)
    except Exception as e:
        yield _channel_failure(e)


def _engine():
    """Yield the step of the firmware's TLS; nothing on a host, where no TLS lets a SIM sign."""
    if sys.implementation.name != "micropython":
        return
    context = None
    try:
        import tls

        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    except ImportError:
        pass
    if not hasattr(context, "ecdsa_sign_callback"):
        fact = "tls has no ecdsa_sign_callback" if context else "there is no tls"
        yield Step("engine", "fail", "the SIM cannot sign: " + fact, "no-engine")
        return
    newest = any(name.startswith("TLS1-3") for name in context.get_ciphers())
    versions = "TLS 1.2 and 1.3" if newest else "TLS 1.2"
    yield Step("engine", "ok", "%s; %s; the SIM can sign" % (tls.MBEDTLS_VERSION, versions))


def _channel_failure(error):
    """Return the step for an exception of the channel: unplugged, restarted, silent. Its class is
    unknown here; it may have a `reason` and a `package`, like the exceptions of this package."""
    text = "%s: %s" % (type(error).__name__, error)
    package = getattr(error, "package", None)
    if package:
        return Step("channel", "fail", text, error.reason, package)
    return Step("channel", "fail", text, "no-channel")


def _refusal(name, error, reason="", state="fail"):
    """Return the step for the CardError `error`, with `reason` unless the card is busy."""
    if error.reason == _BUSY:
        return Step(name, "fail", str(error), _BUSY)
    return Step(name, state, str(error), reason)


def _reach(applet):
    """Yield the steps of the channel, the applet and its version."""
    try:
        applet.open()
        version = _version(applet)  # only now it is sure that it is the applet
    except AppletNotFound as e:
        yield Step("channel", "ok", "APDUs reach the SIM")
        yield Step("applet", "fail", str(e), e.reason)
        return
    except CardError as e:
        yield _refusal("channel", e, "channel-refused")
        return
    except Exception as e:
        yield _channel_failure(e)
        return
    yield Step("channel", "ok", "logical channel %d" % applet.apdu.number)
    yield Step("applet", "ok", "IoT SAFE, AID " + objects.name(applet.aid))
    yield version


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


def _contents(applet, key, certificate, now, verify):
    """Yield the steps of the objects, the key, the certificate, and their use."""
    try:
        listed = applet.objects()
    except CardError as e:
        if e.reason != "refused":
            yield _refusal("objects", e, e.reason)
            return
        for step in _unlisted(applet, key, certificate, now, verify, e):
            yield step
        return
    yield _count(listed)
    if not [info for info in listed if info.kind == objects.PRIVATE_KEY]:
        yield Step("key", "fail", "the applet is there, but holds no private key", "no-key")
        return
    found = survey(applet, listed, key, certificate)
    for name, findings, reason in (
        ("key", found.keys, "keys-empty"),
        ("certificate", found.files, "certificate-empty"),
    ):
        # A certificate for another key counts here: the step "match" reports it.
        good = [f for f in findings if not f.why or (f.certificate and f.point)]
        for finding in good or findings:
            text = finding.name() + (": " + finding.why if finding.why else "")
            told = not good or isinstance(finding.point, bytes)
            if not told:
                text += ": it signs, but the card does not tell its public key"
            if good and finding.certificate:
                text += ", " + (finding.certificate.common_name or "no common name")
            yield Step(name, "ok" if good and told else "warn", text)
        if not good:
            text = "none is usable" if findings else "there is none"
            yield Step(name, "fail", text, _BUSY if found.busy else reason)
    if found.key:
        names = (found.key.name(), found.file.name())
        yield Step("match", "ok", "%s and %s belong together" % names)
        for step in _use(
            applet, found.key.info.id, found.file.point, found.file.certificate, now, verify
        ):
            if step.reason == "pair-inconsistent" and not isinstance(found.key.point, bytes):
                step.reason = "key-mismatch"  # the point is the certificate's
            yield step
        return
    keys = [key for key in found.keys if not key.why]
    if keys and [file for file in found.files if file.certificate and file.point]:
        yield Step("match", "fail", "the certificate belongs to another key", "key-mismatch")
    if keys:
        for step in _use(applet, keys[0].info.id, keys[0].point, None, now, verify):
            yield step


def _unlisted(applet, key, certificate, now, verify, refusal):
    """Yield the steps of a card that lists nothing: of the pair that a session would use."""
    tried = [
        objects.target(kind, wanted or usual)
        for kind, wanted, usual in (
            (objects.PRIVATE_KEY, key, b"\x01"),
            (objects.FILE, certificate, b"\x02"),
        )
    ]
    text = "the applet does not list its objects (%04X): %s and %s are tried"
    yield Step("objects", "warn", text % (refusal.sw, tried[0], tried[1]))
    try:
        found = applet.identity(key, certificate)
    except Exception as e:
        if isinstance(e, CardError):
            yield _refusal("key", e, "no-key")
        else:
            yield Step("key", "fail", str(e), getattr(e, "reason", "no-channel"))
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
    """Yield the steps of the certificate's validity, of random bytes and of a signature."""
    if certificate:
        yield _validity(certificate, now or _clock())
    try:
        yield _random(applet)
    except CardError as e:
        yield _refusal("random", e, state="warn")
    try:
        yield _signature(applet, key_id, point, verify)
    except CardError as e:
        yield _refusal("signature", e, "does-not-sign")


def _clock():
    """Return this machine's time in UTC as text, "" if it was never set."""
    parts = time.gmtime()
    if parts[0] < _FIRST_YEAR:
        return ""
    return "%04d-%02d-%02d %02d:%02d:%02d" % tuple(parts[:6])


def _validity(certificate, now):
    text = "from %s to %s" % (certificate.not_before, certificate.not_after)
    if not now:
        return Step("validity", "skip", text + "; the clock here is not set")
    if now < certificate.not_before:
        return Step("validity", "fail", text + ": not valid yet at " + now, "certificate-early")
    if now > certificate.not_after:
        return Step("validity", "fail", text + ": expired", "certificate-expired")
    return Step("validity", "ok", text)


def _random(applet):
    data = applet.random(_RANDOM)
    if len(set(data)) < _RANDOM // 4:
        return Step("random", "fail", "GET RANDOM is not random", "not-random")
    return Step("random", "ok", "GET RANDOM, %d bytes" % _RANDOM)


def _signature(applet, key_id, point, verify):
    digest = hashlib.sha256(b"IoT SAFE: a test signature").digest()
    value = applet.sign(key_id, digest)
    if not isinstance(point, bytes):
        return Step("signature", "warn", "the SIM signs; nothing to verify it with")
    if verify is None:
        from .p256 import verify
    if verify(point, digest, value):
        return Step("signature", "ok", "the SIM signs, and the signature is good")
    return Step(
        "signature",
        "fail",
        "the SIM signs, but the signature does not fit the public key",
        "pair-inconsistent",
    )
