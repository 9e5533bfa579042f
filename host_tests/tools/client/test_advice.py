"""Each error states a fact; each of three tables gives advice for it, in the words of its
users."""

import ast
import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import cellular
import iotsafe
import telemetry
from app import advice as log
from iotsafe import advice as repl
from iotsafe import doctor
from iotsafe.reasons import words
from iotsafe_tools.console.advice import ADVICE as COMMAND_LINE

LIB = Path(iotsafe.__file__).parents[1]
PACKAGES = ("cellular", "iotsafe", "telemetry")
# What a line of each table must not contain: the words of the other tables.
WORDS = {
    "log": r"--\w|\w=|IOTSAFE_|\bmodem[\w.]*\(|\b(connect|settimeout|gc\.\w+)\(",
    "repl": r"--\w|\b(modem|mqtt|sim)\.(pin|apn|host|port|ca|aids|user|channel)\b|IOTSAFE_",
    "command line": r"\b(pin|apn|host|port|ca|aids)=|\b(modem|mqtt)\.(pin|apn|host|port|ca)\b",
}
# How a fact would give advice: an order after its colon, a question, the words of an edge.
ADVISING = r"[:;,] (call|check|have|ask|try|give|put|set|use) |\bconfig\b|--\w|\?"


def rows(table):
    """Return the (reason, text) of a table of words: see `iotsafe.reasons.words`."""
    assert table[0] == table[-1] == "\n" and "\n\n" not in table
    found, waiting = [], []
    for line in table.strip("\n").split("\n"):
        head, colon, text = line.partition(":")
        waiting.append(head if colon else line[:-1])
        assert colon or line[-1] == ",", line
        if colon:
            found += [(reason, text.strip()) for reason in waiting]
            waiting = []
    assert not waiting
    return found


REASONS = {
    package: rows(importlib.import_module(f"{package}.reasons").REASONS) for package in PACKAGES
}
REPL = {
    package: rows(importlib.import_module(f"{package}.advice").ADVICE)
    for package in ("iotsafe", "cellular")
}


def names(package):
    return [reason for reason, _ in REASONS[package]]


def in_the_log(package, reason):
    return log.advice(SimpleNamespace(package=package, reason=reason, values=()))


def tables():
    """Return name of each table -> its rows, and the reasons that it must have."""
    client = [reason for package in ("iotsafe", "cellular") for reason in names(package)]
    # The log has the advice of the REPL for what is not in its own table.
    own = rows(log.ADVICE)
    there = dict(own)
    others = [
        (reason, in_the_log(package, reason))
        for package, table in REPL.items()
        for reason, _ in table
        if reason not in there and reason not in doctor.REASONS
    ]
    return {
        "log": (own + others, client + names("telemetry")),
        "repl": (REPL["iotsafe"] + REPL["cellular"], [*client, *doctor.REASONS]),
        "command line": (tuple(COMMAND_LINE.items()), [*client, *doctor.REASONS]),
    }


@pytest.mark.parametrize("name", ["log", "repl", "command line"])
def test_no_reason_is_missing_and_none_is_unused(name):
    there, wanted = tables()[name]
    reasons = [reason for reason, _ in there]
    assert len(reasons) == len(set(reasons)), "a reason has two rows"
    assert set(wanted) - set(reasons) == set(), "reasons without advice"
    assert set(reasons) - set(wanted) == set(), "advice without a reason"
    for reason, text in there:
        assert not re.search(WORDS[name], text), (reason, text)
        assert text == text.strip() and not text.endswith("."), (reason, text)
        # Only the log has reasons for which there is nothing to do, and its own table names them.
        assert text or (name == "log" and reason in dict(rows(log.ADVICE))), reason


@pytest.mark.parametrize("argument", ["pin", "apn", "host", "ca", "bands"])
def test_the_log_has_the_fields_of_the_config_in_place_of_arguments(argument):
    field = {"host": "mqtt.host", "ca": "mqtt.ca"}.get(argument, "modem." + argument)
    said = {
        reason: (text, in_the_log(package, reason))
        for package, table in REPL.items()
        for reason, text in table
        if f"{argument}=" in text and reason not in dict(rows(log.ADVICE))
    }
    assert said
    for reason, (text, line) in said.items():
        assert re.search(rf"\b{field}(\W|$)", line) and len(line) > len(text), (reason, line)


def test_a_reason_is_of_one_package():
    every = [reason for package in PACKAGES for reason in names(package)] + list(doctor.REASONS)
    assert len(every) == len(set(every))


@pytest.mark.parametrize("package", PACKAGES)
def test_reasons_are_short_and_facts_advise_nothing(package):
    for reason, fact in REASONS[package]:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", reason), reason
        assert not re.search(ADVISING, fact), fact


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_raised_has_a_fact_and_each_fact_is_raised(package):
    used, literal = set(), set()
    for path in sorted((LIB / package).glob("*.py")):
        if path.stem in ("reasons", "advice", "meanings"):
            continue
        tree = ast.parse(path.read_text(), str(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literal.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                kind = getattr(importlib.import_module(package), node.func.id, None)
                raised = isinstance(kind, type) and issubclass(kind, Exception)
                if raised and node.args and isinstance(node.args[0], ast.Constant):
                    used.add(node.args[0].value)
    there = set(names(package))
    assert used - there == set(), "raised without a fact"
    made = {f"connack-{code}" for code in (1, 2, 3, 4, 5, 7)} if package == "telemetry" else set()
    app = {"ca-unusable", "clock-unset", "name-unusable"}  # the application raises these
    assert there - literal - made - app == set(), "facts that no code raises"


def test_each_class_carries_reason_values_and_package():
    for package, kinds in (
        ("iotsafe", [kind for kind in vars(iotsafe.errors).values() if _is_error(kind)]),
        ("telemetry", [telemetry.MQTTError, telemetry.BrokerRefused]),
        ("cellular", [kind for kind in vars(cellular.errors).values() if _is_error(kind)]),
    ):
        for kind in kinds:
            arguments = [2, "x", "y"][: 3 if kind is iotsafe.CardError else 1]
            if kind is iotsafe.CardProtocolError:
                arguments = ["x", "y"]
            if kind.__name__ == "CommandError":
                arguments = ["x", "y"]
            error = kind("a-reason", *arguments)
            assert (error.reason, error.package) == ("a-reason", package), kind
            assert error.values[: len(arguments)] == tuple(arguments), kind


def _is_error(kind):
    return isinstance(kind, type) and issubclass(kind, Exception)


def test_each_fact_takes_the_values_of_its_error():
    shown = {
        iotsafe.CardError("refused", 0x6A82, "READ FILE", "file 02"): (
            "READ FILE file 02: the SIM answered 6A82, not found"
        ),
        iotsafe.CardProtocolError("not-understood", "GET DATA", "odd"): (
            "GET DATA: the SIM's answer is not understood: odd"
        ),
        iotsafe.AppletNotFound("no-applet", ("A000", 0x6A82), ("A001", 0x6985)): (
            "no IoT SAFE applet on this SIM (tried A000: 6A82, A001: 6985)"
        ),
        iotsafe.TLSError("tls-memory", 7000, "x"): ("TLS ran out of memory (7000 bytes free): x"),
        telemetry.BrokerRefused(
            "connack-5", 5
        ): "the broker refused the login (5): not authorised",
    }
    for error, text in shown.items():
        assert str(error) == text


def test_an_error_of_another_package_has_advice_at_the_repl():
    for package, table in REPL.items():
        for reason, text in table:
            assert repl.advice(reason, package) == text
    assert repl.advice("no-such-reason") == "" and repl.advice("x", "no_such_package") == ""


def test_each_line_of_a_table_is_found():
    for table in (log.ADVICE, *(_module(name).REASONS for name in PACKAGES)):
        for reason, text in rows(table):
            assert words(table, reason) == text
    assert words(log.ADVICE, "connac") is None and words(log.ADVICE, "") is None


def _module(package):
    return importlib.import_module(f"{package}.reasons")


def test_a_line_of_the_log():
    error = iotsafe.ServerNameMismatch("server-name")
    assert log.line(error) == (
        "ServerNameMismatch: the server's certificate is for another name: "
        "is it the right server? Give the name that is in its certificate: mqtt.host"
    )
    assert log.line(OSError(5, "x")) == "OSError: [Errno 5] x"
    assert log.line(iotsafe.TLSError("tls-broken", "x")) == "TLSError: the TLS session broke: x"
