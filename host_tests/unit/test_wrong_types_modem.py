"""Wrong arguments for modem, socket, queue and publisher: each gets a sentence of ours, which
names the argument and the type that was given, and nothing goes to the modem."""

from expect import raises
from mock_uart import ScriptedUART

import cellular
import telemetry
from cellular.at import quotable
from cellular.extras import Extras
from cellular.pin import enter
from cellular.simcom_extras import SIMComExtras

# Anything that a user may type, one of each kind.
WRONG = (5, 1.5, None, [1], {}, object(), Exception, b"x", "x")


def modem():
    return cellular.SIM7080(ScriptedUART([]))


def broker(**changed):
    given = {"host": "h", "port": 8883, "client_id": "c", "topic": "t"}
    given.update(changed)
    return telemetry.Broker(**given)


# (argument in the sentence, call, right values)
CALLS = (
    ("uart", lambda x: cellular.SIM7080(x), ()),
    ("APN", lambda x: quotable("", x), ("x",)),
    ("auth", lambda x: modem().prepare("internet", auth=x), ("x",)),
    ("ip", lambda x: modem().prepare("internet", ip=x), ("x",)),
    ("host", lambda x: modem().resolve(x), ("x",)),
    ("pin", lambda x: enter(modem(), x or 5), ("x",)),
    ("address", lambda x: modem().socket().connect(x), ([1],)),
    ("port", lambda x: modem().socket().connect(("h", x)), (5,)),
    ("seconds", lambda x: modem().socket().settimeout(x), (5, 1.5, None)),
    ("seconds", lambda x: Extras(modem()).power_saving(x or "x", 10), (5,)),
    ("cycle", lambda x: Extras(modem()).edrx(x or "x"), (5, 1.5)),
    ("bands", lambda x: SIMComExtras(modem()).network("", x or 5), ([1],)),
    ("host", lambda x: broker(host=x), ("x",)),
    ("port", lambda x: broker(port=x), (5,)),
    ("client_id", lambda x: broker(client_id=x), ("x",)),
    ("topic", lambda x: broker(topic=x), ("x",)),
    ("user", lambda x: broker(user=x), ("x",)),
    ("password", lambda x: broker(password=x), ("x",)),
    ("keepalive", lambda x: broker(keepalive=x), (5,)),
    ("reading", lambda x: broker().encode(x), ({},)),
    ("cloud", lambda x: telemetry.Publisher(x, print), ()),
    ("open_stream", lambda x: telemetry.Publisher(broker(), x), (Exception,)),
    ("payload", lambda x: telemetry.Publisher.publish_raw(None, x), (b"x",)),
    ("folder", lambda x: telemetry.Queue(x), (None, "x", {})),
    ("most", lambda x: telemetry.Queue(None, x), (5,)),
    ("reading", lambda x: telemetry.Queue().put(x), ({},)),
)


def test_every_wrong_type_gets_a_sentence():
    for name, call, right in CALLS:
        for value in WRONG:
            if value in right:
                continue
            try:
                call(value)
            except TypeError as e:
                text = str(e)
                assert name in text.split(", not ")[0], (name, value, text)
                assert (
                    name == "uart" or not value or text.endswith(", not " + type(value).__name__)
                ), text
                continue
            raise AssertionError("%s took %r" % (name, value))


def test_no_sentence_has_a_secret():
    for call in (
        lambda: enter(modem(), 12345678),
        lambda: quotable("", "", 12345678),
        lambda: broker(password=12345678),
    ):
        with raises(TypeError) as caught:
            call()
        assert "1234" not in str(caught.error), caught.error


def test_a_choice_that_there_is_not():
    for name, choices in (("auth", "none, pap, chap, auto"), ("ip", "ipv4, ipv6, both")):
        with raises(ValueError, text="%s: one of %s" % (name, choices)):
            modem().prepare("internet", **{name: "x"})


def test_a_driver_that_is_not_there():
    for name in ("x", 5, None):
        with raises(ValueError, text="no driver %r" % (name,)):
            cellular.driver(name)
