"""The TLS context: its arguments to the engine, and the firmware without the engine."""

from binascii import b2a_base64

from cards import from_hex
from data import certificates as pki
from expect import raises, replaced
from software_key import SoftwareIdentity

from iotsafe import NoEngine, SSLContext, context
from iotsafe.context import certificates

CA = from_hex(pki.CA)
OTHER = from_hex(pki.OTHER_CA)


def pem(der, end=b"\n"):
    body = b2a_base64(der).strip()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    head, foot = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    return end.join([head] + lines + [foot, b""])


def test_der():
    assert certificates(CA) == (CA,)


def test_pem():
    for end in (b"\n", b"\r\n"):
        assert certificates(pem(CA, end)) == (CA,)
        assert certificates(b"# our CAs\n" + pem(CA, end) + b"\n" + pem(OTHER, end)) == (CA, OTHER)


def test_other_pem_is_skipped():
    key = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert certificates(key + pem(CA)) == (CA,)


def test_no_certificate():
    for data in (b"", b"junk", b"-----END CERTIFICATE-----", b"\x00" * 20):
        with raises(ValueError, text="no certificate in PEM or DER"):
            certificates(data)


def test_pem_that_is_cut_off():
    whole = pem(CA)
    for size in (30, 200, len(whole) - 10):
        with raises(ValueError, text="a PEM certificate is cut off"):
            certificates(whole[:size])
    with raises(ValueError, text="cut off"):
        certificates(pem(OTHER) + whole[:100])


def test_pem_that_is_no_base64():
    with raises(ValueError):
        certificates(b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n")


class Engine:
    """Records its arguments."""

    def __init__(self, *args):
        self.args = args

    def wrap(self, *args):
        return args


def test_no_ca():
    with replaced(context, _engine=lambda: Engine):
        for ca in (b"", None):
            with raises(ValueError, text="a CA certificate is needed: the server is always"):
                SSLContext(SoftwareIdentity(b""), ca)


def test_what_the_engine_is_given():
    identity = SoftwareIdentity(b"")
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(identity, pem(CA) + pem(OTHER), 2.5, ("SUITE",))
    assert made._engine.args == (identity, (CA, OTHER), ("SUITE",))
    assert made.wrap_socket("stream", "host") == ("stream", "host", 2500)


def test_no_server_name():
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(SoftwareIdentity(b""), CA)
    for name in ("", None):
        with raises(ValueError, text="server_hostname is needed"):
            made.wrap_socket("stream", name)


def test_firmware_without_the_engine():
    def no_tls():
        raise NoEngine("no-engine")

    with replaced(context, _engine=no_tls), raises(NoEngine, text="no ecdsa_sign_callback"):
        SSLContext(SoftwareIdentity(b""), CA)


def test_default_time_out_is_a_minute():
    with replaced(context, _engine=lambda: Engine):
        made = SSLContext(SoftwareIdentity(b""), CA)
    assert made.wrap_socket("stream", "host")[2] == 60000


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

    def close(self):
        self.calls.append("close")


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
