"""The TLS context: its arguments to the engine, and the firmware without the engine."""

from cards import from_hex
from data import certificates as pki
from expect import raises, replaced
from pem_files import pem
from software_key import SoftwareIdentity

from iotsafe import NoEngine, SSLContext, context

CA = from_hex(pki.CA)
OTHER = from_hex(pki.OTHER_CA)


class Engine:
    """Records its arguments."""

    def __init__(self, *args):
        self.args = args

    def wrap(self, *args):
        return args


class Modem:
    """A modem whose one socket records the calls; `connect` raises `failure`."""

    def __init__(self, failure=None):
        self.failure = failure
        self.calls = []

    def socket(self):
        return self

    def connect(self, address):
        self.calls.append(address)
        if self.failure:
            raise self.failure

    def setblocking(self, flag):
        pass

    def close(self):
        self.calls.append("close")


STREAM = Modem()


def test_no_ca():
    with replaced(context, _engine=lambda: Engine):
        for ca in (b"", None):
            with raises(ValueError, text="a CA certificate is needed: the server is always"):
                SSLContext(SoftwareIdentity(b""), ca)


def test_what_the_engine_is_given():
    identity = SoftwareIdentity(b"")
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(identity, pem(CA) + pem(OTHER), 2.5, ("SUITE",))
    assert made._engine.args == (identity, (CA, OTHER), ("SUITE",), [], True)
    assert made.wrap_socket(STREAM, "host") == (STREAM, "host", 2500)


def test_no_server_name():
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(SoftwareIdentity(b""), CA)
    for name in ("", None):
        with raises(ValueError, text="server_hostname is needed"):
            made.wrap_socket(STREAM, name)


def test_firmware_without_the_engine():
    def no_tls():
        raise NoEngine("no-engine")

    with replaced(context, _engine=no_tls), raises(NoEngine, text="no ecdsa_sign_callback"):
        SSLContext(SoftwareIdentity(b""), CA)


def test_default_time_out_is_a_minute():
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(SoftwareIdentity(b""), CA)
    assert made.wrap_socket(STREAM, "host")[2] == 60000


def test_connect():
    modem = Modem()
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(SoftwareIdentity(b""), CA, 2)
        assert made.connect(modem, "mqtt.example.com", 8883) == (modem, "mqtt.example.com", 2000)
    assert modem.calls == [("mqtt.example.com", 8883)]


def test_connect_leaves_nothing_open():
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(SoftwareIdentity(b""), CA)
    for failure in (OSError(110), KeyboardInterrupt()):
        modem = Modem(failure)
        with raises(type(failure)):
            made.connect(modem, "mqtt.example.com", 8883)
        assert modem.calls == [("mqtt.example.com", 8883), "close"]
    modem = Modem()
    with raises(ValueError, text="server_hostname is needed"):
        made.connect(modem, "", 8883)
    assert modem.calls[-1] == "close"
