"""`iotsafe doctor`: the steps of the device's own doctor, for people and as JSON."""

import re

import pytest
from iotsafe_command import answer, failure, iotsafe

from iotsafe_tools.commands.card.view import Examination
from iotsafe_tools.lab import Lab
from iotsafe_tools.simulator.sim import Card, Issuer, Profile, Store
from iotsafe_tools.testbed import PKI, Validity

MARKS = {"✓": "ok", "!": "warn", "✗": "fail", "–": "skip"}  # noqa: RUF001


@pytest.fixture
def path(tmp_path):
    """Return the file of a SIM with a certificate for its key."""
    path = tmp_path / "sim.json"
    enrol(Issuer(Store(path), Profile()), tmp_path)
    return path


def enrol(issuer, folder, **options):
    pki = PKI.create(folder / "pki")
    issuer.write_file(b"\x02", pki.issue_client(issuer.public_key(), "device-1", **options))


def states(shown):
    """Return [(state, name)] of the steps shown."""
    found = re.findall(r"^(\S) ([a-z]+) ", shown, re.MULTILINE)
    return [(MARKS[mark], name) for mark, name in found]


def test_a_sim_that_is_ready(path):
    done = iotsafe("doctor", "--port", f"sim:{path}")
    assert (done.returncode, done.stderr) == (0, "")
    found = states(done.stdout)
    for name in ("channel", "applet", "version", "objects", "key", "match", "signature"):
        assert ("ok", name) in found
    assert "fail" not in dict(found)
    assert str(path) in done.stdout.splitlines()[0]
    assert "device-1" in done.stdout
    assert re.fullmatch(rf"{len(found)} ok", done.stdout.splitlines()[-1])


def test_a_sim_that_is_not_enrolled():
    done = iotsafe("doctor", "--port", "sim:")
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    failed = next(i for i, line in enumerate(lines) if line.startswith("✗"))
    assert "certificate" in lines[failed]
    assert re.fullmatch(" +→ .*enrolment.*", lines[failed + 1])
    counts = [state for state, _ in states(done.stdout)]
    numbers = [str(counts.count(state)) for state in ("ok", "warn", "fail")]
    assert re.findall(r"\d+", lines[-1]) == numbers
    assert "failed" in lines[-1]


def test_key_and_certificate_of_the_config(path):
    port = f"sim:{path}"
    done = iotsafe("doctor", "--port", port, "--key", "label:KEY", "--certificate", "02")
    assert (done.returncode, done.stderr) == (0, "")
    for option, step in (("--key", "key"), ("--certificate", "certificate")):
        done = iotsafe("doctor", "--port", port, option, "label:EPH")
        assert done.returncode == 1
        assert ("fail", step) in states(done.stdout)
        assert f"another {step} was asked for" in done.stdout
        done = iotsafe("doctor", "--port", port, option, "0x01")
        assert done.returncode == 2
        assert option in done.stderr


def test_the_steps_as_json(path):
    whole = answer("doctor", "--port", f"sim:{path}")
    assert whole["aid"] == "A0000005590010"
    assert whole["counts"] == {"ok": len(whole["steps"]), "warn": 0, "fail": 0, "skip": 0}
    for step in whole["steps"]:
        assert step.keys() == {"name", "state", "text", "reason", "advice"}
    failed = answer("doctor", "--port", "sim:", status=1)
    assert failed["counts"]["fail"] == 1
    assert [step["name"] for step in failed["steps"] if step["state"] == "fail"] == ["certificate"]
    assert all(step["advice"] for step in failed["steps"] if step["state"] == "fail")


def test_a_modem_whose_sim_signs_wrong(tmp_path):
    """The command verifies the signature, not the card."""
    card = Card(Store.memory(), Profile(flip_signature_byte=40))
    enrol(card.issuer, tmp_path)
    with Lab("pty", card=card, delays=0.0) as lab:
        done = iotsafe("doctor", "--port", lab.uart)
    assert done.returncode == 1
    assert ("fail", "signature") in states(done.stdout)
    assert done.stdout.startswith("SIMCOM_SIM7080 modem on /dev/")


def test_a_certificate_that_has_expired(tmp_path):
    path = tmp_path / "sim.json"
    enrol(Issuer(Store(path), Profile()), tmp_path, validity=Validity.EXPIRED)
    done = iotsafe("doctor", "--port", f"sim:{path}")
    assert done.returncode == 1
    assert ("fail", "validity") in states(done.stdout)


def test_a_sim_without_the_applet(path):
    done = iotsafe("doctor", "--port", f"sim:{path}", "--aid", "A000000001FF")
    assert done.returncode == 1
    assert states(done.stdout) == [("ok", "channel"), ("fail", "applet")]
    assert "A000000001FF: 6A82" in done.stdout


def test_no_port(tmp_path):
    assert "no such port" in failure("doctor", "--port", tmp_path / "ttyUSB0")


class Step:
    def __init__(self, name, state, text, reason=""):
        self.name, self.state, self.text, self.reason = name, state, text, reason


def test_every_state_has_its_mark(capsys):
    examination = Examination("somewhere", shown=True)
    for state in MARKS.values():
        examination.add(Step(f"step{state}", state, "it is [so]", "card-damaged"))
    examination.conclude()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "somewhere"
    assert [line.split() for line in lines[1:9:2]] == [
        [mark, f"step{state}", "it", "is", "[so]"] for mark, state in MARKS.items()
    ]
    assert {line.strip() for line in lines[2:10:2]} == {"→ the SIM must be replaced"}
    assert lines[9] == "1 ok, 1 to look at, 1 failed, 1 left out"
    assert examination.counts == {"ok": 1, "warn": 1, "fail": 1, "skip": 1}


def test_a_name_on_the_card_cannot_steer_the_terminal(capsys):
    examination = Examination("somewhere", shown=True)
    examination.add(Step("key", "ok", "a\x1b[31mred\rname\x07"))
    shown = capsys.readouterr().out
    assert "a?[31mred?name?" in shown


def test_nothing_is_shown_with_json(capsys):
    examination = Examination("somewhere", shown=False)
    examination.add(Step("key", "fail", "text", "card-damaged"))
    examination.conclude()
    assert capsys.readouterr().out == ""
    assert examination.steps == [
        {
            "name": "key",
            "state": "fail",
            "text": "text",
            "reason": "card-damaged",
            "advice": "the SIM must be replaced",
        }
    ]


@pytest.mark.parametrize("personality", ["gm02s", "gms01q"])
def test_a_modem_whose_radio_and_sim_are_off_after_a_start(path, personality):
    with Lab(card=Card(Store(path), Profile()), personality=personality, delays=0) as running:
        assert running.modem.values["+CFUN"][0] == 0
        done = iotsafe("doctor", "--port", running.uart)
        assert done.stderr == ""
        first = " ".join(done.stdout.split("✓")[0].split())
        assert "its radio, and so the SIM, was off: switched on" in first, done.stdout
        assert "inserted" not in done.stdout
        assert running.modem.values["+CFUN"][0] == 1
        again = iotsafe("doctor", "--port", running.uart)
        assert "was off" not in again.stdout
        if personality == "gm02s":  # the other cuts off long answers of the SIM
            assert (done.returncode, again.returncode) == (0, 0)
