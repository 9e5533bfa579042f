"""The attributes and the text of an exception of cellular."""

import io
import sys

import cellular
import iotsafe
import telemetry
from cellular.reasons import REASONS


def test_an_exception_has_reason_values_and_errno():
    error = cellular.NetworkError("connect-refused", "h", 8883, errno=111)
    assert error.reason == "connect-refused" and error.values == ("h", 8883)
    assert error.errno == 111
    assert str(error) == "no connection to h port 8883: refused by the server"
    for kind, errno in (
        (cellular.ModemError, 5),
        (cellular.ModemGarbled, 5),
        (cellular.ModemReset, 104),
        (cellular.ModemSilent, 19),
        (cellular.ModemTimeout, 110),
        (cellular.NetworkError, 100),
        (cellular.SIMError, 5),
        (cellular.StreamError, 5),
    ):
        error = kind("silent")
        assert isinstance(error, cellular.CellularError) and isinstance(error, OSError)
        assert (error.errno, error.reason, error.values) == (errno, "silent", ())
        assert isinstance(error, cellular.ModemError) == (kind is not cellular.StreamError)


def traceback(error):
    """What MicroPython prints of an error that nothing catches: it asks __repr__, not __str__."""
    if not hasattr(sys, "print_exception"):
        return repr(error)
    shown = io.BytesIO()
    sys.print_exception(error, shown)
    return shown.getvalue().decode()


def test_a_traceback_has_class_fact_and_values():
    for error in (
        cellular.CommandError("command-refused", "AT+CPIN", "+CME ERROR: 604", 604),
        cellular.NetworkError("connect-refused", "192.0.2.1", 8883, errno=111),
        iotsafe.TLSError("tls-failed", "HELLO", code=-28160),
        telemetry.BrokerRefused("connack-5", 5),
    ):
        shown = traceback(error)
        head = "%s: %s (%d, '%s'" % (type(error).__name__, error, error.errno, error.reason)
        assert head in shown, (head, shown)
        for value in error.values:
            assert str(value) in shown, (value, shown)
    empty = iotsafe.NoCertificate("certificate-empty", "02")
    assert "NoCertificate: certificate file 02 is empty ('certificate-empty', '02')" in traceback(
        empty
    )


def test_a_traceback_of_an_error_that_cannot_be_shown_has_the_reason():
    # An exception in the middle of a traceback would end the interpreter.
    for error in (
        cellular.NetworkError("connect-refused"),  # too few values for the sentence
        iotsafe.NoCertificate("certificate-empty"),
        iotsafe.TLSError("tls-memory"),
        telemetry.MQTTError("connack"),
    ):
        assert error.reason in traceback(error)


def test_the_advice_for_an_error():
    for error, word in (
        (iotsafe.NoCertificate("certificate-empty", "02"), "enrol"),
        (cellular.NetworkError("name-unknown", "h"), "host="),
        (OSError(2), ""),
    ):
        assert word in iotsafe.advice.advice(error) and bool(word) == bool(
            iotsafe.advice.advice(error)
        )


def test_errno_comes_first_in_the_arguments():
    for error in (
        cellular.CommandError("command-refused", "AT+CPIN", "ERROR"),
        cellular.NetworkError("connect-failed", "h", 1, "x", errno=111),
        iotsafe.TLSError("tls-memory", 100, "x", code=-5),
        telemetry.BrokerRefused("connack-5", 5),
    ):
        assert error.args[0] == error.errno and error.args[1] == error.reason, error.args


def test_each_reason_is_shown_as_a_fact():
    seen = []
    for line in REASONS.strip().split("\n"):
        reason, template = line.split(": ", 1)
        values = ("one", "two", "three")[: template.count("%s")]
        if reason in ("no-network", "registration-denied"):
            values = (2,)
        shown = str(cellular.ModemError(reason, *values))
        assert shown and "%" not in shown, shown
        for value in values:
            assert value == 2 or value in shown, shown
        for word in ("config", "check ", "set modem", "--", "iotsafe"):
            assert word not in shown, shown
        seen.append(reason)
    assert len(set(seen)) == len(seen)


def test_an_unknown_reason_is_shown_as_it_is():
    assert str(cellular.NetworkError("100 % unknown", "x")) == "100 % unknown"


def test_a_refusal_is_shown_with_what_its_number_means():
    for detail, shown in (
        ("+CME ERROR: 11", "AT+CPIN: +CME ERROR: 11 (SIM PIN required)"),
        ("+CME ERROR: 604", "AT+CPIN: +CME ERROR: 604"),
        ("+CME ERROR: 127", "AT+CPIN: +CME ERROR: 127 (missing or unknown APN)"),
        ("+CME ERROR: SIM busy", "AT+CPIN: +CME ERROR: SIM busy"),
        ("ERROR", "AT+CPIN: refused by the modem (ERROR)"),
        ("NO CARRIER", "AT+CPIN: NO CARRIER"),
    ):
        error = cellular.CommandError("command-refused", "AT+CPIN", detail, 11)
        assert str(error) == shown, error
        assert (error.code, error.detail) == (11, detail)
        assert error.values == ("AT+CPIN", detail)
