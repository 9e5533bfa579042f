"""The forms of the commands, as rows: modem, request, answer. And what a modem must refuse."""

import pytest
from modem_bench import Bench

from iotsafe_tools.simulator.modem.personalities import PERSONALITIES

OK = ("OK",)
ERROR = ("ERROR",)
ALL = tuple(PERSONALITIES)
SIMCOM = ("sim7000", "sim7080")
SEQUANS = ("gm02s", "gms01q")
QUECTEL = ("bg77", "bg95", "bg96", "eg91", "eg95")
UBLOX = ("sara-r4", "sara-r5")
BEARER = (*SEQUANS, *UBLOX, "tx62")


def shown(*parts: str) -> bytes:
    return "".join(f"\n{part}\n" for part in parts).replace("\n", "\r\n").encode()


def started(personality: str, **options) -> Bench:
    bench = Bench(personality=personality, **options)
    bench.ask("AT+CFUN=1")
    bench.run(1.0)
    return bench


# Rows of one modem are asked in this order, one after the other.
FORMS = (
    # -- all -------------------------------------------------------------------------------------
    (ALL, "AT+COPS?", ('+COPS: 0,0,"Test Network",7', "OK")),
    (ALL, "AT+COPS=3,1;+COPS?", ('+COPS: 0,1,"Test",7', "OK")),
    (ALL, 'AT+COPS=1,2,"00101"', OK),
    (ALL, "AT+COPS?", ('+COPS: 1,1,"Test",7', "OK")),
    (ALL, 'AT+COPS=4,0,"Other Network"', OK),  # not there: the modem chooses
    (ALL, "AT+COPS=3,0;+COPS?", ('+COPS: 0,0,"Test Network",7', "OK")),
    (ALL, "AT+COPN", ('+COPN: "00101","Test Network"', "OK")),
    (ALL, "AT+CPOL=?", ("+CPOL: (1-16),(0-2)", "OK")),
    (ALL, 'AT+CPOL=1,2,"26201";+CPOL=3,2,"00101"', OK),
    (ALL, "AT+CPOL?", ('+CPOL: 1,2,"26201"\n+CPOL: 3,2,"00101"', "OK")),
    (ALL, "AT+CPOL=1;+CPOL=3;+CPOL?", OK),
    (ALL, "AT+CPLS=?", ("+CPLS: (0-2)", "OK")),
    (ALL, "AT+CPLS?", ("+CPLS: 0", "OK")),
    (ALL, "AT+WS46=28", OK),
    (ALL, "AT+WS46?", ("28", "OK")),
    (ALL, "AT+CLCK=?", ('+CLCK: ("SC","FD","PN","PU","PP","PC","PF")', "OK")),
    (ALL, "AT+CPWD=?", ('+CPWD: ("SC",8)', "OK")),
    (ALL, "AT+CUSD?", ("+CUSD: 0", "OK")),
    (ALL, 'AT+CUSD=1,"*100#",15', ("OK", '+CUSD: 0,"Balance 0.00",15')),
    (ALL, 'AT+CSCS="UCS2";+CUSD=1,"*100#"',
     ("OK", '+CUSD: 0,"00420061006C0061006E0063006500200030002E00300030",15')),
    (ALL, 'AT+CSCS="IRA";+CUSD=2', OK),
    (ALL, "AT+CLCC=?", OK),
    (ALL, "AT+CEER=?", OK),
    (ALL, "AT+GCAP=?", OK),
    (ALL, "AT+CGMI=?", OK),
    (ALL, "AT+CIND?", ("+CIND: 5,3,1,0,0,0,1,0", "OK")),
    (ALL, "AT+CGATT=?", ("+CGATT: (0,1)", "OK")),
    (ALL, "AT+CGACT=?", ("+CGACT: (0,1)", "OK")),
    (ALL, "AT+CGPADDR=?", ("+CGPADDR: (1)", "OK")),
    (ALL, "AT+CGEREP?", ("+CGEREP: 0,0", "OK")),
    (ALL, 'AT+CGDCONT=2,"IPV6","second"', OK),
    (ALL, "AT+CGACT?", ("+CGACT: 1,1\n+CGACT: 2,0", "OK")),
    (ALL, "AT+CGACT=1,2", OK),
    (ALL, "AT+CGACT?", ("+CGACT: 1,1\n+CGACT: 2,1", "OK")),
    ((*SIMCOM, *QUECTEL, *UBLOX), "AT+CGPADDR",
     ("+CGPADDR: 1,10.94.36.44\n+CGPADDR: 2,10.94.36.45", "OK")),
    (SEQUANS, "AT+CGPADDR", ('+CGPADDR: 1,"10.94.36.44"\n+CGPADDR: 2,"10.94.36.45"', "OK")),
    ((*SIMCOM, *QUECTEL), "AT+CGEREP=2;+CGACT=0,2", ("OK", "+CGEV: ME PDN DEACT 2")),
    ((*SIMCOM, *QUECTEL), "AT+CGACT=1,2", ("OK", "+CGEV: ME PDN ACT 2")),
    (ALL, "AT+CGEREP=0", OK),
    (ALL, "AT+CGACT=0,2;+CGDCONT=2", OK),
    (ALL, "AT+CGACT=1,2", ERROR),
    (ALL, "AT+CSQ=?", ("+CSQ: (0-31,99),(0-7,99)", "OK")),
    (ALL, "AT+CNMI=?", ("+CNMI: (0-3),(0-3),(0-3),(0-2),(0-1)", "OK")),
    (ALL, "AT+CPSMS=?", ("+CPSMS: (0-2)" + ',("00000000"-"11111111")' * 4, "OK")),
    (ALL, 'AT+CPSMS=1,,,"00100001","00000101";+CPSMS?',
     ('+CPSMS: 1,"","","00100001","00000101"', "OK")),
    (ALL, "AT+CPSMS=0", OK),
    (ALL, 'AT+CEDRXS=1,4,"1001"', OK),
    (ALL, "ATS7=50S7?", ("050", "OK")),
    # -- SIMCom ----------------------------------------------------------------------------------
    (SIMCOM, "AT+CBATCHK=?", ("+CBATCHK: (0-1)", "OK")),
    (SIMCOM, "AT+CBATCHK=1;+CBATCHK?", ("+CBATCHK: 1", "OK")),
    (SIMCOM, "AT+CBC=?", ("+CBC: (0-2),(1-100),(2700-4800)", "OK")),
    (SIMCOM, "AT+CLBS=?", ("+CLBS: (1,3,4),(0-3)", "OK")),
    (SIMCOM, "AT+CLBS=1,1", ERROR),  # no data context
    (SIMCOM, "AT+CPCMREG=?", ("+CPCMREG: (0-1)", "OK")),
    (SIMCOM, "AT+CPCMREG=1;+CPCMREG?", ("+CPCMREG: 1", "OK")),
    (SIMCOM, "AT+AUTOCSQ=?", ("+AUTOCSQ: (0-1),(0-1)", "OK")),
    (SIMCOM, "AT+AUTOCSQ=1,1;+AUTOCSQ?", ("+AUTOCSQ: 1,1", "OK")),
    (SIMCOM, "AT+CURCCFG=?",
     ('+CURCCFG: ("QUALCOMM","SYS","SIMCARD","SMS","NETWORK","TCPIP"),(0,1)', "OK")),
    (SIMCOM, 'AT+CURCCFG="SMS",0', OK),
    (SIMCOM, "AT+SPIC", ("+SPIC: 3,10,3,10", "OK")),
    (SIMCOM, "AT+SMSTATE?", ("+SMSTATE: 0", "OK")),
    (("sim7080",), "AT+CASEND=?", ("+CASEND: (0-12),(1-1460),(100-10000)", "OK")),
    (("sim7080",), "AT+CARECV=?", ("+CARECV: (0-12),(1-1460)", "OK")),
    (("sim7080",), "AT+CASTATE=?", OK),
    (("sim7080",), "AT+CNACT=?", ("+CNACT: (0-3),(0-2)", "OK")),
    (("sim7080",), "AT+CESQ", ERROR),
    (("sim7080",), "AT+CESQ=?", ERROR),
    (("sim7080",), "AT+CNACT=0,1", ("OK", "+APP PDP: 0,ACTIVE")),
    (("sim7080",), "AT+CLBS=3,1", ("+CLBS: 0,0", "OK")),
    (("sim7080",), "AT+CLBS=1,1", ("+CLBS: 0,13.377722,52.516272,550", "OK")),
    (("sim7080",), "AT+CLBS=3,1", ("+CLBS: 0,1", "OK")),
    (("sim7000",), "AT+SGPIO=?", ("+SGPIO: (0),(1-23),(0,1),(0,1)", "OK")),
    (("sim7000",), "AT+CNACT?", ('+CNACT: 0,"0.0.0.0"', "OK")),
    (("sim7000",), 'AT+CNACT=1,"internet"', ("OK", "+APP PDP: ACTIVE")),
    (("sim7000",), "AT+CNACT?", ('+CNACT: 1,"10.94.36.46"', "OK")),
    (("sim7000",), "AT+CNACT=0", ("OK", "+APP PDP: DEACTIVE")),
    (("sim7000",), "AT+CNACT=0", ERROR),
    (("sim7000",), 'AT+CDNSCFG="8.8.8.8","1.1.1.1"', OK),
    (("sim7000",), "AT+CDNSCFG?", ("PrimaryDns: 8.8.8.8\nSecondaryDns: 1.1.1.1", "OK")),
    (("sim7000",), 'AT+CDNSCFG="8.8.8"', ERROR),
    (("sim7000",), "AT+CIPHEAD=1;+CIPHEAD?", ("+CIPHEAD: 1", "OK")),
    (("sim7000",), 'AT+CIPPING="127.0.0.1"', ERROR),  # the stack is not up
    (("sim7000",), 'AT+CIPMUX=1;+CSTT="internet";+CIICR', OK),
    (("sim7000",), 'AT+CIPPING="127.0.0.1",2',
     ('+CIPPING: 1,"127.0.0.1",1,64', '+CIPPING: 2,"127.0.0.1",1,64', "OK")),
    (("sim7000",), 'AT+CIPPING="nowhere.test"', ERROR),
    (("sim7000",), "AT+CIPSTATUS",
     ("OK", "STATE: IP GPRSACT", *(f'C: {n},,"","","","INITIAL"' for n in range(8)))),
    (("sim7000",), 'AT+CIPSTART=0,"TCP","nowhere.test","80"', ("OK", "0, CONNECT FAIL")),
    (("sim7000",), "AT+CESQ", ("+CESQ: 99,99,255,255,18,47", "OK")),
    # -- Sequans ---------------------------------------------------------------------------------
    (("gm02s",), "AT+CGMR", ("LR8.2.1.0-61488", "OK")),
    (("gms01q",), "AT+GMR", ("UE6.0.0.0-ER7", "OK")),
    (SEQUANS, "AT+SQNMONI=?", ("+SQNMONI: (0-9)", "OK")),
    (SEQUANS, "AT+SQNMONI=10", ERROR),
    (SEQUANS, 'AT+SQNBANDSEL=0,"standard","20"', OK),
    (SEQUANS, 'AT+SQNBANDSEL=0,"standard","99"', ERROR),
    (SEQUANS, "AT+SQNSS=?", ("+SQNSS: (1-6)", "OK")),
    (SEQUANS, "AT+SQNSS=7", ERROR),
    (SEQUANS, "AT+SQNSCFGEXT=1,3", ERROR),
    (SEQUANS, "AT+CPINR", ("+CPINR: SIM PIN,3,3\n+CPINR: SIM PUK,10,10", "OK")),
    (SEQUANS, 'AT+CPINR="SIM PIN"', ("+CPINR: SIM PIN,3,3", "OK")),
    (SEQUANS, 'AT+CGDCONT=1,"IP","internet",,0,0,0,0,0,0,0,0,0,0,0,0', ERROR),  # sixteen
    (SEQUANS, 'AT+SQNSD=1,0,1,"127.0.0.1",0,0,1,0,0,0', ERROR),  # ten
    # -- Quectel ---------------------------------------------------------------------------------
    (QUECTEL, "AT+CCID", ("+CCID: 89000000000000000000", "OK")),
    (QUECTEL, "AT+ICCID", ("+ICCID: 89000000000000000000", "OK")),
    (QUECTEL, "AT+QSIMSTAT=?", ("+QSIMSTAT: (0-1)", "OK")),
    (QUECTEL, "AT+QSIMSTAT=1;+QSIMSTAT?", ("+QSIMSTAT: 1,1", "OK")),
    (QUECTEL, "AT+QTEMP=?", OK),
    (QUECTEL, "AT+QISENDEX=?", ("+QISENDEX: (0-11),<hex>", "OK")),
    (QUECTEL, "AT+QGPS?", ("+QGPS: 0", "OK")),
    (QUECTEL, "AT+QGPSLOC=2", ERROR),
    (QUECTEL, "AT+QGPSEND", ERROR),
    (QUECTEL, "AT+QGPS=1;+QGPS?", ("+QGPS: 1", "OK")),
    (QUECTEL, "AT+QGPS=1", ERROR),
    (QUECTEL, "AT+QGPSEND", OK),
    (QUECTEL, 'AT+QPINC="SC"', ('+QPINC: "SC",3,10', "OK")),
    # -- u-blox ----------------------------------------------------------------------------------
    (UBLOX, "AT+UDCONF=?", ("+UDCONF: (1),(0,1)", "OK")),
    (UBLOX, "AT+UPINCNT", ("+UPINCNT: 3,3,10,10", "OK")),
    (UBLOX, "AT+UDCONF=1", ("+UDCONF: 1,0", "OK")),
    (UBLOX, "AT+UDCONF=2,1", ERROR),
    (UBLOX, "AT+UTEMP=1;+UTEMP?", ("+UTEMP: 1,770", "OK")),
    (UBLOX, "AT+UGPS?", ("+UGPS: 0", "OK")),
    (UBLOX, "AT+UGPS=1,1,3;+UGPS?", ("+UGPS: 1,0,1", "OK")),
    (UBLOX, "AT+UGPS=1", ERROR),
    (UBLOX, "AT+ULOC=?", ("+ULOC: (2),(0-15),(0-2),(1-999),(1-999999)", "OK")),
    (UBLOX, "AT+ULOC=2,3,0,0,1", ERROR),
    (UBLOX, "AT+USOCR=6;+USOSEC=0,0", ("+USOCR: 0", "OK")),
    (UBLOX, "AT+USOSEC=0,1,0", ERROR),  # its own TLS
    (UBLOX, "AT+USOSO=0,6,1,1", OK),
    # -- Cinterion -------------------------------------------------------------------------------
    (("tx62",), "ATI", ("Cinterion\nTX62-W\nREVISION 01.000", "OK")),
    (("tx62",), "AT\\Q3", OK),
    (("tx62",), "AT\\Q2", ERROR),
    (("tx62",), "AT^SCKS=?", ("^SCKS: (0-1)", "OK")),
    (("tx62",), "AT^SCKS=1;^SCKS?", ("^SCKS: 1,1", "OK")),
    (("tx62",), 'AT^SIND="nitz",1', ("^SIND: nitz,1", "OK")),
    (("tx62",), 'AT^SIND="nitz",2', ("^SIND: nitz,1", "OK")),
    (("tx62",), 'AT^SIND="banana",1', ERROR),
    (("tx62",), "AT^SPIC", ("^SPIC: 3", "OK")),
    (("tx62",), 'AT^SPIC="SC",1', ("^SPIC: 10", "OK")),
    (("tx62",), "AT^SPIC?", ("^SPIC: READY", "OK")),
    (("tx62",), 'AT^SGAUTH=1,1,"me","secret"', OK),
    (("tx62",), "AT^SGAUTH=1,1", ERROR),
    (("tx62",), "AT^SMONI",
     ("^SMONI: Cat.M1,6400,20,5,5,FDD,001,01,5B57,0195071B,250,-94,-11,-66,14,NOCONN", "OK")),
    (("tx62",), "AT+CGCONTRDP=?", ("+CGCONTRDP: (1-16)", "OK")),
    (("tx62",), 'AT+CGDCONT=1,"IP","internet";+CGCONTRDP=1',
     ('+CGCONTRDP: 1,5,"internet","10.94.36.44.255.255.255.0","","10.94.0.1","10.94.0.2"', "OK")),
    (("tx62",), "AT+CGCONTRDP=2", OK),
)  # fmt: skip

REFUSED = (
    # -- all -------------------------------------------------------------------------------------
    (ALL, "AT+COPS=banana"),
    (ALL, 'AT+COPS=1,2,"99999"'),
    (ALL, "AT+COPS=1"),
    (ALL, 'AT+COPS=1,2,"00101",0'),  # no GSM there
    (ALL, "AT+COPS=5"),
    (ALL, 'AT+CPOL=1,2,"banana"'),
    (ALL, 'AT+CPOL=17,2,"00101"'),
    (ALL, 'AT+CPSMS=1,,,"banana","sun"'),
    (ALL, 'AT+CPSMS=1,,,"0010000","00000101"'),
    (ALL, 'AT+CPSMS=1,,,"",""'),
    (ALL, 'AT+CEDRXS=1,4,"9"'),
    (ALL, 'AT+CEDRXS=1,4,""'),
    (ALL, 'AT+CEDRXS=1,3,"0101"'),
    (ALL, "ATX9"),
    (ALL, "AT&C9"),
    (ALL, "AT&D9"),
    (ALL, "ATE7"),
    (ALL, "ATS0=999"),
    (ALL, "AT+CREG=9"),
    (ALL, "AT+CGATT=2"),
    (ALL, "AT+CGATT=1,1"),
    (ALL, "AT+CGACT=1,17"),
    (ALL, 'AT+CGDCONT=1,"BANANA","internet"'),
    (ALL, 'AT+CGDCONT=1,"IP","internet","0.0.0.0",9,9'),
    (ALL, 'AT+CSCS="BANANA"'),
    (ALL, 'AT+CLCK="XX",2'),
    (ALL, "AT+CUSD=3"),
    (ALL, 'AT+CPMS="XX"'),
    (ALL, "AT+CNMI=9"),
    (ALL, "AT+CRSM=1"),
    (ALL, "AT+CRSM=176"),
    (ALL, "AT+CRSM=176,70000,0,0,1"),
    (ALL, 'AT+CRSM=214,28486,0,0,2,"00"'),
    # -- some ------------------------------------------------------------------------------------
    (SIMCOM, 'AT+CURCCFG="FOO"'),
    (SIMCOM, 'AT+CURCCFG="FOO",1'),
    (SIMCOM, 'AT+CURCCFG="SMS"'),
    (SIMCOM, "AT+CBATCHK=2"),
    (SIMCOM, "AT+CLBS=9,1"),
    (("sim7000",), 'AT+CIPSTART=0,"TCP","127.0.0.1",80'),  # a number without CIPMUX=1
    (BEARER, "AT+CGAUTH=1,4"),
)


@pytest.mark.parametrize("personality", ALL)
def test_forms(personality):
    bench = started(personality)
    for modems, request, parts in FORMS:
        if personality in modems:
            assert bench.ask(request) + bench.run(0.01) == shown(*parts), request
    assert bench.modem.counters["handler_errors"] == 0


@pytest.mark.parametrize("personality", ALL)
def test_what_a_modem_refuses(personality):
    bench = started(personality)
    for modems, request in REFUSED:
        if personality in modems:
            assert bench.ask(request) + bench.run(0.01) == shown("ERROR"), request
    assert bench.ask("AT+COPS?") == shown('+COPS: 0,0,"Test Network",7', "OK")
    assert bench.modem.counters["handler_errors"] == 0


TELL_NOTHING = {
    # what they take has no ranges (27.005, 27.007), or the answer is that they are there
    *("+CPIN", "+CCLK", "+CSIM", "+CCHO", "+CGLA", "+CCHC", "+CRSM"),
    *("+CMGR", "+CMGS", "+CMGW", "+CMSS"),
}


@pytest.mark.parametrize("personality", ALL)
def test_every_command_has_its_test_form(personality):
    bench = started(personality)
    for name, forms in sorted(bench.modem.table.handlers.items()):
        if name[0] not in "+^" or bench.modem.sim.lacks(name, "set"):
            continue
        answer = bench.ask(f"AT{name}=?")
        assert answer.endswith(shown("OK")), name
        if "set" in forms and name not in TELL_NOTHING:
            assert answer.startswith(f"\r\n{name}: ".encode()), name
    assert bench.modem.counters["handler_errors"] == 0


def test_positions_need_time_and_say_where():
    bench = started("bg96", delays=1.0)
    bench.run(10.0)
    bench.ask("ATE0+CMEE=1")
    assert bench.ask("AT+QGPS=1") == shown("OK")
    assert bench.ask("AT+QGPSLOC=2") == shown("+CME ERROR: 516")
    bench.run(31.0)
    assert b",52.51627,13.37772,0.9,34.5,3," in bench.ask("AT+QGPSLOC=2")
    assert b",5230.9763N,01322.6633E,0.9," in bench.ask("AT+QGPSLOC=0")
    assert bench.ask("AT+QGPSEND") == shown("OK")
    sara = started("sara-r4")
    assert sara.ask("AT+ULOC=2,3,0,120,1").startswith(shown("OK") + b"\r\n+UULOC: ")
    assert sara.ask("AT+ULOC=2,3,1,120,1").endswith(
        b",52.5162720,13.3777220,34,550,0,0,0,2,0,0,0\r\n"
    )


# -- what the modems can do themselves, and the simulated ones do not -----------------------------


@pytest.mark.parametrize(
    ("personality", "command", "feature", "answer"),
    [
        ("sim7080", 'AT+SMCONF="URL","host",1883', "MQTT", "+CME ERROR: 100"),
        ("sim7080", 'AT+CSSLCFG="sslversion",0,3', "TLS", "+CME ERROR: 100"),
        ("sim7080", "AT+CMUX=0", "CMUX", "+CME ERROR: 100"),
        ("sim7080", "ATD*99#", "PPP", "NO CARRIER"),
        ("sim7000", "AT+HTTPINIT", "HTTP", "+CME ERROR: 100"),
        ("bg96", 'AT+QSSLOPEN=1,1,0,"host",443,0', "TLS", "ERROR"),
        ("bg95", 'AT+QMTOPEN=0,"host",1883', "MQTT", "ERROR"),
        ("eg95", "ATD*99***1#", "PPP", "NO CARRIER"),
        ("gm02s", 'AT+SQNSMQTTCFG=0,"id"', "MQTT", "ERROR"),
        ("gm02s", 'AT+SQNSPCFG=1,2,"",0', "TLS", "ERROR"),
        ("gm02s", "AT+SQNCOAPCREATE=0", "CoAP", "ERROR"),
        ("sara-r4", 'AT+USECMNG=0,0,"ca",10', "TLS", "+CME ERROR: 100"),
        ("sara-r5", 'AT+UHTTP=0,1,"host"', "HTTP", "+CME ERROR: 100"),
        ("sara-r5", "AT+CMUX=0,0,5,127", "CMUX", "+CME ERROR: 100"),
        ("tx62", "AT^SBNW=1", "TLS", "+CME ERROR: 100"),
    ],
)
def test_a_feature_that_is_absent_is_known_by_name(personality, command, feature, answer):
    bench = started(personality)
    bench.ask("AT+CMEE=1")
    assert bench.ask(command) == shown(answer)
    assert [told["feature"] for told in bench.kinds("absent")] == [feature]
    assert bench.ask("AT+NOSUCH=1") == shown(
        "ERROR" if answer == "ERROR" else "+CME ERROR: 100"
    ) or (answer == "NO CARRIER")
    assert len(bench.kinds("absent")) == 1


def test_no_command_is_both_there_and_absent():
    for personality in PERSONALITIES.values():
        both = set(personality.table.handlers) & set(personality.absent)
        assert both <= {"D"}, personality.name
