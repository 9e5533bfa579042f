"""Faults outside the board: the firmware names the fault in one line, keeps trying and recovers.

A case has a fault, the line that a technician must see, and a repair after which readings must
arrive without any action on the firmware.
"""

import ast
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from iotsafe_tools.simulator.sim.profile import GSMA_AID
from iotsafe_tools.testbed import PKI, Rig, Validity

CN = "device-0001"


@dataclass
class Case:
    """`spoil` makes the fault before the firmware starts; `line` is the firmware's line; `cure`
    repairs the fault while the firmware runs."""

    spoil: Callable[[Rig], None]
    line: str
    cure: Callable[[Rig], None]
    cn: str | None = CN
    lab: dict = field(default_factory=dict)


def _fault(kind: str, **options) -> Callable[[Rig], None]:
    return lambda rig: rig.lab.call(rig.lab.modem.faults.add, kind, **options)


def _heal(rig: Rig) -> None:
    rig.lab.call(rig.lab.modem.faults.clear)


def _nothing(rig: Rig) -> None:
    """Do nothing: the fault ends by itself after some attempts."""


def _write(content: Callable[[bytes], bytes]) -> Callable[[Rig], None]:
    """Write to the certificate file what `content` makes of the right certificate."""

    def spoil(rig: Rig) -> None:
        issuer = rig.lab.card.issuer
        right = rig.pki.issue_client(issuer.public_key(b"\x01"), CN)
        issuer.write_file(b"\x02", content(right))

    return spoil


def _certificate_of_another_key(rig: Rig) -> None:
    rig.lab.card.issuer.write_file(b"\x02", rig.pki.software_client(CN).der)


def _enrol(rig: Rig) -> None:
    rig.lab.call(rig.enrol, CN)


def _aids(*aids: bytes) -> Callable[[Rig], None]:
    return lambda rig: setattr(rig.lab.card.profile, "aids", aids)


def _new_key(rig: Rig) -> None:
    rig.lab.call(rig.lab.card.issuer.create_key_pair, b"\x01")
    _enrol(rig)


CASES = {
    "SIM without the applet": Case(
        _aids(), "AppletNotFound: no IoT SAFE applet on this SIM .*6A82.*ask", _aids(GSMA_AID)
    ),
    "applet without a key": Case(
        lambda rig: rig.lab.card.issuer.clear_key_pair(b"\x01"),
        "NoKey: the applet holds no private key that may sign",
        _new_key,
    ),
    "empty certificate file": Case(
        _nothing, "NoCertificate: certificate file 02 is empty: .*not enrolled", _enrol, cn=None
    ),
    "certificate cut off": Case(
        _write(lambda der: der[:200]), r"BadCertificate: .* file 02 is cut off or dam", _enrol
    ),
    "certificate file without a certificate": Case(
        _write(lambda der: b"-----BEGIN" * 20), r"BadCertificate: .* file 02 is cut off", _enrol
    ),
    "certificate of another key": Case(
        _certificate_of_another_key, "KeyMismatch: the certificate in file 02 .*another", _enrol
    ),
    "SIM missing at first": Case(
        _fault("cme", prefix="+CPIN", code=10, times=25),
        "SIMError: SIM not inserted: .*Insert it",
        _heal,
    ),
    "silent modem": Case(
        _fault("silent"), "ModemSilent: the modem answers nothing: check the modem's", _heal
    ),
    "garbage": Case(_fault("garbage"), "ModemGarbled: the modem sends garbage: check baud", _heal),
    "CME error on APDUs": Case(
        _fault("cme", prefix="+CSIM", code=13, times=2),
        r"\+CSIM.*\+CME ERROR: 13 \(SIM fai",
        _heal,
    ),
    "reset before the signature": Case(
        _fault("reset", at="apdu:2B"), r"ModemReset: AT\+CSIM: the modem restarted", _nothing
    ),
    # The boot lines reveal this reset, as the modem no longer uses auto-baud.
    "reset in the handshake": Case(
        _fault("reset", at="done:+CASEND", nth=1),
        r"ModemReset: AT\+CASEND: the modem restarted",
        _nothing,
    ),
    "registration denied": Case(
        _fault("cme", prefix="+CEREG", code=30, times=3), r"\+CEREG.*no network service", _heal
    ),
    "connection cut in the handshake": Case(
        _fault("close", at="done:+CASEND", nth=1), "the server hung up during", _nothing
    ),
}


class _Loopback:
    """A UART over TCP whose TX and RX are shorted."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uart = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        line, _ = self._listener.accept()
        with line:
            while data := line.recv(4096):
                line.sendall(data)

    def __enter__(self) -> "_Loopback":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


@pytest.mark.parametrize("name", CASES)
def test_it_is_named_and_survived(make_rig, name):
    case = CASES[name]
    rig = make_rig(cn=case.cn, lab=case.lab)
    case.spoil(rig)
    with rig.firmware(messages=1) as firmware:
        firmware.wait_for(case.line)
        firmware.wait_for(r"next attempt in \d+\.\d s, from step")
        case.cure(rig)
        firmware.wait_for("delivered")
        assert firmware.wait() == 0
    assert not any("Traceback" in line for line in firmware.lines)


def _server(**options) -> Callable[[PKI], dict]:
    names = options.pop("names", ())
    return lambda pki: {"server": pki.issue_server(*names, **options)}


NOT_ASKING = (
    "require_certificate false",
    "use_identity_as_username false",
    "allow_anonymous true",
)

SERVERS = {
    "asks for no certificate": (
        lambda pki: {"settings": NOT_ASKING},
        (
            "TLSError: the server asked for no certificate: have the server require certificates, "
            "or set mqtt.mutual"
        ),
    ),
    "wrong name": (
        _server(names=("other.example",), only=True),
        "ServerNameMismatch: the server's certificate is for another name",
    ),
    "expired": (_server(validity=Validity.EXPIRED), "ServerCertificateExpired: .* has expired"),
    "not yet valid": (_server(validity=Validity.FUTURE), "ServerCertificateExpired: .* not valid"),
    "TLS 1.1 only": (lambda pki: {"tls_exactly": "1.1"}, "HandshakeRefused: .* needs TLS 1.2"),
    "client identifier refused": (
        lambda pki: {"settings": ("clientid_prefixes other-",)},
        "BrokerRefused: the broker refused the login",
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_must_not_be_used(make_rig, tmp_path, name):
    options, line = SERVERS[name]
    pki = PKI.create(tmp_path / "pki")
    rig = make_rig(pki=pki, broker=options(pki))
    with rig.firmware(messages=1) as firmware:
        firmware.wait_for(line)
        firmware.wait_for(r"next attempt in \d+\.\d s, from step")
        firmware.wait_for(line)  # the firmware has tried again
    assert not any("delivered" in line or "Traceback" in line for line in firmware.lines)


def test_a_server_that_asks_for_no_certificate_is_allowed_by_the_config(make_rig):
    rig = make_rig(broker={"settings": NOT_ASKING})
    with rig.firmware(messages=1, changes={"mqtt.mutual": "optional"}) as firmware:
        assert firmware.wait() == 0
    assert any("tls       the server asked for no certificate" in line for line in firmware.lines)


@pytest.mark.parametrize("cn", ["meter/1", "meter+1", "m#"])
def test_a_common_name_that_is_no_client_identifier(make_rig, cn):
    rig = make_rig(cn=cn)
    with rig.firmware() as firmware:
        firmware.wait_for(
            "common name cannot be the client identifier: .*: set mqtt.client_id", 120
        )
    assert not rig.broker.clients
    with rig.firmware(messages=1, changes={"mqtt.client_id": "meter-1"}) as firmware:
        assert firmware.wait() == 0


def test_a_broker_that_is_away_is_waited_for_and_nothing_is_lost(make_rig):
    rig = make_rig()
    with rig.firmware() as firmware:
        firmware.wait_for("delivered")
        rig.broker.stop()
        firmware.wait_for("next attempt in")
        rig.broker.start()
        firmware.wait_for("delivered")
        firmware.wait_for("delivered")
    seen = [line.split("delivered ")[1] for line in firmware.lines if "delivered {" in line]
    numbers = [ast.literal_eval(text)["seq"] for text in seen]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_modem_that_always_echoes_works(make_rig):
    rig = make_rig(lab={"faults": ("echo",)})
    with rig.firmware(messages=2) as firmware:
        assert firmware.wait() == 0


def test_a_line_that_only_echoes_is_named(make_rig):
    rig = make_rig()
    with _Loopback() as loopback, rig.firmware(changes={"modem.uart": loopback.uart}) as firmware:
        firmware.wait_for("ModemGarbled: the modem only echoes what is sent: are TX and RX")
        firmware.wait_for("next attempt in")


def test_pauses_grow(make_rig):
    rig = make_rig(cn=None)
    with rig.firmware() as firmware:
        pauses = [float(firmware.wait_for(r"next attempt in (\d+\.\d) s")[1]) for _ in range(4)]
    for number, pause in enumerate(pauses):
        assert 0.5 * 2**number <= pause <= 2**number, pauses


BAD_CONFIGS = {
    "port": ({"mqtt.port": "8883"}, r"mqtt\.port: must be a whole number"),
    "host": ({"mqtt.host": ""}, r"mqtt\.host: must be a host name or IP address"),
    "unknown": ({"mqtt.hots": "x"}, r"mqtt\.hots: unknown field"),
    "version": ({"version": 2}, r"version: must be 1 \(newer firmware needed"),
    "driver": ({"modem.driver": "sim9999"}, r"modem\.driver: must be one of .*sim7080"),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_a_bad_config_is_named_field_by_field(make_rig, name):
    changes, line = BAD_CONFIGS[name]
    rig = make_rig()
    with rig.firmware(changes=changes) as firmware:
        firmware.wait_for(line)
        assert firmware.wait() == 0
    assert not any("Traceback" in line for line in firmware.lines)
