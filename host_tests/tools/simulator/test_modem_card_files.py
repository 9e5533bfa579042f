"""+CRSM on the files of a simulated card, as ModemManager reads them."""

import pytest
from modem_bench import Bench, StubCard

from iotsafe_tools.simulator.modem.personalities import PERSONALITIES
from iotsafe_tools.simulator.sim import Card, Profile

OK = b"\r\nOK\r\n"
CARD = {"iccid": "8988211000000000011", "imsi": "001010000000001", "spn": "Lab"}


def shown(*parts: str) -> bytes:
    return "".join(f"\r\n{part}\r\n" for part in parts).encode()


def started(personality: str = "sim7080", card=None, **options) -> Bench:
    bench = Bench(card or Card(profile=Profile(**CARD)), personality=personality, **options)
    bench.ask("AT+CFUN=1")
    bench.run(1.0)
    bench.ask("AT+CMEE=1")
    return bench


def ask(bench: Bench, command: str) -> bytes:
    return bench.ask(command) + bench.run(5.0)


READ = (
    # EF_ICCID is below the MF, the others below the USIM.
    ("+CRSM=176,12258,0,0,10", '+CRSM: 144,0,"988812010000000010F1"'),
    ("+CRSM=176,28486,0,0,17", '+CRSM: 144,0,"014C6162FFFFFFFFFFFFFFFFFFFFFFFFFF"'),
    ("+CRSM=176,28589,0,0,4", '+CRSM: 144,0,"00000002"'),
    ("+CRSM=176,28423,0,0,9", '+CRSM: 144,0,"080910100000000010"'),
    ("+CRSM=176,28589,0,2,2", '+CRSM: 144,0,"0002"'),
    ("+CRSM=176,28589,0,0,0", '+CRSM: 144,0,"00000002"'),  # 0: all
    ("+CRSM=178,28599,1,4,4", '+CRSM: 144,0,"11F2FF00"'),
    ('+CRSM=176,28589,0,0,4,,"3F007FFF"', '+CRSM: 144,0,"00000002"'),
    ("+CRSM=178,28599,2,4,4", "+CRSM: 106,131"),  # no such record
    ("+CRSM=176,28599,0,0,4", "+CRSM: 105,129"),  # it has records
    ("+CRSM=176,12345,0,0,1", "+CRSM: 106,130"),  # no such file
)


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_reading(personality):
    bench = started(personality)
    for command, answer in READ:
        assert ask(bench, "AT" + command) == shown(answer, "OK"), command
    assert bench.modem.counters["handler_errors"] == 0


def test_the_parameters_of_a_file_and_of_the_folder():
    bench = started()
    described = ask(bench, "AT+CRSM=192,28589,0,0,0")
    assert described.startswith(b'\r\n+CRSM: 144,0,"62')
    assert b"83026FAD" in described
    assert ask(bench, "AT+CRSM=242").startswith(b'\r\n+CRSM: 144,0,"62')


def test_writing_reaches_the_card():
    answers = {
        "00A4040C07A0000000871002": "9000",
        "00A40004026F46": "9000",
        "00D600000201AA": "9000",
        "00DC01040201AA": "6982",
    }
    bench = started(card=StubCard(answers))
    assert ask(bench, 'AT+CRSM=214,28486,0,0,2,"01AA"') == shown("+CRSM: 144,0", "OK")
    assert ask(bench, 'AT+CRSM=220,28486,1,4,2,"01AA"') == shown("+CRSM: 105,130", "OK")
    assert "00D600000201AA" in bench.card.log


def test_without_a_usable_sim():
    assert ask(started(pin="1234"), "AT+CRSM=242") == shown("+CME ERROR: 11")
    assert ask(started(sim_inserted=False), "AT+CRSM=242") == shown("+CME ERROR: 10")


def test_an_open_channel_is_not_disturbed():
    bench = started()
    assert b"019000" in ask(bench, 'AT+CSIM=10,"0070000001"')
    assert ask(bench, "AT+CRSM=176,28589,0,0,4").startswith(b"\r\n+CRSM: 144,0")
    assert b"+CSIM: " in ask(bench, 'AT+CSIM=10,"01F2000000"')
