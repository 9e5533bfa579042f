"""The broker admits the right clients, over the right TLS version, and leaves nothing behind."""

import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from iotsafe_tools.testbed import PATIENCE, PKI, Broker, Issued, ProcessError, Subscriber, Validity

# TLS 1.1 is deprecated, and one test uses it.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")

VERSIONS = {
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> PKI:
    return PKI.create(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> PKI:
    return PKI.create(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def broker(pki: PKI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker"), pki) as running:
        yield running


def handshake(
    broker: Broker,
    client: Issued | None,
    version: ssl.TLSVersion | None = None,
    ca: PKI | None = None,
) -> str:
    """Do TLS and one MQTT CONNECT; return the TLS version. Raises OSError if either side
    refuses."""
    context = ssl.create_default_context(cafile=(ca or broker.pki).ca_path)
    if version:
        if version < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    if client:
        context.load_cert_chain(client.path, client.key_path)
    with (
        socket.create_connection(("127.0.0.1", broker.port), timeout=PATIENCE) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        # In TLS 1.3 the client learns of a refused certificate only when it reads.
        tls.sendall(bytes.fromhex("10 11 0004 4d515454 04 02 003c 0005") + b"probe")
        answer = tls.recv(4)
        if answer != bytes.fromhex("20 02 00 00"):
            raise ConnectionError(f"the broker answered {answer.hex()}")
        return tls.version()


def test_a_client_with_a_certificate_gets_its_messages(broker: Broker, pki: PKI) -> None:
    with (
        Subscriber(broker, topic="to/#", cn="reader") as reader,
        Subscriber(broker, pki, topic="none", cn="writer") as writer,
    ):
        writer.publish("elsewhere", b"no")
        writer.publish("to/a", b"\x00\xff")
        writer.publish("to/b", "two", qos=0)
        first, second = reader.take(2)
        assert (first.topic, first.payload, first.qos) == ("to/a", b"\x00\xff", 1)
        assert (second.topic, second.payload, second.qos) == ("to/b", b"two", 0)
        assert first.received <= second.received
        writer.publish("to/a", b"3")
        writer.publish("to/b", b"4")
        assert reader.get(topic="to/b").payload == b"4"
        assert reader.drain() == []
        with pytest.raises(TimeoutError, match="no message on to/b"):
            reader.get(0.05, topic="to/b")


def test_the_log_names_the_common_name(broker: Broker, pki: PKI) -> None:
    assert not broker.names("Müller & Co (1)")
    handshake(broker, pki.software_client("Müller & Co (1)"))
    broker.wait_for_client("Müller & Co (1)")
    assert broker.names("Müller & Co (1)")
    assert not broker.names("Müller")
    last = broker.clients[-1]
    assert (last.id, last.cn) == ("probe", "Müller & Co (1)")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_nobody_without_a_certificate(broker: Broker, version: str) -> None:
    before = broker.clients
    with pytest.raises(OSError):
        handshake(broker, None, VERSIONS[version])
    broker.wait_for("peer did not return a certificate")
    assert broker.clients == before


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_nobody_of_another_authority(broker: Broker, other: PKI, version: str) -> None:
    with pytest.raises(OSError):
        handshake(broker, other.software_client("intruder"), VERSIONS[version])
    broker.wait_for("certificate verify failed")
    assert not broker.names("intruder")


def test_nobody_whose_certificate_has_expired(broker: Broker, pki: PKI) -> None:
    late = pki.software_client("late", validity=Validity.EXPIRED)
    with pytest.raises(OSError):
        handshake(broker, late)
    broker.wait_for("certificate verify failed")
    assert not broker.names("late")


def test_a_client_sees_a_server_of_another_authority(broker: Broker, pki: PKI, other: PKI) -> None:
    with pytest.raises(
        ssl.SSLCertVerificationError, match=r"unable to get local issuer|self.signed"
    ):
        handshake(broker, pki.software_client("careful"), ca=other)


def test_a_subscriber_that_is_refused_says_so(broker: Broker, other: PKI) -> None:
    identity = other.software_client("refused")
    with pytest.raises(OSError) as caught:
        Subscriber(broker, identity=identity).start(5.0)
    assert caught.value.args
    broker.wait_for("certificate verify failed")


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ({"names": ("wrong.example",), "only": True}, "Hostname mismatch"),
        ({"names": (), "validity": Validity.EXPIRED}, "has expired"),
        ({"names": (), "validity": Validity.FUTURE}, "not yet valid"),
    ],
)
def test_a_client_sees_a_bad_server_certificate(
    tmp_path: Path, pki: PKI, server: dict, message: str
) -> None:
    names = server.pop("names")
    with (
        Broker(tmp_path, pki, server=pki.issue_server(*names, **server)) as broker,
        pytest.raises(ssl.SSLCertVerificationError, match=message),
    ):
        handshake(broker, pki.software_client("careful"))


@pytest.mark.parametrize("exactly", VERSIONS)
def test_exactly_one_tls_version(tmp_path: Path, pki: PKI, exactly: str) -> None:
    client = pki.software_client("versions")
    with Broker(tmp_path, pki, tls_exactly=exactly) as broker:
        for version, number in VERSIONS.items():
            if version == exactly:
                assert handshake(broker, client, number) == f"TLSv{exactly}"
            else:
                with pytest.raises(OSError):
                    handshake(broker, client, number)
        broker.wait_until(lambda _: len(broker.clients) == 1)


@pytest.mark.parametrize(("minimum", "offered"), [(None, ["1.2", "1.3"]), ("tlsv1.3", ["1.3"])])
def test_a_minimum_tls_version(
    tmp_path: Path, pki: PKI, minimum: str | None, offered: list[str]
) -> None:
    client = pki.software_client("versions")
    with Broker(tmp_path, pki, tls_version=minimum) as broker:
        for version, number in VERSIONS.items():
            if version in offered:
                assert handshake(broker, client, number) == f"TLSv{version}"
            else:
                with pytest.raises(OSError):
                    handshake(broker, client, number)


def test_an_unknown_tls_version(tmp_path: Path, pki: PKI) -> None:
    with pytest.raises(ValueError, match=r"1\.1, 1\.2, 1\.3: 1\.4"):
        Broker(tmp_path, pki, tls_exactly="1.4")


def test_an_intermediate_on_both_sides(tmp_path: Path) -> None:
    pki = PKI.create(tmp_path / "pki", intermediate=True)
    with Broker(tmp_path / "broker", pki) as broker:
        handshake(broker, pki.software_client("chained"))
        broker.wait_until_named("chained")


def test_stop_and_start_again_on_the_same_port(tmp_path: Path, pki: PKI) -> None:
    with Broker(tmp_path, pki) as broker, Subscriber(broker, cn="loyal") as subscriber:
        first = broker.pid
        port = broker.port
        broker.stop()
        broker.stop()
        assert not Path(f"/proc/{first}").exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        with pytest.raises(ConnectionError, match="disconnected"):
            subscriber.wait_until_subscribed()
        broker.start()
        assert broker.start() is broker
        assert broker.port == port and broker.pid != first
        subscriber.wait_until_subscribed()
        subscriber.publish("back", b"again")
        assert subscriber.get().payload == b"again"
        broker.wait_until(lambda _: [client.cn for client in broker.clients] == ["loyal", "loyal"])


def test_two_brokers_side_by_side(tmp_path: Path, pki: PKI, broker: Broker) -> None:
    with Broker(tmp_path, pki) as second:
        assert second.port != broker.port
        handshake(second, pki.software_client("second only"))
        second.wait_until_named("second only")
        assert not broker.names("second only")


def test_it_listens_on_the_loopback_only(broker: Broker) -> None:
    tables = [Path("/proc/net", name) for name in ("tcp", "tcp6")]  # tcp6 only where there is IPv6
    table = "".join(path.read_text() for path in tables if path.exists())
    rows = [row.split() for row in table.splitlines()]
    listening = {
        row[1] for row in rows if row[1].endswith(f":{broker.port:04X}") and row[3] == "0A"
    }
    assert listening == {f"0100007F:{broker.port:04X}"}


def test_a_bad_configuration_is_an_error_with_its_reason(tmp_path: Path, pki: PKI) -> None:
    broker = Broker(tmp_path, pki, settings=["no_such_setting 1"])
    with pytest.raises(ProcessError, match=r"(?s)ended at its start.*no_such_setting"), broker:
        pass
    with pytest.raises(ProcessError, match="was not started"):
        Broker(tmp_path, pki).wait_for("anything")


def test_nothing_is_left_after_an_exception(tmp_path: Path, pki: PKI) -> None:
    with pytest.raises(ZeroDivisionError), Broker(tmp_path, pki) as broker:
        pid, port = broker.pid, broker.port
        raise ZeroDivisionError
    assert not Path(f"/proc/{pid}").exists()
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


def test_a_missing_mosquitto_says_what_to_install(
    tmp_path: Path, pki: PKI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(ProcessError, match="apt-get install mosquitto"):
        Broker(tmp_path, pki).start()


def test_each_line_of_the_log_is_seen_live(tmp_path: Path, pki: PKI) -> None:
    seen: list[str] = []
    with Broker(tmp_path, pki, on_line=seen.append) as broker:
        handshake(broker, pki.software_client("watched"))
        broker.wait_for_client("watched")
    assert any("u'watched'" in line for line in seen)
    assert broker.log.splitlines() == seen
    assert os.path.samefile(broker.log_path, tmp_path / "broker.log")
