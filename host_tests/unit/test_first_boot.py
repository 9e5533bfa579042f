"""The dialogue of a board without a config."""

from expect import raises, replaced

from app import config, files, first_boot


def answers(*given):
    """A prompt that gives these answers, one for each question, and records the questions."""
    asked = []
    left = list(given)

    def prompt(question):
        asked.append(question)
        return left.pop(0)

    return prompt, asked


def test_what_is_asked_is_a_config():
    prompt, asked = answers("internet", "", "mqtt.example.com", "", "", "", "", "", "30")
    settings = first_boot.ask(prompt)
    assert settings == {
        "version": 1,
        "modem": {"apn": "internet"},
        "mqtt": {"host": "mqtt.example.com", "port": 8883, "topic": "devices/{id}/telemetry"},
        "telemetry": {"period": 30},
    }
    checked = config.check(settings)
    assert checked["telemetry.period"] == 30
    assert asked[3] == "Port [8883]: "


def test_a_bad_answer_is_asked_again_and_says_why():
    said = []
    with replaced(first_boot, _tell=said.append):
        prompt, _ = answers(
            "internet", "12", "1234", "no host!", "h.example", "x", "99999", "1883", *[""] * 5
        )
        settings = first_boot.ask(prompt)
    assert settings["modem"]["pin"] == "1234"
    assert settings["mqtt"]["host"] == "h.example"
    assert settings["mqtt"]["port"] == 1883
    assert said == [
        "pin must be 4 to 8 digits",
        "host must be a host name or IP address, at most 64 characters",
        "port must be a whole number",
        "port must be 1 to 65535",
    ], said


def test_a_pasted_ca_is_taken_whole():
    pem = ["-----BEGIN CERTIFICATE-----", "AAAA", "-----END CERTIFICATE-----"]
    prompt, _ = answers(*pem)
    with replaced(first_boot, _tell=lambda text: None):
        assert first_boot.ask_ca(prompt) == "\n".join(pem).encode() + b"\n"
        prompt, _ = answers("")
        assert first_boot.ask_ca(prompt) == b""


class Board:
    """The file functions of the `board` module."""

    def path(self, name):
        return name


def config_naming(ca):
    return {"version": 1, "mqtt": {"host": "h.example", "ca": ca}}


def test_a_new_certificate_goes_beside_the_one_in_force():
    board = Board()
    assert first_boot.ca_files(board) == ("ca.pem", "ca.pem")
    for used, free in (("ca.pem", "ca2.pem"), ("ca2.pem", "ca.pem"), ("own.der", "ca.pem")):
        first_boot.keep(board, config_naming(used))
        assert first_boot.ca_files(board) == (used, free)


def test_what_is_no_longer_named_is_removed_unless_it_is_the_users():
    board = Board()
    for name in ("ca.pem", "ca2.pem", "own.der"):
        files.save(name, b"x")
    first_boot.keep(board, config_naming("own.der"))
    first_boot.keep(board, config_naming("ca.pem"))
    assert files.load("own.der", 9) == b"x"
    first_boot.keep(board, config_naming("ca2.pem"))
    assert files.load("ca.pem", 9) == b""
    first_boot.keep(board, config_naming("ca2.pem"))
    assert files.load("ca2.pem", 9) == b"x"


class Supervisor:
    """A supervisor whose step `bad` fails."""

    bad = None
    stops = 0

    def __init__(self, board, settings):
        self.ca = settings["mqtt.ca"]

    def do(self, step):
        if step == self.bad:
            raise OSError(113, "no way")

    def sensor(self):
        return self.read

    def read(self):
        return {"temp": 21}

    def stop(self):
        Supervisor.stops += 1


class Failing(Supervisor):
    """A supervisor without a readable SIM."""

    bad = "sim"


def test_digits_of_other_scripts_are_no_number():
    for text in ("\xb2", "\u0661", "8_8", "1.0", "0x10", "-1"):
        assert first_boot.parse("mqtt.port", text, 8883, int)[1] == "must be a whole number", text
    assert first_boot.parse("mqtt.port", " 017 ", 8883, int) == (17, None)


class NoSensor(Supervisor):
    """A supervisor whose sensors.py has no `read`."""

    error = AttributeError("no read")

    def sensor(self):
        raise self.error


def test_each_step_is_reported_until_one_fails():
    said = []
    with replaced(first_boot, Supervisor=Supervisor):
        assert first_boot.trial(Board(), config_naming("ca.pem"), said.append)
        assert said == [
            "%-8s works" % step
            for step in ("power", "sim", "network", "clock", "session", "sensor")
        ]
        said.clear()
    with replaced(first_boot, Supervisor=NoSensor):
        assert not first_boot.trial(Board(), config_naming("ca.pem"), said.append)
    assert said[-1] == "sensor   AttributeError: no read", said
    with replaced(first_boot, Supervisor=NoSensor), replaced(NoSensor, error=SystemExit("no bus")):
        assert not first_boot.trial(Board(), config_naming("ca.pem"), said.append)
    assert said[-1] == "sensor   SystemExit: no bus", said
    said.clear()
    with replaced(first_boot, Supervisor=Failing):
        assert not first_boot.trial(Board(), config_naming("ca.pem"), said.append)
    assert len(said) == 2 and said[1].startswith("sim      OSError: "), said
    assert Supervisor.stops == 7  # once more before the sensor


def test_a_start_over_keeps_the_certificate_that_was_pasted():
    pem = ["-----BEGIN CERTIFICATE-----", "AAAA", "-----END CERTIFICATE-----"]
    again = ["", "", "h.example"] + 6 * [""]
    first_boot.keep(Board(), config_naming("ca.pem"))
    prompt, asked = answers(*(pem + again + ["n", "y", ""] + again + ["y"]))
    quiet = {"_tell": lambda *_: None, "say": lambda *_: None}
    with replaced(first_boot, Supervisor=Failing, **quiet):
        first_boot.setup(Board(), prompt)
    assert "Start over? [y/N] " in asked
    assert first_boot.ca_files(Board())[0] == "ca2.pem"
    assert files.load("ca2.pem", 99) == "\n".join(pem).encode() + b"\n"


def test_what_cannot_be_written_ends_the_dialogue_with_a_line():
    pem = ["-----BEGIN CERTIFICATE-----", "AAAA", "-----END CERTIFICATE-----"]
    dialogue = pem + ["", "", "h.example"] + 6 * [""] + ["y"]
    save = files.save
    said = []

    def say(area, text, *args):
        said.append(text % args)

    first_boot.keep(Board(), config_naming("ca.pem"))
    for unwritable, answered in (("ca2.pem", len(pem)), ("config.json", len(dialogue))):

        def fail(path, data, unwritable=unwritable):
            if path == unwritable:
                raise OSError(19)
            save(path, data)

        prompt, asked = answers(*dialogue)
        quiet = {"Supervisor": Failing, "_tell": lambda *_: None, "say": say}
        with replaced(first_boot, **quiet), replaced(files, save=fail):
            first_boot.setup(Board(), prompt)
            with raises(first_boot.NotWritten, text=unwritable):
                first_boot.write(Board(), unwritable, b"x")
        assert said == [unwritable + " cannot be written: there is no file system"], said
        said.clear()
        assert len(asked) == answered
        assert first_boot.ca_files(Board()) == ("ca.pem", "ca2.pem")
