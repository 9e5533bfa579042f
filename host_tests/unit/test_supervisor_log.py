"""What the application's log tells of errors, and of the files and names that it was given."""

import os
import sys

from app_world import ALL, SETTINGS, Pauses, World, run
from expect import replaced

import cellular
import iotsafe
from app import supervisor


def test_the_pin_is_in_no_line():
    lines = []
    world = World([("sim", cellular.SIMError("the PIN was refused"))])
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world)
    assert len(lines) > 8
    assert not [line for line in lines if "4711" in line]


def test_one_line_for_each_failure():
    lines = []
    world = World([("session", iotsafe.ServerNotTrusted("server-not-trusted"))])
    with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
        run(world)
    line = (
        "ServerNotTrusted: the server's certificate is not from a CA that is trusted here: is it "
        "the right server? Give the CA that issued its certificate: mqtt.ca"
    )
    assert ("session", line) in lines, lines
    (pause,) = [line for area, line in lines if line.startswith("next attempt in ")]
    assert pause.endswith(" s, from step session")


def test_the_words_of_an_error_take_no_heap_once_it_is_shown():
    run(World([("session", cellular.NetworkError("connect-silent", "h", 1))]))
    for name in ("app.advice", "cellular.advice", "cellular.reasons", "iotsafe.advice"):
        assert name not in sys.modules, name


def test_an_error_that_cannot_be_shown_is_a_failure_like_others():
    # The text needs modules: where no memory is left for them, the application goes on.
    class Unshown(cellular.NetworkError):
        def __str__(self):
            raise MemoryError()

    lines = []
    too_few = cellular.NetworkError("connect-refused")  # values for its text
    world = World([("session", Unshown("connect-silent", "h", 1)), ("session", too_few)])
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        application, _ = run(world)
    assert application.delivered == 1
    for reason in ("connect-silent", "connect-refused"):
        assert [line for line in lines if reason in line], lines


def test_no_ca_or_a_damaged_one():
    for ca, text in (
        (None, "TLSError: the CA certificate in ca.pem cannot be used: no such file: put the"),
        (
            b"damaged",
            "TLSError: the CA certificate in ca.pem cannot be used: no certificate in PEM or DER",
        ),
    ):
        with_ca(ca, text)


def with_common_name(name, settings):
    """Run with a certificate of this name, which becomes "meter-17" in the first pause; return the
    world and the lines of the log."""
    lines = []
    world = World()
    world.common_name = name

    class Renamed(Pauses):
        def sleep(self, ms):
            Pauses.sleep(self, ms)
            world.common_name = "meter-17"

    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world, settings=settings, clock=Renamed())
    return world, lines


def test_a_common_name_obeys_the_rules_of_the_client_identifier():
    for name, problem in (
        ("", "there is none in plain text"),  # none, or a BMPString, or with control characters
        ("a/b", "it has a /"),
        ("a+b", "must be at most 128 characters without wildcards"),
        ("#", "must be at most 128 characters without wildcards"),
        ("x" * 200, "must be at most 128 characters without wildcards"),
    ):
        world, lines = with_common_name(name, SETTINGS)
        text = "IdentityError: the certificate's common name cannot be the client identifier: "
        assert text + problem + ": set mqtt.client_id" in lines, lines
        assert world.done[:3] == ["power", "sim", "sim"], world.done  # before the network
        # An identifier in the config makes the name unimportant.
        settings = dict(SETTINGS, mqtt={"host": "h", "client_id": "a/b"})
        world, _ = with_common_name(name, settings)
        assert world.client_id == "a/b" and world.done == ALL


def test_a_ca_that_is_left_out_is_told():
    lines = []
    world = World()
    world.problems = ("x: Ed25519",)
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world)
    assert "ca.pem: a certificate is left out: x: Ed25519" in lines and world.published


def test_where_the_chain_of_the_certificate_is():
    with open("chain.pem", "wb") as file:
        file.write(b"PEM")
    for chain, sources in (
        ("", []),
        ("03", [b"\x03"]),
        ("label:INTER", ["INTER"]),
        ("chain.pem", [b"PEM"]),
        (["0A0b", "chain.pem"], [b"\x0a\x0b", b"PEM"]),
    ):
        world = World()
        run(world, settings=dict(SETTINGS, sim={"chain": chain}))
        assert world.sources == sources
    os.remove("chain.pem")


def test_a_chain_that_is_missing_is_told():
    lines = []

    class Written(Pauses):
        def sleep(self, ms):
            Pauses.sleep(self, ms)
            with open("chain.pem", "wb") as file:
                file.write(b"PEM")

    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(World(), settings=dict(SETTINGS, sim={"chain": "chain.pem"}), clock=Written())
    os.remove("chain.pem")
    text = "BadCertificate: the issuers' certificates cannot be used: chain.pem: no such file: "
    assert [line for line in lines if line.startswith(text) and "sim.chain" in line], lines


def with_ca(ca, text):
    lines = []

    class Repaired(Pauses):
        """The CA is put in place during the first pause."""

        def sleep(self, ms):
            Pauses.sleep(self, ms)
            if self.pauses:
                with open("ca.pem", "wb") as file:
                    file.write(b"ca")

    world = World()
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world, ca=ca, clock=Repaired())
    assert [line for line in lines if line.startswith(text)], lines
    assert world.published, "the CA was put in place, and nothing was delivered"
    os.remove("ca.pem")
