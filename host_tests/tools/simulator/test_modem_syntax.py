"""Command line syntax, and the values hidden from logs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import cases

from iotsafe_tools.simulator.modem.errors import ATError, RequestError
from iotsafe_tools.simulator.modem.parser import Args, Command, parse_line
from iotsafe_tools.simulator.modem.redact import (
    redact_answer,
    redact_apdu,
    redact_line,
    redact_response,
    secret_command,
)


def names(body):
    return [(c.name, c.form, c.args) for c in parse_line(body, 39)]


@pytest.mark.parametrize(
    ("body", "commands"),
    [
        ("", []),
        ("E0", [("E", "exec", "0")]),
        ("E0V1&W", [("E", "exec", "0"), ("V", "exec", "1"), ("&W", "exec", "")]),
        ("S0=3", [("S0", "set", "3")]),
        ("+cpin?", [("+CPIN", "read", "")]),
        ("+CSIM=?", [("+CSIM", "test", "")]),
        (
            "+CMEE=2;+CNMP=38;+CMNB=1",
            [("+CMEE", "set", "2"), ("+CNMP", "set", "38"), ("+CMNB", "set", "1")],
        ),
        ('+X="a;b";+Y', [("+X", "set", '"a;b"'), ("+Y", "exec", "")]),
        ("E0;+CSQ", [("E", "exec", "0"), ("+CSQ", "exec", "")]),
        ("D*99#", [("D", "set", "*99#")]),
    ],
)
def test_lines(body, commands):
    assert names(body) == commands


@pytest.mark.parametrize("body", ["+", "+CPIN?x", "=1", "+CSIM x", "\x00", "+CREG??"])
def test_no_command(body):
    with pytest.raises(RequestError, match="syntax"):
        parse_line(body, 39)


def test_at_most_39_commands():
    assert len(parse_line(";".join(["+CSQ"] * 39), 39)) == 39
    with pytest.raises(RequestError, match="39 commands"):
        parse_line(";".join(["+CSQ"] * 40), 39)


def test_arguments():
    args = Args(' 10, "00A4", ,"x,y"')
    assert len(args) == 4
    assert args.number(0, range(20)) == 10
    assert args.text(1, 4) == "00A4"
    assert args.number(2, range(3), 7) == 7
    assert args.text(3, 9) == "x,y"
    for read in (
        lambda: args.number(0, range(10)),
        lambda: args.number(1, range(10)),
        lambda: args.number(4, range(10)),
        lambda: args.text(1, 3),
        lambda: Args('"x').text(0, 9),
        lambda: args.at_most(3),
    ):
        with pytest.raises(RequestError, match="parameter"):
            read()


def test_text_of_a_command():
    assert Command("+CSIM", "set", "2").text == "+CSIM=2"
    assert Command("+CREG", "read").text == "+CREG?"


@settings(max_examples=cases(2000))
@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=80))
def test_any_line_parses_or_is_refused(body):
    try:
        for command in parse_line(body, 39):
            args = Args(command.args)
            args.number(0, range(10), 0)
            args.text(1, 10, "")
    except ATError:
        pass


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('AT+CPIN="1234"', "AT+CPIN=<redacted>"),
        ("at+cpin=1234;+CSQ", "at+cpin=<redacted>"),
        ("AT+CPIN 1234", "AT+CPIN <redacted>"),
        ("AT+CPIN?;+CPIN=1234", "AT+CPIN?;+CPIN=<redacted>"),
        ("AT+CPIN?", "AT+CPIN?"),
        ("AT+CPIN=?", "AT+CPIN=?"),
        ("AT+CPIN?;+CSQ", "AT+CPIN?;+CSQ"),
        ('AT+CPWD="SC","1234","5678"', "AT+CPWD=<redacted>"),
        ('AT+CNCFG=0,1,"apn","user","secret",3', 'AT+CNCFG=0,1,"apn",<redacted>'),
        ('AT+QICSGP=1,1,"apn","user","secret",3', 'AT+QICSGP=1,1,"apn",<redacted>'),
        ('AT+UAUTHREQ=1,2,"user","secret"', "AT+UAUTHREQ=1,2,<redacted>"),
        ('AT+CSTT="apn","user","secret"', 'AT+CSTT="apn",<redacted>'),
        ('AT^SGAUTH=1,1,"user","secret"', "AT^SGAUTH=<redacted>"),
        (
            'AT+CSIM=26,"0020000108313233 34FFFFFFFF"',
            'AT+CSIM=26,"0020000108<redacted>"',
        ),
        ("AT+CSIM=26,002000010831323334FFFFFFFF", "AT+CSIM=26,0020000108<redacted>"),
        (
            'AT+CSIM=26,"002000010831323334FFFFFFFF"',
            'AT+CSIM=26,"0020000108<redacted>"',
        ),
        (
            'AT+CSIM=32,"014800000BD10273E1D20161D3013000"',
            'AT+CSIM=32,"014800000B<redacted>"',
        ),
        ('AT+CGLA=1,18,"004A000004D10273E1"', 'AT+CGLA=1,18,"004A000004<redacted>"'),
        ('AT+CSIM=10,"0070000001"', 'AT+CSIM=10,"0070000001"'),
    ],
)
def test_secrets_are_hidden(line, shown):
    assert redact_line(line) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('+QICSGP: 1,"apn","user","secret",3', '+QICSGP: 1,"apn",<redacted>'),
        ('+CNCFG: 0,1,"apn","user","secret",3', '+CNCFG: 0,1,"apn",<redacted>'),
        ('+CSTT: "apn","user","secret"', '+CSTT: "apn",<redacted>'),
        ('+CGAUTH: 1,2,"user","secret"', "+CGAUTH: 1,2,<redacted>"),
        ("+CGAUTH: 1,0", "+CGAUTH: 1,0"),
        ("+CPIN: READY", "+CPIN: READY"),
        ('+CSIM: 6,"019000"', '+CSIM: 6,"<redacted>9000"'),
    ],
)
def test_secrets_in_answers_are_hidden(line, shown):
    assert redact_answer(line) == shown


def test_secrets_in_apdus_are_hidden():
    assert redact_apdu(bytes.fromhex("002C0001103131313131313131") + bytes(8)).endswith(
        "<redacted>"
    )
    for shown in (
        "012C0001033301020300",
        "0124000203850105",  # PUT PUBLIC KEY; CHANGE PIN has the same INS
        "012400020385010500",
        "0124010200",
        "0124000210850E" + "41" * 14,  # a name as long as the two PINs
        "812C0001108504414243" + "44A1010391020001920104"[2:],
    ):
        assert redact_apdu(bytes.fromhex(shown)) == shown
    pins = "31323334FFFFFFFF" * 2
    for head, data in (
        ("0024000110", pins),
        ("0024000110", pins + "00"),
        ("0024000110", pins[:-2]),  # malformed
        ("0024000108", pins),
        ("002400010A", pins[:10]),
    ):
        assert redact_apdu(bytes.fromhex(head + data)) == head + "<redacted>"
    assert secret_command(bytes.fromhex("0024000110"))
    assert not secret_command(bytes.fromhex("0024000203"))


def test_secrets_in_responses_are_hidden():
    secret = bytes(range(32)) + b"\x90\x00"
    for ins in (0x46, 0x48, 0x4A, 0x84):  # DH, PRF, HKDF, random bytes that seed the board's TLS
        assert redact_response(ins, secret) == "<redacted>9000"
        assert redact_response(ins, b"\x69\x85") == "6985"
    assert redact_response(0xCD, secret) == secret.hex().upper()
