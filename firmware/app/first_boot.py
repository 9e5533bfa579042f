"""Asks for a config on a board without one, tests it step by step, and keeps it.

import app; app.setup()

`iotsafe setup` on the host asks the same questions and calls `ca_files`, `write`, `trial` and
`keep` of this module. Config and CA certificate change together: the certificate goes into that of
two files that the current config does not name. The new config names this file, and replaces the
old config as a whole.
"""

import json

from . import config, files
from .log import say
from .supervisor import STEPS, Supervisor

# Field of the config, question, default, kind. Without a default (None) an answer is required.
QUESTIONS = (
    ("modem.apn", "Access point name (APN) of the SIM's operator", "", str),
    ("modem.pin", "PIN of the SIM, empty for none", "", str),
    ("mqtt.host", "Host name of the MQTT broker or cloud", None, str),
    ("mqtt.port", "Port", 8883, int),
    ("mqtt.client_id", "Client identifier, empty for the certificate's common name", "", str),
    ("mqtt.user", "User name, empty for none", "", str),
    ("mqtt.password", "Password, empty for none", "", str),
    ("mqtt.topic", "Topic; {id} stands for the client identifier", "devices/{id}/telemetry", str),
    ("telemetry.period", "Seconds between two readings", 60, int),
)

_CONFIG = "config.json"
_CA = ("ca.pem", "ca2.pem")


class NotWritten(Exception):
    """A file cannot be written: full or failing flash, no file system. The text has the cause."""


def _tell(text):
    print("  " + text)


def parse(path, text, default, kind):
    """Return (value, problem) of the answer `text` to the question for field `path`; see
    `config.problem`."""
    text = text.strip()
    digits = text.encode().isdigit()  # of text, CPython takes digits of every script
    value = default if not text else int(text) if kind is int and digits else text
    return value, config.problem(path, value)


def put(settings, path, value):
    """Set the field `path` in the nested dicts of `settings`, unless `value` is empty."""
    section, field = path.split(".")
    if value != "":
        settings.setdefault(section, {})[field] = value


def ask(prompt=input):
    """Ask all questions; return the config as nested dicts, checked field by field."""
    settings = {"version": 1}
    for path, question, default, kind in QUESTIONS:
        while True:
            shown = "" if default in (None, "") else " [%s]" % default
            text = prompt("%s%s: " % (question, shown))
            value, problem = parse(path, text, default, kind)
            if not problem:
                break
            _tell("%s %s" % (path.split(".")[1], problem))
        put(settings, path, value)
    return settings


def ask_ca(prompt=input):
    """Ask for the CA certificate as PEM; return its bytes, b"" to keep the existing file."""
    _tell("CA certificate of the server, as PEM. Paste it; an empty line keeps the file.")
    lines = []
    while True:
        line = prompt("").strip()
        if line:
            lines.append(line)
        if line == "-----END CERTIFICATE-----" or not line:
            return ("\n".join(lines) + "\n").encode() if lines else b""


def ca_files(board):
    """Return (file of the current CA certificate, file for a new one), as values of `mqtt.ca`.

    Without a current config both are the same.
    """
    try:
        used = config.load(board.path(_CONFIG))["mqtt.ca"]
    except config.ConfigError:
        return _CA[0], _CA[0]
    return used, _CA[used == _CA[0]]


def trial(board, settings, tell=_tell):
    """Do each step up to a session with `settings` (as from `ask`), and take a reading; return
    True if all pass. Call `tell(text)` with a line for each step."""
    supervisor = None
    step = "uart"
    try:
        supervisor = Supervisor(board, config.check(settings))
        for step in STEPS[:-1]:
            supervisor.do(step)
            tell("%-8s works" % step)
        supervisor.stop()  # its heap may be needed to compile sensors.py
        step = "sensor"
        say(step, "%s", supervisor.sensor()())
        tell("%-8s works" % step)
        return True
    except (Exception, SystemExit) as e:  # the latter of sensors.py
        from .advice import line

        tell("%-8s %s" % (step, line(e)))
        return False
    finally:
        if supervisor:
            supervisor.stop()


def write(board, name, data):
    """Replace the file `name` with `data` (bytes), wholly or not at all. Raises NotWritten."""
    path = board.path(name)
    try:
        files.save(path, data)
    except OSError as e:
        text = "%s cannot be written: %s" % (path, files.write_problem(e, path))
        raise NotWritten(text) from None


def keep(board, settings):
    """Make `settings` the current config, wholly or not at all. Raises NotWritten."""
    old, _ = ca_files(board)
    write(board, _CONFIG, json.dumps(settings).encode())
    if old != settings["mqtt"]["ca"] and old in _CA:
        files.remove(board.path(old))


def setup(board, prompt=input):
    """Ask, test and keep; ask again as long as the user wishes. If a file cannot be written, log a
    line and leave the current config as it was."""
    try:
        _converse(board, prompt)
    except NotWritten as e:
        say("config", "%s", e)


def _converse(board, prompt):
    ca, free = ca_files(board)
    while True:
        pasted = ask_ca(prompt)
        if pasted:
            ca = free
            write(board, ca, pasted)
        settings = ask(prompt)
        put(settings, "mqtt.ca", ca)
        if trial(board, settings) or _yes(prompt, "Keep it all the same"):
            keep(board, settings)
            say("config", "written; reset the board to start")
            return
        if not _yes(prompt, "Start over"):
            return


def _yes(prompt, question):
    return prompt(question + "? [y/N] ").strip().lower() in ("y", "yes")
