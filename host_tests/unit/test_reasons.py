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


def test_a_traceback_of_micropython_has_the_values():
    # MicroPython prints `args` at the REPL and into the crash log, and asks no __str__.
    if not hasattr(sys, "print_exception"):
        return
    for error in (
        cellular.CommandError("command-refused", "AT+CPIN", "+CME ERROR: 604", 604),
        cellular.NetworkError("connect-refused", "192.0.2.1", 8883, errno=111),
        iotsafe.TLSError("tls-failed", "HELLO", code=-28160),
        telemetry.BrokerRefused("connack-5", 5),
    ):
        shown = io.BytesIO()
        sys.print_exception(error, shown)
        for value in error.values + (error.errno, error.reason):
            assert str(value) in shown.getvalue().decode(), (value, shown.getvalue())


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
    for reason, template in REASONS:
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


def test_a_reason_of_somebody_else_is_shown_as_it_is():
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
