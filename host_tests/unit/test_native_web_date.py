"""The Date of a web server by real TLS (`iotsafe.web_date`): what is verified, and what is kept.

MicroPython only, as test_native_tls. The clock of this process cannot be set; on a board, which
can, see system/test_pico_web_date.py.
"""

import tls
from cards import from_hex
from data import certificates as pki
from expect import raises
from software_key import SoftwareIdentity
from tls_server import Server, Stream
from tls_session import CA, CLIENT

from iotsafe import (
    ServerCertificateExpired,
    ServerNameMismatch,
    ServerNotTrusted,
    SSLContext,
    TLSError,
)
from iotsafe.web_date import ask

RUNTIMES = ("micropython",)  # as test_native_tls
HEAP = "384k"

SPAN = ("2020-01-01 00:00:00", "2120-01-01 00:00:00")
NOON = (2026, 11, 24, 12, 18, 17)


class Connection(Stream):
    def connect(self, address):
        self.address = address


class World:
    """A modem whose socket leads to a Server of these arguments, and a clock that stays."""

    def __init__(self, ca=CA, **server):
        self.context = SSLContext(SoftwareIdentity(CLIENT), ca)
        self.server = server
        self.streams = []
        self.clocks = []

    def socket(self):
        self.streams.append(Connection(Server(**self.server)))
        return self.streams[-1]

    def ask(self, found=NOON, host=pki.HOST):
        def date(stream, host):
            stream.write(b"date?")
            assert stream.read(5) == b"DATE?"
            return found

        try:
            return ask(self.context, self, host, (2026, 1, 1), date, self.clocks.append)
        finally:
            assert all(stream.closed for stream in self.streams)
            assert self.context._engine._tls.verify_mode == tls.CERT_REQUIRED
            assert self.context._engine.mutual is True
            self.clocks.pop()  # as it was before


def test_a_date_in_the_validity_of_the_chain():
    world = World()
    assert world.ask() == NOON
    assert world.clocks == [(2026, 1, 1, 0, 0, 0)]
    assert world.context.validity() == SPAN
    assert world.ask((2121, 1, 1, 0, 0, 0)) is None


def test_a_server_that_asks_for_no_certificate_is_one_for_the_date_only():
    world = World(asks=False)
    assert world.ask() == NOON
    session = world.context.wrap_socket(Stream(Server(asks=False)), pki.HOST)
    with raises(TLSError) as caught:
        session.write(b"x")
    assert caught.error.reason == "not-asked"


def test_a_chain_of_later_is_tried_at_its_first_day():
    world = World(certificate=pki.SERVER_FUTURE)
    with raises(ServerCertificateExpired) as caught:
        world.ask()
    assert caught.error.reason == "server-early"
    assert world.clocks == [(2026, 1, 1, 0, 0, 0), (2119, 1, 1, 0, 0, 0)]
    assert world.context.validity() == ("2119-01-01 00:00:00", SPAN[1])


def test_every_other_check_holds():
    other = from_hex(pki.OTHER_CA)
    for kind, host, world in (
        (ServerCertificateExpired, pki.HOST, World(certificate=pki.SERVER_EXPIRED)),
        (ServerNotTrusted, pki.HOST, World(ca=other)),
        (ServerNotTrusted, pki.HOST, World(ca=other, certificate=pki.SERVER_FUTURE)),
        (ServerNotTrusted, pki.HOST, World(ca=other, certificate=pki.SERVER_EXPIRED)),
        (ServerNameMismatch, "other.test", World()),
        (ServerNameMismatch, "other.test", World(certificate=pki.SERVER_FUTURE)),
    ):
        with raises(kind):
            world.ask(host=host)
        assert len(world.streams) == 1 and len(world.clocks) == 1
        assert world.streams[0].address == (host, 443)
        assert not world.streams[0].server.read
