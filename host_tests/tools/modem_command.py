"""Runs `iotsafe modem …` in the process of the test, for tests."""

import json

from typer.testing import CliRunner

from iotsafe_tools.cli import app

_WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "IOTSAFE_PORT": "", "IOTSAFE_SIM_PIN": ""}


def modem(*words, port, status=0, stdin=None, **env):
    """Run `iotsafe modem WORDS --port PORT` to its end; check that it ends with `status`."""
    known = {name: value or None for name, value in {**_WIDE, **env}.items()}
    done = CliRunner().invoke(
        app, ["modem", *map(str, words), "--port", str(port)], input=stdin, env=known
    )
    assert done.exit_code == status, (done.exit_code, done.output, done.exception)
    return done


def report(*words, port, status=0, **options):
    """Return the one JSON object that it prints with --json, and nothing else."""
    done = modem(*words, "--json", port=port, status=status, **options)
    assert done.stderr == ""
    return json.loads(done.stdout)


def failure(*words, port, **options):
    """Return its one error line; it must end with status 1 and no output."""
    done = modem(*words, port=port, status=1, **options)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"iotsafe modem {words[0]}: ")
    return done.stderr


def refusal(*words, port, **options):
    """Return its error about the command line; it must end with status 2."""
    done = modem(*words, port=port, status=2, **options)
    assert done.stdout == ""
    return " ".join(line.strip("│ ") for line in done.stderr.splitlines())
