"""Finds the key and the certificate in the SIM that make the identity of a TLS client.

A session does not need this module: the identity that it finds is of `sim_key`.
"""

import hashlib

from . import objects
from .bundle import certificates
from .der import Certificate
from .errors import BadCertificate, CardError, KeyMismatch, NoCertificate, NoKey
from .sim_key import SIMIdentity

# The usual IDs on cards that do not list their containers (no GET DATA).
_DEFAULT_KEY = b"\x01"
_DEFAULT_CERTIFICATE = b"\x02"

# Status words of a file that does not exist, or is empty or deactivated.
_ABSENT = (0x6A82, 0x6A80, 0x6A88, 0x6985)
# Reasons of a CardError that say nothing about the object.
_PASSING = ("card-busy", "card-damaged")
_MAX_ID = 20  # bytes
# Usages (4E) of keys for TLS 1.2 and 1.3: `find_identity` tries these first.
_TLS = (2, 3)


def find_identity(applet, key=b"", certificate=b"", cache=None, chain=()):
    """Find the key and the certificate that belong together, and return a SIMIdentity.

    `key`, `certificate` (an ID as bytes, a label as str) fix the choice. Otherwise the function
    tries every pair of a P-256 key that may sign and a filled certificate, until the points are
    equal. A key whose public half the card does not tell signs once: if there is a choice, the
    signature must fit the certificate. `cache`: a CertificateCache.

    The identity's chain: what follows the certificate in its file, then the certificates of
    `chain`: files of the SIM (an ID, a label), or certificates in PEM or DER (bytes).

    Raises NoKey, NoCertificate, BadCertificate, KeyMismatch or CardError.
    """
    objects.wanted(key)
    objects.wanted(certificate)
    objects.able("applet", applet, "read_content")
    if cache:
        objects.able("cache", cache, "fetch")
    objects.typed("chain", chain, (tuple, list))
    for source in chain:
        objects.wanted(source)
    points = []
    # With both IDs given the list is not needed, unless the public key has another ID.
    if key and certificate and not isinstance(key, str):
        try:
            points = [(key, applet.read_public_key(key))]
            files = [certificate]
        except CardError as e:
            passing(e)
    if not points:
        keys, files = candidates(applet, key, certificate)
        for id, half in keys:
            try:
                points.append((id, public_point(applet, id, half)))
            except CardError as e:
                passing(e)
        if not keys:
            raise NoKey("no-key")
        if not points:
            raise NoKey("keys-empty", _names(keys))
    sole = len(points) == len(files) == 1
    error = None
    for file in files:
        try:
            content, ders, info = _read(applet, file, cache)
        except CardError as e:
            passing(e)
            error = error or e
            continue
        except (NoCertificate, BadCertificate) as e:
            error = error or e
            continue
        private = match(points, info.public_key, sole)
        if private:
            if cache:
                cache.save(content)
            issuers = _readable(ders[1:]) + _issuers(applet, chain)
            return SIMIdentity(applet, private, file, info.public_key, ders[0], info, issuers)
        error = error or KeyMismatch(
            "key-mismatch", objects.name(file), info.common_name, _names(points)
        )
    raise error or NoCertificate("no-certificate")


def _names(pairs):
    return ", ".join([objects.name(id) for id, _ in pairs])


def passing(error):
    """Raise `error`, a CardError, if it says nothing about the object that was asked for."""
    if error.reason in _PASSING:
        raise error


def public_point(applet, id, half):
    """Return the point (65 bytes) of the public key `half`. If the card does not tell it, return
    a function that says whether a point belongs to the private key `id`, which has signed for it.
    Raises the card's refusal to tell it if the key does not sign either.
    """
    try:
        return applet.read_public_key(half)
    except CardError as e:
        passing(e)
        refusal = e
    digest = hashlib.sha256(b"IoT SAFE: a test signature").digest()
    try:
        signed = applet.sign(id, digest)
    except CardError as e:
        passing(e)
        raise refusal

    def fits(point):
        from .p256 import verify  # takes seconds on a small board

        return verify(point, digest, signed)

    return fits


def match(points, public_key, sole):
    """Return the ID of the private key in `points`, a list of (ID, public_point()), to which the
    certificate's `public_key` belongs; None if there is none. `sole`: there is one key and one
    certificate, so what the card does not tell is left to the certificate.
    """
    if public_key:
        for id, point in points:
            if point == public_key:
                return id
        for id, point in points:
            if not isinstance(point, bytes) and (sole or point(public_key)):
                return id
    return None


def candidates(applet, key, certificate):
    """Return lists of (private key ID, public key ID) and of file IDs, the most likely first."""
    try:
        listed = applet.objects()
    except CardError as e:
        if e.reason != "refused":
            raise
        key = key or _DEFAULT_KEY
        return [(key, key)], [certificate or _DEFAULT_CERTIFICATE]
    return listed_keys(listed, key), listed_files(listed, certificate)


def listed_keys(listed, key):
    """Return (private key ID, public key ID) of the keys that may be the client's: the one named
    `key` or, if that is empty, those that may sign. Keys for TLS come first."""
    return [
        (info.id, public_id(info, listed))
        for tls in (True, False)
        for info in listed
        if info.kind == objects.PRIVATE_KEY
        and (info.usage in _TLS) == tls
        and info.usable()
        and (named(info, key) if key else may_sign(info))
    ]


def listed_files(listed, certificate):
    """Return the IDs of the files that may hold the certificate: the one named `certificate` or,
    if that is empty, those for certificates, then the filled ones of other usage."""
    return [
        info.id
        for meant in (True, False)
        for info in listed
        if info.kind == objects.FILE
        and (meant if certificate else may_hold(info) == meant)
        and (named(info, certificate) if certificate else meant or info.usable())
    ]


def named(info, wanted):
    """Return whether an object is the `wanted` one: an ID (bytes) or a label (str)."""
    return info.label == wanted.encode() if isinstance(wanted, str) else info.id == wanted


def may_sign(info):
    """Return whether a private key may be fit for TLS, as far as the card reports."""
    return (info.key_type is None or info.key_type in objects.P256) and (
        info.functions is None or info.functions & objects.SIGN
    )


def may_hold(info):
    """Return whether a file is meant for a certificate, as far as the card reports."""
    return info.usage is None or info.usage == objects.CERTIFICATE


def public_id(private, listed):
    """Return the ID of the public half: the container of the same label, else the same ID."""
    if private.label:
        for info in listed:
            if info.kind == objects.PUBLIC_KEY and info.label == private.label:
                return info.id
    return private.id


def _read(applet, id, cache):
    """Return the content of file `id`, its certificates, and the parsed fields of the first."""
    try:
        content = cache.fetch(applet, id) if cache else applet.read_content(id)
    except CardError as e:
        if e.sw not in _ABSENT:
            raise
        content = b""
    if not content:
        raise NoCertificate("certificate-empty", objects.name(id))
    try:
        ders = certificates(content)
        return content, ders, Certificate(ders[0])
    except ValueError as e:
        raise BadCertificate("certificate-damaged", objects.name(id), len(content), str(e))


def _readable(ders):
    """Return the certificates up to the first that is none: bytes that an earlier, longer content
    of the file left behind."""
    count = 0
    try:
        for der in ders:
            Certificate(der)
            count += 1
    except ValueError:
        pass
    return ders[:count]


def _issuers(applet, sources):
    """Return the certificates of `sources`, see `find_identity`; raises BadCertificate."""
    found = ()
    for source in sources:
        name = None
        try:
            if isinstance(source, str) or len(source) <= _MAX_ID:
                name = objects.name(source)
                ders = _read(applet, source, None)[1]
            else:
                ders = certificates(source)
            for der in ders:
                Certificate(der)
        except (NoCertificate, BadCertificate, ValueError) as e:
            raise BadCertificate("chain-unusable", name or "given", str(e))
        found += ders
    return found
