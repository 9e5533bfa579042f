"""The configuration: one JSON file, checked field by field.

    {"version": 1,
     "modem": {"driver": "sim7080", "apn": "internet"},
     "mqtt": {"host": "mqtt.example.com", "ca": "ca.pem"}}

A field that is not in the file has its default from the table below. The program names a field by
its path: `config["mqtt.host"]`.
"""

import binascii

from micropython import const

import cellular

from .strict_json import loads

_MAX_SIZE = const(8192)


class ConfigError(Exception):
    """The config cannot be used. `problems`: one line for each bad field."""

    def __init__(self, problems):
        super().__init__(problems)
        self.problems = problems

    def __str__(self):
        return "; ".join(self.problems)


class ConfigMissing(ConfigError):
    """There is no config file."""


def _port(value):
    return None if 1 <= value <= 65535 else "1 to 65535"


def _host(value):
    good = 0 < len(value) <= 64
    if ":" in value:  # an IPv6 address; the modem knows more of its form
        good = good and (value.count("::") == 1 or value.count(":") == 7)
        known = "0123456789abcdef:."
    else:
        known = "0123456789abcdefghijklmnopqrstuvwxyz.-_"
        parts = value.split(".")
        good = good and all(parts[:-1]) and value != "."  # a name may end with the root's dot
        if good and value.replace(".", "").isdigit():
            good = len(parts) == 4 and all(p and p == str(int(p)) and int(p) < 256 for p in parts)
    if good and all(c in known for c in value.lower()):
        return None
    return "a host name or IP address, at most 64 characters"


def _period(value):
    return None if 1 <= value <= 86400 else "1 to 86400 seconds"


def _upload(value):
    return None if not value or 10 <= value <= 432000 else "0, or 10 to 432000 seconds"


def _keepalive(value):
    return None if 10 <= value <= 3600 else "10 to 3600 seconds"


def _control(value):
    """Return whether a broker refuses the text (MQTT 3.1.1, 1.5.3): for control characters, halves
    of surrogate pairs, which MicroPython decodes, and numbers that are no characters."""
    return any(
        c < " " or "\x7f" <= c < "\xa0" or ord(c) >> 11 == 0x1B or ord(c) & 0xFFFE == 0xFFFE
        for c in value
    )


def _wild(value):
    return "#" in value or "+" in value or _control(value)


def _user(value):
    return "free of control characters" if _control(value) else None


def _topic(value):
    if not 1 <= len(value) <= 256 or _wild(value):
        return "1 to 256 characters without wildcards"
    return None


def _client_id(value):
    if len(value) > 128 or _wild(value):
        return "at most 128 characters without wildcards"
    return None


def name_problem(name):
    """Return why a certificate's common name cannot be the client identifier, or None. It obeys
    the rule of the field, and must be one level of a topic."""
    if not name or "/" in name:
        return "it has a /" if name else "there is none in plain text"
    return problem("mqtt.client_id", name)


def _pin(value):
    if not value or (4 <= len(value) <= 8 and value.encode().isdigit()):
        return None
    return "4 to 8 digits"


def _hex(value):
    try:
        if len(binascii.unhexlify(value)) <= 20:
            return None
    except ValueError:
        pass
    return "hex digits, at most 20 bytes"


def _object(value):
    if value.startswith("label:"):
        label = len(value.encode()) - 6
        return None if 1 <= label <= 60 else "label: and 1 to 60 bytes"
    wanted = _hex(value)
    return wanted and wanted + ", or label: and a label"


def _chain(value):
    for source in [value] if isinstance(value, str) else value:
        if not isinstance(source, str) or (source.startswith("label:") and _object(source)):
            return "a file, hex digits, label: and a label, or a list of these"
    return None


def _aids(value):
    for aid in value:
        if not isinstance(aid, str) or _hex(aid) or not 10 <= len(aid) <= 32:
            return "a list of AIDs, each 10 to 32 hex digits in quotes"
    return None


def _text(value):
    if '"' in value or not all(32 <= ord(c) < 127 for c in value):
        return "printable ASCII text without quotes"
    return None


def _driver(value):
    known = cellular.names()
    return None if value in known else "one of " + ", ".join(known)


def _bands(value):
    for band in value:
        if not isinstance(band, int) or isinstance(band, bool) or not 1 <= band <= 85:
            return "a list of band numbers, each 1 to 85"
    return "a list of at most 19 bands" if len(value) > 19 else None


def _filled(value):
    return None if value else "filled in"


_REQUIRED = None

# Path -> (type, default, check or None). A check is a tuple of the good values, or a function that
# returns None for a good value, and else a description of the good values.
_FIELDS = {
    "version": (
        int,
        _REQUIRED,
        lambda value: None if value == 1 else "1 (newer firmware needed?)",
    ),
    "modem.driver": (str, "sim7080", _driver),
    "modem.uart": (str, "", None),
    "modem.apn": (str, "", _text),
    "modem.user": (str, "", _text),
    "modem.password": (str, "", _text),
    "modem.auth": (str, "auto", ("auto", "none", "pap", "chap")),
    "modem.ip": (str, "ipv4", ("ipv4", "ipv6", "both")),
    "modem.pin": (str, "", _pin),
    "modem.network": (str, "", ("", "lte-m", "nb-iot", "both")),
    "modem.bands": (list, (), _bands),
    "modem.rest": (str, "", ("", "radio", "psm")),
    "sim.channel": (str, "auto", ("auto", "csim", "cgla")),
    "sim.aids": (list, (), _aids),
    "sim.key": (str, "", _object),
    "sim.certificate": (str, "", _object),
    "sim.chain": ((str, list), "", _chain),
    "mqtt.host": (str, _REQUIRED, _host),
    "mqtt.port": (int, 8883, _port),
    "mqtt.ca": (str, "ca.pem", _filled),
    "mqtt.mutual": (str, "required", ("required", "optional")),
    "mqtt.client_id": (str, "", _client_id),
    "mqtt.user": (str, "", _user),
    "mqtt.password": (str, "", None),
    "mqtt.topic": (str, "devices/{id}/telemetry", _topic),
    "mqtt.keepalive": (int, 60, _keepalive),
    "telemetry.period": (int, 60, _period),
    "telemetry.upload": (int, 0, _upload),
}

_TYPES = {
    str: "text in quotes",
    int: "a whole number",
    list: "a list",
    (str, list): "text, or a list",
}


def problem(path, value):
    """Return the problem of `value` for the field `path`, as "must be …", or None."""
    kind, _, rule = _FIELDS[path]
    # In JSON `true` is not a number, but in Python True is an int.
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = _TYPES[kind]
    elif isinstance(rule, tuple):
        wanted = None if value in rule else "one of " + ", ".join([good for good in rule if good])
    else:
        wanted = rule(value) if rule else None
    return wanted and "must be " + wanted


def load(path):
    """Return the config in file `path`, a dict from field path to value; raises ConfigError."""
    try:
        with open(path, "rb") as file:
            text = file.read(_MAX_SIZE + 1)
    except OSError:
        raise ConfigMissing(
            ["%s: no such file; write one, see firmware/app/README.md" % path]
        ) from None
    if len(text) > _MAX_SIZE:
        raise ConfigError(["%s: larger than %d bytes" % (path, _MAX_SIZE)])
    try:
        data = loads(text)
    except ValueError as e:
        raise ConfigError(["%s: %s (line %d, column %d)" % ((path,) + e.args)]) from None
    return check(data)


def check(data):
    """Return the config in `data` (parsed JSON), a dict from field path to value.

    Raises ConfigError with a line for each field that is missing, unknown, of the wrong type or
    out of range.
    """
    if not isinstance(data, dict):
        raise ConfigError(["the config must be a JSON object { }"])
    given = {}
    problems = []
    for name, value in data.items():
        inner = {"": value}
        if isinstance(value, dict):
            name, inner = name + ".", value
        for field, value in inner.items():
            path = name + field
            if path in given:
                problems.append("%s: given twice" % path)
            elif path not in _FIELDS:
                problems.append("%s: unknown field" % path)
            given[path] = value
    config = {}
    for path, (_, default, _) in _FIELDS.items():
        value = given.get(path, default)
        if path in given:
            wrong = problem(path, value)
        else:
            wrong = "missing" if value is _REQUIRED else None
        if wrong:
            problems.append("%s: %s" % (path, wrong))
        config[path] = value
    if not problems and config["modem.password"] and not config["modem.user"]:
        problems.append("modem.user: missing, with a modem.password")
    if problems:
        raise ConfigError(problems)
    return config
