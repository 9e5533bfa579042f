"""Short messages: the store, both forms, delivery, sending."""

from datetime import UTC, datetime

import pytest
from modem_bench import Bench, StubCard

from iotsafe_tools.simulator.modem import pdu
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES

OK = b"\r\nOK\r\n"
NOON = "26/03/01,12:00:30+04"
HELLO = "0011000B915155100000F00000AA05E8329BFD06"
"""SMS-SUBMIT of "hello" to +15550100000 (23.040, 9.2.2.2), with a relative validity period."""


def shown(*parts: str) -> bytes:
    return "".join(f"\n{part}\n" for part in parts).replace("\n", "\r\n").encode()


def at_noon():
    return datetime(2026, 3, 1, 11, 0, 30, tzinfo=UTC)


def started(personality: str = "sim7080", **options) -> Bench:
    bench = Bench(personality=personality, wall_clock=at_noon, time_zone=4, **options)
    bench.ask("AT+CFUN=1")
    bench.run(1.0)
    bench.ask("AT+CMEE=1")
    return bench


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_a_message_comes_is_listed_read_and_deleted(personality):
    bench = started(personality)
    bench.ask("AT+CNMI=2,1;+CMGF=1")
    bench.modem.messages.deliver("hello", "+15550101")
    assert bench.modem.take() == shown('+CMTI: "SM",1')
    assert bench.ask("AT+CPMS?") == shown('+CPMS: "SM",1,20,"SM",1,20,"SM",1,20', "OK")
    head = f'"+15550101",,"{NOON}"\nhello'
    assert bench.ask('AT+CMGL="REC UNREAD"') == shown(f'+CMGL: 1,"REC UNREAD",{head}', "OK")
    assert bench.ask('AT+CMGL="REC UNREAD"') == OK
    assert bench.ask("AT+CMGR=1") == shown(f'+CMGR: "REC READ",{head}', "OK")
    assert bench.ask('AT+CMGL="ALL"') == shown(f'+CMGL: 1,"REC READ",{head}', "OK")
    assert bench.ask("AT+CMGD=1") == OK
    for command in ("AT+CMGR=1", "AT+CMGD=1", "AT+CMSS=1"):
        assert bench.ask(command) == shown("+CMS ERROR: 321")
    assert bench.modem.counters["handler_errors"] == 0


def test_the_pdu_form():
    bench = started()
    bench.modem.messages.deliver("hello", "+15550101")
    bench.modem.take()
    # 00: no service centre's number; 04: SMS-DELIVER; the time in UTC + 1 h
    deliver = "000408915155101000006230102100034005E8329BFD06"
    assert bench.ask("AT+CMGL=?") == shown("+CMGL: (0-4)", "OK")
    assert bench.ask("AT+CMGL") == shown(f"+CMGL: 1,0,,22\n{deliver}", "OK")
    assert bench.ask("AT+CMGL=1") == shown(f"+CMGL: 1,1,,22\n{deliver}", "OK")
    assert bench.ask("AT+CMGL=5") == shown("+CME ERROR: 765")


def test_a_message_that_is_delivered_on_the_line():
    bench = started()
    bench.ask("AT+CNMI=2,2;+CMGF=1")
    bench.modem.messages.deliver("OK", "+15550101")
    assert bench.modem.take() == shown(f'+CMT: "+15550101",,"{NOON}"\nOK')
    assert bench.ask("AT+CPMS?").count(b"0,20") == 3
    bench.ask("AT+CNMI=2,0")
    bench.modem.messages.deliver("quiet")
    assert bench.modem.take() == b""
    assert b",1,20," in bench.ask("AT+CPMS?")


def typed(bench: Bench, command: str, text: bytes, end: bytes = b"\r\n") -> bytes:
    assert bench.ask(command, end) == b"\r\n> "
    return bench.ask(text, b"")


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_a_message_is_sent_in_both_forms(personality):
    bench = started(personality)
    bench.ask("AT+CMGF=1")
    assert typed(bench, 'AT+CMGS="+15550101"', b"hello\x1a") == shown("+CMGS: 1", "OK")
    assert typed(bench, 'AT+CMGS="+15550101"', b"two\r\nlines\x1a") == shown("+CMGS: 2", "OK")
    assert typed(bench, 'AT+CMGS="+15550101"', b"never\x1b") == OK
    bench.ask('AT+CSCS="UCS2"')
    assert typed(bench, 'AT+CMGS="123"', b"20AC\x1a") == shown("+CMGS: 3", "OK")
    bench.ask("AT+CMGF=0")
    size = len(HELLO) // 2 - 1
    assert typed(bench, f"AT+CMGS={size}", HELLO.encode() + b"\x1a") == shown("+CMGS: 4", "OK")
    assert list(bench.modem.messages.sent) == [
        ("+15550101", "hello"),
        ("+15550101", "two\nlines"),
        ("123", "€"),
        ("+15550100000", "hello"),
    ]
    for command, text in ((f"AT+CMGS={size + 1}", HELLO), (f"AT+CMGS={size}", "banana")):
        assert typed(bench, command, text.encode() + b"\x1a") == shown("+CMS ERROR: 304")
    assert bench.modem.counters["handler_errors"] == 0


def test_a_message_that_is_written_and_sent_later():
    bench = started()
    bench.ask('AT+CMGF=1;+CPMS="ME","ME","SM"')
    assert typed(bench, 'AT+CMGW="+15550101"', b"later\x1a") == shown("+CMGW: 1", "OK")
    assert bench.ask('AT+CMGL="STO UNSENT"').startswith(b'\r\n+CMGL: 1,"STO UNSENT","+15550101"')
    assert bench.ask("AT+CMSS=1") == shown("+CMSS: 1", "OK")
    assert bench.ask("AT+CMGR=1").startswith(b'\r\n+CMGR: "STO SENT"')
    assert bench.ask("AT+CMGD=1,4") == OK
    assert bench.ask("AT+CPMS?").startswith(b'\r\n+CPMS: "ME",0,20,')
    for _ in range(20):
        typed(bench, 'AT+CMGW="1"', b"x\x1a")
    assert typed(bench, 'AT+CMGW="1"', b"x\x1a") == shown("+CMS ERROR: 322")


def test_a_message_to_oneself_comes_back():
    number = "FF" * 14 + "06" + "91" + "5155100000" + "FF" * 7
    usim, file, read = "00A4040C07A0000000871002", "00A4000C026F40", "00B201041C"
    bench = started(card=StubCard({usim: "9000", file: "9000", read: number + "9000"}))
    assert bench.ask("AT+CNUM") == shown('+CNUM: "","+1555010000",145', "OK")
    bench.ask("AT+CMGF=1")
    answer = typed(bench, 'AT+CMGS="+1555010000"', b"hello\x1a") + bench.run(0.1)
    assert answer == shown("+CMGS: 1", "OK", '+CMTI: "SM",1')


def test_messages_need_the_sim_and_the_network():
    locked = started(pin="1234")
    assert locked.ask("AT+CPMS?") == shown("+CMS ERROR: 311")
    lost = started(registration="none")
    lost.ask("AT+CMGF=1")
    assert typed(lost, 'AT+CMGS="1"', b"x\x1a") == shown("+CMS ERROR: 331")
    lost.ask("AT+CMEE=2")
    assert typed(lost, 'AT+CMGS="1"', b"x\x1a") == shown("+CMS ERROR: no network service")
    empty = started(sim_inserted=False)
    assert empty.ask("AT+CMGL") == shown("+CMS ERROR: 310")


def test_messages_stay_over_a_restart_and_the_settings_do_not():
    bench = started()
    bench.ask('AT+CMGF=1;+CPMS="ME"')
    bench.modem.messages.deliver("hello")
    bench.modem.power_state.reset("test")
    bench.run(1.0)
    bench.ask("ATE0")
    assert bench.ask("AT+CMGF?") == shown("+CMGF: 0", "OK")
    assert bench.ask("AT+CPMS?").startswith(b'\r\n+CPMS: "SM",1,20')


@pytest.mark.parametrize("text", ["hello", "@£$ äöü", "1234567", "12345678", "€ \U0001f600", ""])
def test_a_delivered_pdu_says_what_was_sent(text):
    data = pdu.delivered("+15550101", text, at_noon(), -4)
    assert data[:4] == b"\x00\x04\x08\x91"
    assert data[16:17] == b"\x48"  # the zone: minus one hour
    coded = pdu.SEVEN_BITS if all(letter in pdu.ALPHABET for letter in text) else pdu.UCS2
    assert data[9] == coded
    # The same user data in an SMS-SUBMIT without a validity period.
    submit = b"\x01\x00" + data[2:10] + data[17:]
    assert pdu.submitted(submit) == ("+15550101", text)


@pytest.mark.parametrize("damaged", ["", "11", "1100", HELLO[2:-4], HELLO[:20], "0400" + HELLO])
def test_a_damaged_pdu(damaged):
    with pytest.raises(pdu.WrongPDU):
        pdu.submitted(bytes.fromhex(damaged))
