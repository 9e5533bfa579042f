"""The names of a server's certificate (RFC 9525), checked while mbedTLS verifies its chain.

mbedTLS also takes the common name, a URI, and a DNS entry for an address, and ignores name
constraints that are not critical. Here only DNS and IP entries count, and each certificate obeys
the constraints of those above it (RFC 5280 4.2.1.10: DNS, IP and directory names).
"""

from micropython import const

from .der import element
from .errors import ServerNameMismatch

_SEQUENCE = const(0x30)
_EXTENSIONS = const(0xA3)
_VALIDITY = const(3)  # the third SEQUENCE of a TBSCertificate
_SUBJECT = const(4)
_DNS = const(0x82)
_DIRECTORY = const(0xA4)
_IP = const(0x87)

_ALTERNATIVE_NAMES = b"\x55\x1d\x11"
_CONSTRAINTS = b"\x55\x1d\x1e"


def check(view, depth, host, above):
    """Check the names of one certificate: `view`, memoryview of its DER; `depth` in the chain, 0
    for the server's own, which must be for `host`. Call it from the top of the chain down.

    `above`: a list with (name constraints, subject, validity) of each certificate above, parts of
    its DER; those of this one are added. Raises ServerNameMismatch, and ValueError for DER that is
    not understood.
    """
    dates, subject, entries, limit = _parts(view)
    limits = [limit for limit, _, _ in above if limit]
    above.append((limit, subject, dates))
    names = [(_DIRECTORY, subject)] if len(subject) > 2 else []
    kind, forms = (0, ()) if depth else _wanted(host.lower())
    sizes = [len(form) for form in forms]
    matched = depth
    pos = 0
    while pos < len(entries):
        tag, start, pos = element(entries, pos)
        # A copy only of what counts: a certificate may have a hundred names.
        if limits or (tag == kind and pos - start in sizes):
            name = bytes(entries[start:pos])
            if tag == _DNS:
                name = name.lower()
            if limits:
                names.append((tag, name))
            matched = matched or (tag == kind and name in forms)
    if not matched:
        raise ServerNameMismatch("server-name" if entries else "server-no-names")
    if not depth:
        names.append((kind, forms[0]))  # of what a wildcard stands for
    for limit in limits:
        for tag, name in names:
            if not _allows(limit, tag, name):
                raise ServerNameMismatch("server-constrained")


def _wanted(host):
    """Return the tag of the entries that may be for `host`, a name or an address, and the contents
    that are. A wildcard stands for one whole label, the leftmost."""
    if ":" in host:
        from .x509_names import address

        return _IP, (address(host),)
    parts = host.split(".")
    if len(parts) == 4 and all(part.isdigit() for part in parts):
        return _IP, (bytes([int(part) for part in parts]),)
    host = host.encode()
    parent = host.partition(b".")[2]
    return _DNS, (host, b"*." + parent) if parent else (host,)


def _parts(view):
    """Return (validity, subject, alternative names, name constraints) of a certificate: the DER of
    two, and the contents of the others, b"" if missing."""
    dates = subject = names = limit = b""
    _, pos, _ = element(view)
    _, pos, end = element(view, pos)
    count = 0
    while pos < end:
        before = pos
        tag, start, pos = element(view, pos)
        if tag == _SEQUENCE:
            count += 1
            if count == _VALIDITY:
                dates = bytes(view[before:pos])
            elif count == _SUBJECT:
                subject = bytes(view[before:pos])
        elif tag == _EXTENSIONS:
            _, pos, end = element(view, start)
            while pos < end:
                _, start, pos = element(view, pos)
                _, start, after = element(view, start)
                oid = view[start:after]
                while after < pos:  # the value comes last, perhaps after `critical`
                    _, start, after = element(view, after)
                if oid == _ALTERNATIVE_NAMES:
                    _, start, after = element(view, start)
                    names = view[start:after]
                elif oid == _CONSTRAINTS:
                    _, start, after = element(view, start)
                    limit = bytes(view[start:after])
    return dates, subject, names, limit


def _allows(limit, tag, name):
    """Return whether the constraints `limit` allow `name`, an entry with this `tag`."""
    pos = 0
    while pos < len(limit):
        part, at, pos = element(limit, pos)  # A0: permitted, A1: excluded
        inside = None  # whether the name is in a subtree of its kind, if there is one
        while at < pos:
            _, start, at = element(limit, at)
            kind, start, end = element(limit, start)
            if kind == tag:
                inside = inside or _within(tag, name, limit[start:end])
        if inside is not None and inside == part & 1:
            return False
    return True


def _within(tag, name, base):
    """Return whether `name` is in the subtree `base`, the content of a GeneralName; None for a
    kind that is not checked."""
    if tag == _DNS:
        base = base.lower()
        return not base or name == base or name.endswith(b"." + base.lstrip(b"."))
    if tag == _DIRECTORY:
        base = _plain(base)
        return _plain(name)[: len(base)] == base
    if tag == _IP:
        size = len(name)
        return len(base) == 2 * size and not any(
            (name[i] ^ base[i]) & base[size + i] for i in range(size)
        )
    return None


def _plain(name):
    """Return a Name, DER, as a list that is equal for equal names (RFC 5280 7.1): the type of a
    string, spaces, and the case of ASCII do not count. ValueError for DER that is not understood.
    """
    plain = []
    _, pos, end = element(name)
    while pos < end:
        _, at, pos = element(name, pos)
        parts = []
        while at < pos:
            _, start, at = element(name, at)
            _, start, after = element(name, start)
            _, begin, stop = element(name, after)
            text = name[begin:stop].replace(b"\0", b"")  # of a BMPString
            parts.append((name[start:after], b" ".join(text.lower().split())))
        plain.append(sorted(parts))
    return plain
