"""The names of a server's certificate: the table of data/name_checks.py, and damaged input."""

from cards import from_hex
from data import certificates as pki
from data.name_checks import CONSTRAINTS, NAMES
from effort import some
from server_certificates import certificate, constraints

from iotsafe.errors import ServerNameMismatch
from iotsafe.server_names import check


def is_for(der, depth, host, limits):
    """Return whether `check` takes the certificate, with its reason if not."""
    try:
        check(memoryview(der), depth, host, limits)
    except ServerNameMismatch as e:
        return e.reason
    return True


def test_names():
    for common_name, names, host, right in some(NAMES):
        got = is_for(certificate(common_name, names), 0, host, [])
        want = right or ("server-name" if names else "server-no-names")
        assert got == want, (common_name, names, host, got)


def test_constraints_of_a_ca():
    for permitted, excluded, common_name, names, host, right in some(CONSTRAINTS):
        leaf = certificate(common_name, names)
        assert is_for(leaf, 0, host, []) is True, (names, host)
        limits = []
        top = certificate("CA", (), constraints(permitted, excluded))
        assert is_for(top, 1, host, limits) is True and len(limits) == 1
        got = is_for(leaf, 0, host, limits)
        want = right or "server-constrained"
        assert got == want, (permitted, excluded, names, host, got)


def test_constraints_go_down_the_chain():
    limits = []
    for names in (("DNS:example.com",), ("DNS:example.com", "DNS:example.org")):
        check(
            memoryview(certificate("CA", (), constraints(names, ()))), 2, "a.example.org", limits
        )
    leaf = certificate("", ("DNS:a.example.org",))
    assert is_for(leaf, 0, "a.example.org", limits[1:]) is True
    assert is_for(leaf, 0, "a.example.org", limits) == "server-constrained"
    # A certificate between obeys those above it, too.
    between = certificate("CA", ("DNS:example.org",))
    assert is_for(between, 1, "a.example.com", limits) == "server-constrained"


def test_critical_and_other_extensions_are_passed_over():
    der = certificate("", ("DNS:a.example",), critical=True)
    assert is_for(der, 0, "a.example", []) is True
    host = pki.HOST
    for title in ("SERVER", "SERVER_EXPIRED"):
        assert is_for(from_hex(getattr(pki, title)), 0, host, []) is True
        assert is_for(from_hex(getattr(pki, title)), 0, "x" + host, []) == "server-name"
    assert is_for(from_hex(pki.CA), 1, host, []) is True


def test_damaged_der_raises_nothing_else():
    # mbedTLS has parsed the certificate before: no other exception may come.
    der = certificate("x", ("DNS:a.example",), constraints(("DNS:a.example",), ()))
    for size in some(range(len(der))):
        try:
            check(memoryview(der[:size]), 0, "a.example", [])
        except (ValueError, ServerNameMismatch):
            pass
