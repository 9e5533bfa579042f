"""A board without a config asks for one, tests it step by step, and keeps it.

import app; app.setup()
"""

import json

from . import config, files
from .log import say
from .supervisor import STEPS, Supervisor

# Field of the config -> (question, default, kind).
_QUESTIONS = (
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


def _tell(text):
    print("  " + text)


def ask(prompt=input):
    """The dialogue: returns the config as nested dicts, checked field by field."""
    settings = {"version": 1}
    for path, question, default, kind in _QUESTIONS:
        section, field = path.split(".")
        while True:
            shown = "" if default in (None, "") else " [%s]" % default
            text = prompt("%s%s: " % (question, shown)).strip()
            value = default if not text else int(text) if kind is int and text.isdigit() else text
            problem = config.problem(path, value)
            if not problem:
                break
            _tell("%s %s" % (field, problem))
        if value != "":
            settings.setdefault(section, {})[field] = value
    return settings


def ask_ca(prompt=input):
    """The CA certificate, pasted as PEM; returns its bytes, b"" to keep the file there is."""
    _tell("CA certificate of the server, as PEM. Paste it; an empty line keeps the file.")
    lines = []
    while True:
        line = prompt("").strip()
        if line:
            lines.append(line)
        if line == "-----END CERTIFICATE-----" or not line:
            return ("\n".join(lines) + "\n").encode() if lines else b""


def test(board, settings):
    """Do each step up to a session with `settings` (checked); True if all of them pass."""
    supervisor = Supervisor(board, settings)
    try:
        for step in STEPS[:-1]:
            try:
                supervisor.do(step)
                _tell("%-8s works" % step)
            except Exception as e:
                _tell("%-8s %s: %s" % (step, type(e).__name__, e))
                return False
        return True
    finally:
        supervisor.stop()


def setup(board, prompt=input):
    """Ask, test, keep; asks again as long as the user wants to."""
    while True:
        ca = ask_ca(prompt)
        if ca:
            files.save(board.path("ca.pem"), ca)
        settings = ask(prompt)
        if test(board, config.check(settings)) or _yes(prompt, "Keep it all the same"):
            files.save(board.path("config.json"), json.dumps(settings).encode())
            say("config", "written; reset the board to start")
            return
        if not _yes(prompt, "Start over"):
            return


def _yes(prompt, question):
    return prompt(question + "? [y/N] ").strip().lower() in ("y", "yes")
