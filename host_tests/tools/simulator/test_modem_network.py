"""Registration, packet data and time as the modem reports them."""

from datetime import UTC, datetime

import pytest
from modem_bench import Bench

from iotsafe_tools.simulator.modem import Network

OK = b"\r\nOK\r\n"
NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def test_registration_takes_time_and_is_announced():
    bench = Bench(delays=1.0)
    bench.run(2.6)
    bench.ask("ATE0;+CREG=1;+CGREG=2;+CEREG=4")
    assert bench.ask("AT+CEREG?;+COPS?;+CSQ;+CGATT?") == (
        b"\r\n+CEREG: 4,0\r\n\r\n+COPS: 0\r\n\r\n+CSQ: 99,99\r\n\r\n+CGATT: 0\r\n" + OK
    )
    assert b"+CEREG: 2\r\n" in bench.run(0.6)
    assert bench.run(2.1) == (
        b"\r\n+CREG: 1\r\n"
        b'\r\n+CGREG: 1,"5B57","0195071B",7,"1"\r\n'
        b'\r\n+CEREG: 1,"5B57","0195071B",7,,,"00000000","01100000"\r\n'
    )
    assert bench.ask("AT+COPS?;+CSQ;+CGATT?") == (
        b'\r\n+COPS: 0,0,"Test Network",7\r\n\r\n+CSQ: 20,0\r\n\r\n+CGATT: 1\r\n' + OK
    )


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (0, b"+CEREG: 0,1"),
        (1, b"+CEREG: 1,1"),
        (2, b'+CEREG: 2,1,"5B57","0195071B",7'),
        (4, b'+CEREG: 4,1,"5B57","0195071B",7,,,"00000000","01100000"'),
    ],
)
def test_read_forms(mode, text):
    assert Bench().ask(f"AT+CEREG={mode};+CEREG?") == b"\r\n" + text + b"\r\n" + OK


def test_mode_3_is_refused():
    assert Bench().ask("AT+CEREG=3") == b"\r\nERROR\r\n"


@pytest.mark.parametrize(
    ("outcome", "stat"), [("home", 1), ("roaming", 5), ("denied", 3), ("none", 0)]
)
def test_outcomes(outcome, stat):
    bench = Bench(registration=outcome)
    bench.run(0.1)
    assert bench.ask("AT+CEREG?") == f"\r\n+CEREG: 0,{stat}\r\n".encode() + OK


def test_no_cell_is_given_up_after_45_seconds():
    bench = Bench(registration="none", delays=1.0)
    bench.run(30.0)
    bench.ask("ATE0")
    assert bench.ask("AT+CEREG?;+CPSI?") == (
        b"\r\n+CEREG: 0,2\r\n\r\n+CPSI: NO SERVICE,Online\r\n" + OK
    )
    bench.run(30.0)
    assert bench.ask("AT+CEREG?") == b"\r\n+CEREG: 0,0\r\n" + OK


def test_narrow_band_shows_in_cereg_only():
    bench = Bench(act=9)
    assert bench.ask("AT+CREG?;+CEREG?") == b"\r\n+CREG: 0,0\r\n\r\n+CEREG: 0,1\r\n" + OK
    assert b"LTE NB-IOT,Online" in bench.ask("AT+CPSI?")


def test_context_on_and_off():
    bench = Bench(delays=1.0)
    bench.run(6.0)
    bench.ask("ATE0")
    bench.run(6.0)
    assert bench.ask('AT+CNCFG=0,1,"lab.apn"') == OK
    assert bench.ask("AT+CNACT=0,1") == OK
    assert bench.ask("AT+CNACT=0,1") == b"\r\nERROR\r\n"  # registration in progress
    assert bench.run(1.0) == b"\r\n+APP PDP: 0,ACTIVE\r\n"
    assert bench.ask("AT+CNACT?") == (
        b'\r\n+CNACT: 0,1,"10.94.36.44"\r\n+CNACT: 1,0,"0.0.0.0"\r\n+CNACT: 2,0,"0.0.0.0"\r\n'
        b'+CNACT: 3,0,"0.0.0.0"\r\n' + OK
    )
    assert bench.ask("AT+CGPADDR=1") == b"\r\n+CGPADDR: 1,10.94.36.44\r\n" + OK
    assert bench.ask("AT+CNACT=0,1") == b"\r\nERROR\r\n"  # already on
    assert bench.ask("AT+CNACT=0,0") == OK + b"\r\n+APP PDP: 0,DEACTIVE\r\n"
    assert bench.ask("AT+CNACT=0,0") == b"\r\nERROR\r\n"


def test_context_urc_before_ok_and_refusal():
    assert Bench(pdp="before").ask("AT+CNACT=0,1") == b"\r\n+APP PDP: 0,ACTIVE\r\n" + OK
    assert Bench(pdp="refused").ask("AT+CNACT=0,1") == OK + b"\r\n+APP PDP: 0,DEACTIVE\r\n"
    unregistered = Bench(registration="denied")
    assert unregistered.ask("AT+CNACT=0,1") == OK + b"\r\n+APP PDP: 0,DEACTIVE\r\n"


def test_radio_off_takes_the_context_with_it():
    bench = Bench()
    bench.ask("AT+CNACT=0,1;+CEREG=1")
    assert bench.ask("AT+CFUN=4") == b"\r\n+APP PDP: 0,DEACTIVE\r\n\r\n+CEREG: 0\r\n" + OK
    assert bench.ask("AT+CFUN=1").replace(b"\r\n+CEREG: 2\r\n", b"") in (
        OK + b"\r\n+CEREG: 1\r\n",
        b"\r\n+CEREG: 1\r\n" + OK,
    )


def test_stored_contexts():
    bench = Bench()
    assert bench.ask('AT+CGDCONT=1,"IP","lab.apn"') == OK
    bench.ask("AT+CFUN=1,1")
    bench.ask("ATE0")
    assert bench.ask("AT+CGDCONT?") == b'\r\n+CGDCONT: 1,"IP","lab.apn","0.0.0.0",0,0\r\n' + OK
    assert bench.ask("AT+CGDCONT=1;+CGDCONT?") == OK
    assert bench.ask('AT+CGDCONT=1,"IX","a"') == b"\r\nERROR\r\n"


def test_clock_starts_in_1980_and_runs():
    bench = Bench()
    bench.run(65.0)
    assert bench.ask("AT+CCLK?") == b'\r\n+CCLK: "80/01/06,00:01:05+00"\r\n' + OK
    assert bench.ask('AT+CCLK="26/03/01,12:00:00+08"') == OK
    bench.run(5.0)
    assert bench.ask("AT+CCLK?") == b'\r\n+CCLK: "26/03/01,12:00:05+08"\r\n' + OK
    assert bench.ask('AT+CCLK="26/13/01,12:00:00+08"') == b"\r\nERROR\r\n"


def test_network_time_needs_a_reset_after_clts():
    bench = Bench(wall_clock=lambda: NOON, time_zone=-18)
    assert bench.ask("AT+CLTS=1") == OK
    assert b"80/01/06" in bench.ask("AT+CCLK?")
    bench.ask("AT+CFUN=1,1")
    bench.ask("ATE0")
    assert bench.ask("AT+CCLK?") == b'\r\n+CCLK: "26/03/01,07:30:30-18"\r\n' + OK


def test_network_time_urcs_have_the_odd_quotes():
    bench = Bench(wall_clock=lambda: NOON, time_zone=32, nvm={"+CLTS": (1,), "+IPR": (115200,)})
    bench.modem.power(False)
    bench.modem.power(True)
    printed = bench.run(0.1)
    assert b'\r\n*PSUTTZ: 26/03/01,12:00:30","+32",0\r\n\r\nDST: 0\r\n' in printed


def test_time_from_a_server():
    bench = Bench(wall_clock=lambda: NOON)
    assert bench.ask("AT+CNTP") == OK + b"\r\n+CNTP: 61\r\n"
    bench.ask("AT+CNACT=0,1")
    assert bench.ask('AT+CNTPCID=0;+CNTP="time.test",4,0,2') == OK
    assert bench.ask("AT+CNTP") == OK + b'\r\n+CNTP: 1,"2026/03/01,13:00:30"\r\n'
    assert bench.ask("AT+CCLK?") == b'\r\n+CCLK: "26/03/01,13:00:30+04"\r\n' + OK


def test_names():
    bench = Bench(network=Network(resolve={"broker.test": ("127.0.0.1", 18883)}))
    assert bench.ask('AT+CDNSGIP="broker.test"') == b"\r\nERROR\r\n"
    bench.ask("AT+CNACT=0,1")
    assert bench.ask('AT+CDNSGIP="Broker.Test"') == (
        OK + b'\r\n+CDNSGIP: 1,"Broker.Test","127.0.0.1"\r\n'
    )
    assert bench.ask('AT+CDNSGIP="elsewhere.test"') == OK + b"\r\n+CDNSGIP: 0,8\r\n"
