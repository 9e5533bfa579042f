"""The attributes and the text of an exception of cellular."""

import cellular
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


def test_each_reason_is_shown_as_a_fact():
    seen = []
    for reason, template in REASONS:
        values = ("one", "two", "three")[: template.count("%s")]
        if reason == "no-network":
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
        ("+CME ERROR: SIM busy", "AT+CPIN: +CME ERROR: SIM busy"),
        ("ERROR", "AT+CPIN: refused by the modem (ERROR)"),
        ("NO CARRIER", "AT+CPIN: NO CARRIER"),
    ):
        error = cellular.CommandError("command-refused", "AT+CPIN", detail, 11)
        assert str(error) == shown, error
        assert (error.code, error.detail) == (11, detail)
        assert error.values == ("AT+CPIN", detail)
