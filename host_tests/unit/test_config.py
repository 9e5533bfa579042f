"""Each field of the config: valid values, invalid values, and the line about them."""

import json

from effort import some
from expect import equal, raises

from app import config
from app.config import ConfigError, check, load

LEAST = {"version": 1, "mqtt": {"host": "mqtt.example.com"}}


def problems(data):
    """Return the lines about `data`."""
    with raises(ConfigError) as caught:
        check(data)
    assert str(caught.error) == "; ".join(caught.error.problems)
    return caught.error.problems


def with_field(path, value):
    """Return the smallest config with one more field."""
    data = {"version": 1, "mqtt": {"host": "mqtt.example.com"}}
    inner = data
    for name in path.split(".")[:-1]:
        inner = inner.setdefault(name, {})
    inner[path.split(".")[-1]] = value
    return data


def test_a_password_needs_a_user():
    data = with_field("modem.password", "p'ass word!")
    assert problems(data) == ["modem.user: missing, with a modem.password"]
    data["modem"]["user"] = "me"
    assert check(data)["modem.password"] == "p'ass word!"


def test_the_least_that_is_needed():
    assert check(LEAST) == {
        "version": 1,
        "modem.driver": "sim7080",
        "modem.uart": "",
        "modem.apn": "",
        "modem.user": "",
        "modem.password": "",
        "modem.auth": "auto",
        "modem.ip": "ipv4",
        "modem.pin": "",
        "modem.network": "",
        "modem.bands": (),
        "modem.rest": "",
        "sim.channel": "auto",
        "sim.aids": (),
        "sim.key": "",
        "sim.certificate": "",
        "sim.chain": "",
        "mqtt.host": "mqtt.example.com",
        "mqtt.port": 8883,
        "mqtt.ca": "ca.pem",
        "mqtt.mutual": "required",
        "mqtt.client_id": "",
        "mqtt.user": "",
        "mqtt.password": "",
        "mqtt.topic": "devices/{id}/telemetry",
        "mqtt.keepalive": 60,
        "telemetry.period": 60,
        "telemetry.upload": 0,
    }


GOOD = (
    ("modem.driver", ("sim7080", "bg95")),
    ("modem.uart", ("", "/dev/ttyUSB0", "tcp:127.0.0.1:7000")),
    ("modem.apn", ("", "internet", "iot.1nce.net", "a b")),
    ("modem.user", ("", "me")),
    ("modem.password", ("",)),
    ("modem.auth", ("auto", "none", "pap", "chap")),
    ("modem.ip", ("ipv4", "ipv6", "both")),
    ("modem.pin", ("", "1234", "12345678", "0000")),
    ("modem.network", ("", "lte-m", "nb-iot", "both")),
    ("modem.bands", ([], [20], [1, 85], list(range(1, 20)))),
    ("modem.rest", ("", "radio", "psm")),
    ("sim.channel", ("auto", "csim", "cgla")),
    ("sim.aids", ([], ["A000000559"], ["A0000005590010", "a0000005590010" + "00" * 9])),
    ("sim.key", ("", "01", "0a0B", "00" * 20, "label:KEY", "label:" + 60 * "x")),
    ("sim.certificate", ("", "02", "label:01")),
    ("sim.chain", ("", "03", "label:INTER", "chain.pem", [], ["03", "label:INTER", "chain.pem"])),
    (
        "mqtt.host",
        (
            "h",
            "10.0.0.1",
            "mqtt-1.example.com",
            "a" * 64,
            "my_broker.Lan",
            "a.example.",
            "3com.1",
            "0.10.255.1",
            "::1",
            "2001:DB8::17",
            "fe80:0:0:0:1:2:3:4",
            "::ffff:10.0.0.1",
        ),
    ),
    ("mqtt.port", (1, 8883, 65535)),
    ("mqtt.ca", ("ca.pem", "/flash/ca.der")),
    ("mqtt.mutual", ("required", "optional")),
    ("mqtt.client_id", ("", "meter-17", "a/b", "x" * 128, "\xa0\ue000\ufffd\U0001f600")),
    ("mqtt.user", ("", "gr\u00fcn")),
    ("mqtt.password", ("", '"quoted"')),
    ("mqtt.topic", ("t", "devices/{id}/telemetry", "t" * 256)),
    ("mqtt.keepalive", (10, 60, 3600)),
    ("telemetry.period", (1, 60, 86400)),
    ("telemetry.upload", (0, 10, 3600, 432000)),
)

BAD = (
    ("version", (0, 2, 99), "must be 1 (newer firmware needed?)"),
    ("modem.driver", ("", "sim800", "SIM7080"), "must be one of "),
    (
        "modem.apn",
        ('in"ternet', "a\r\nAT+CPOWD=1", "gr\u00fcn", "\x7f"),
        "must be printable ASCII",
    ),
    ("modem.user", ('"', "\x00"), "must be printable ASCII text without quotes"),
    ("modem.password", ('"', "\n"), "must be printable ASCII text without quotes"),
    (
        "modem.pin",
        ("123", "123456789", "12a4", "12 4", "-123", "\u0661\u0662\u0663\u0664", "\xb2" * 4),
        "must be 4 to 8 digits",
    ),
    ("sim.channel", ("", "CSIM", "crsm"), "must be one of auto, csim, cgla"),
    ("modem.rest", ("off", "PSM", " "), "must be one of radio, psm"),
    ("modem.auth", ("", "PAP", "both"), "must be one of auto, none, pap, chap"),
    ("modem.ip", ("", "ipv4v6", "4"), "must be one of ipv4, ipv6, both"),
    ("modem.network", ("gsm", "LTE-M", " "), "must be one of lte-m, nb-iot, both"),
    (
        "modem.bands",
        ([0], [86], ["3"], [3, None], [True], [3.0], [[3]], [-1]),
        "must be a list of band numbers, each 1 to 85",
    ),
    ("modem.bands", ([3] * 20,), "must be a list of at most 19 bands"),
    (
        "sim.aids",
        (["A0"], ["A00000055"], ["A0000005590"], ["00" * 17], [7], [None], ["xx" * 5], [["A0"]]),
        "must be a list of AIDs, each 10 to 32 hex digits in quotes",
    ),
    (
        "sim.key",
        ("1", "xy", "0x01", "00" * 21, "gr\u00fcn"),
        "must be hex digits, at most 20 bytes",
    ),
    ("sim.certificate", ("1", "zz"), "must be hex digits, at most 20 bytes"),
    ("sim.chain", ("label:", [7], [None], ["label:"]), "must be a file, hex digits, label: and"),
    (
        "mqtt.host",
        ("", "a" * 65, "mqtt://h", "h:8883", "a b", "h/", 'h"', "h\r\n", "gr\u00fcn.example")
        + ("a..b", ".a", ".", "..", "256.1.1.1", "1.2.3", "1.2.3.4.5", "010.0.0.1", "1.2.3.", "17")
        + ("[::1]", "ca:8883", "::1::2", "::1%eth0", "::g", "1:2:3:4:5:6:7", "::" + "1" * 63),
        "must be a host name or IP address, at most 64 characters",
    ),
    ("mqtt.port", (0, -1, 65536, 10**12), "must be 1 to 65535"),
    ("mqtt.ca", ("",), "must be filled in"),
    ("mqtt.mutual", ("", "yes", "OPTIONAL"), "must be one of required, optional"),
    (
        "mqtt.client_id",
        ("a+b", "#", "x" * 129, "a\0b", "a\n", "\x7f", "\x80", "a\x9f", "\ufffe", "\U0010ffff"),
        "must be at most 128 characters without wild",
    ),
    ("mqtt.user", ("a\0", "\n", "a\x85"), "must be free of control characters"),
    (
        "mqtt.topic",
        ("", "a/#", "+/a", "t" * 257, "a\0", "a/\x85"),
        "must be 1 to 256 characters without wildcards",
    ),
    ("mqtt.keepalive", (0, 9, 3601, -60), "must be 10 to 3600 seconds"),
    ("telemetry.period", (0, -1, 86401), "must be 1 to 86400 seconds"),
    ("telemetry.upload", (1, 9, -1, 432001), "must be 0, or 10 to 432000 seconds"),
)


def test_good_values():
    for path, values in GOOD:
        for value in values:
            assert check(with_field(path, value))[path] == value, (path, value)


def test_bad_values():
    for path, values, text in BAD:
        for value in values:
            found = problems(with_field(path, value))
            assert len(found) == 1, (path, value, found)
            assert found[0].startswith(path + ": " + text), (found, value)


def test_every_field_is_tested():
    good = {path for path, _ in GOOD} | {"version"}
    assert good == set(config._FIELDS)
    # The other fields accept any text.
    free = {"modem.uart", "mqtt.password"}
    assert {path for path, _, _ in BAD} == good - free


def test_values_of_the_wrong_type():
    for path, (kind, _, _) in config._FIELDS.items():
        others = {
            str: (1, 1.5, True, None, ["a"]),
            int: ("1", 60.0, True, False, None, [1]),
            list: ("A0000005590010", 1, None, True),
            (str, list): (1, None, True, {}),
        }[kind]
        text = config._TYPES[kind]
        for value in others:
            assert problems(with_field(path, value)) == ["%s: must be %s" % (path, text)], path


def test_missing_fields():
    assert sorted(problems({})) == ["mqtt.host: missing", "version: missing"]
    assert problems({"version": 1, "mqtt": {}}) == ["mqtt.host: missing"]
    assert problems({"mqtt": {"host": "h"}}) == ["version: missing"]


def test_unknown_fields():
    for path in ("mqtt.hots", "modem.baud", "color", "wifi.ssid"):
        assert problems(with_field(path, "x")) == ["%s: unknown field" % path]
    data = {"version": 1, "mqtt": {"host": "h", "host.name": "x"}}
    assert problems(data) == ["mqtt.host.name: unknown field"]


def test_invalid_sections():
    found = problems({"version": 1, "mqtt": "mqtt.example.com"})
    assert found == ["mqtt: unknown field", "mqtt.host: missing"], found
    assert problems({"version": {"a": 1}, "mqtt": {"host": "h"}})[0] == "version.a: unknown field"
    for data in (None, 1, "x", [], [LEAST], True):
        assert problems(data) == ["the config must be a JSON object { }"]


def test_all_problems_are_reported_at_once():
    data = {"version": 1, "mqtt": {"host": "", "port": 0, "x": 1}, "modem": {"pin": "1"}}
    found = problems(data)
    assert len(found) == 4, found
    assert found[0] == "mqtt.x: unknown field"


def test_a_pin_is_not_shown():
    for value in ("47 11", "471", 4711):
        assert "4711" not in str(problems(with_field("modem.pin", value)))
        assert "471" not in str(problems(with_field("modem.pin", value)))


# -- the file -----------------------------------------------------------------------------------


def write(data):
    with open("config.json", "wb") as file:
        file.write(data)


def refused(data, text):
    write(data)
    with raises(ConfigError, text=text) as caught:
        load("config.json")
    assert len(caught.error.problems) == 1


def test_a_file():
    write(json.dumps(with_field("telemetry.period", 5)).encode())
    assert load("config.json")["telemetry.period"] == 5
    write(b' \r\n{"version":1,"mqtt":{"host":"h","user":"gr\xc3\xbcn"}}\r\n ')
    equal(load("config.json")["mqtt.user"].encode(), b"gr\xc3\xbcn")


def test_no_file():
    with raises(
        ConfigError, text="nothing.json: no such file; write one, see firmware/app/README.md"
    ):
        load("nothing.json")


def test_a_file_cut_off_at_every_byte():
    data = with_field("mqtt.user", 'a "quote" \\ and {brackets[')
    data["sim"] = {"aids": ["A000000559"]}
    whole = json.dumps(data).encode()
    write(whole)
    assert load("config.json")["mqtt.user"] == 'a "quote" \\ and {brackets['
    for size in some(range(len(whole))):
        refused(whole[:size], "config.json: cut off (line 1, column %d)" % (size + 1))


def test_a_file_that_is_no_json():
    # test_strict_json.py has the causes and places.
    for data, line in (
        (b"", "cut off (line 1, column 1)"),
        (
            b"\xff" * 256,
            'not text in ", a whole number, true or false (line 1, column 1)',
        ),  # erased flash
        (b"version = 1", 'not text in ", a whole number, true or false (line 1, column 1)'),
        (b'{"version": 1,\n"mqtt": {"host": "h",}}', "a comma too many (line 2, column 22)"),
        (b'{"mqtt": {"user": "corp\\alice"}}', "no escape: write \\\\ for \\ (line 1, column 24)"),
        (b'{"mqtt": {"user": "a",\r\n"user": "b"}}', "the same name again (line 2, column 1)"),
    ):
        refused(data, "config.json: " + line)


def test_the_same_field_in_both_forms():
    write(b'{"version": 1, "mqtt": {"host": "h", "password": "a"}, "mqtt.password": "b"}')
    with raises(ConfigError, text="mqtt.password: given twice"):
        load("config.json")


def test_a_secret_keeps_every_byte():
    secret = 'corp\\alice "\u00fc\u20ac\U0001f600" \x7f/ {[,:'
    for text in (secret, "".join(reversed(secret))):
        write(json.dumps(with_field("mqtt.password", text)).encode())
        equal(load("config.json")["mqtt.password"].encode(), text.encode())


def test_a_file_that_is_too_large():
    write(b'{"version": 1, "mqtt": {"host": "h"}}' + b" " * 8155)
    load("config.json")
    refused(
        b'{"version": 1, "mqtt": {"host": "h"}}' + b" " * 8156, "config.json: larger than 8192 b"
    )
    refused(b" " * 100_000, "larger than 8192 bytes")
