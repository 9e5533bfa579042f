"""What a command says to somebody who does not know yet how to write it."""

import pytest
from typer.testing import CliRunner

import iotsafe
from iotsafe_tools import cli
from iotsafe_tools.simulator.modem.faults import QUIRKS
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES
from iotsafe_tools.simulator.sim import PROFILES


def typed(line: str, columns: int = 80) -> tuple[int, str]:
    """Return (status, output) of a command, its frame and line ends removed."""
    env = {"COLUMNS": str(columns), "TERMINAL_WIDTH": str(columns)}
    done = CliRunner().invoke(cli.app, line.split(), env=env)
    return done.exit_code, " ".join(done.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("line", "examples"),
    [
        ("doctor", "such as /dev/ttyUSB2, pcsc: or sim:"),
        ("csr 01", "such as /dev/ttyUSB2, pcsc: or sim:"),
        ("modem info", "such as /dev/ttyUSB2, socket://HOST:PORT or sim:"),
        ("setup", "such as /dev/ttyACM0"),
        ("issuer objects", "such as tcp:127.0.0.1:4100"),
    ],
)
def test_a_command_without_a_place_gives_examples(line, examples):
    status, shown = typed(line)
    assert status == 2 and "Missing option '--" in shown and examples in shown, shown


def test_a_subject_without_a_key_is_answered_with_one_that_has_keys():
    status, shown = typed("csr 01 --port sim: --subject foo")
    assert status == 2 and "write CN=device-1,O=Example" in shown, shown


def test_the_help_of_the_lab_has_every_name():
    _, shown = typed("lab --help")
    for name in (*PERSONALITIES, *PROFILES, *QUIRKS):
        assert f" {name}" in shown, name
    assert "…" not in shown, shown


def test_the_version():
    assert typed("--version") == (0, f"iotsafe {iotsafe.__version__}")
