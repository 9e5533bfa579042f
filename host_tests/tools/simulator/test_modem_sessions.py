"""Sessions on logical channels of the card: +CCHO, +CGLA and +CCHC of the simulated modem, and the
modems that have no +CSIM, or half of it."""

import pytest
from modem_bench import Bench, StubCard

from iotsafe_tools.simulator.sim import Card, Profile

OK = b"\r\nOK\r\n"
AID = "A0000005590010"
NO_AID = "A0000002480400"
APPLICATION_DATA = "00CB000000"


def bench_with(*quirks, card=None, **options):
    bench = Bench(card or Card(), quirks={"cgla", *quirks}, **options)
    bench.ask("AT+CMEE=1")
    return bench


def cme(code):
    return b"\r\n+CME ERROR: %d\r\n" % code


def opened(handle):
    return b"\r\n+CCHO: %s\r\n" % handle.encode() + OK


def cgla(bench, handle, apdu):
    return bench.ask(f'AT+CGLA={handle},{len(apdu)},"{apdu}"')


def apdus(bench):
    return [event["apdu"] for event in bench.kinds("apdu")]


# -- according to 27.007 -------------------------------------------------------------------------


def test_a_session_is_a_logical_channel_of_the_card():
    card = StubCard(
        {
            "0070000001": "029000",
            "02A4040007A0000005590010": "9000",
            "028400000400": "6700",
            "0284000004": "010203049000",
            "8284000002": "05069000",
            "0070800200": "9000",
        }
    )
    bench = bench_with(card=card)
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")  # the handle, not the channel
    assert cgla(bench, "1", "0084000004") == b'\r\n+CGLA: 12,"010203049000"\r\n' + OK
    assert cgla(bench, "1", "8084000002") == b'\r\n+CGLA: 8,"05069000"\r\n' + OK
    assert bench.ask("AT+CCHC=1") == OK
    assert card.log[-5:] == [
        "0070000001",
        "02A4040007A0000005590010",
        "0284000004",
        "8284000002",
        "0070800200",
    ]
    assert bench.modem.counters["apdu_exchanges"] == 5
    assert bench.modem.counters["uart_down.sim"] > 0
    assert bench.kinds("at")[-1]["purpose"] == "sim"


def test_the_applet_answers_in_a_session():
    bench = bench_with()
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")
    assert bench.ask(f"AT+CCHO={AID.lower()}") == opened("2")
    answer = cgla(bench, "2", APPLICATION_DATA)
    assert answer.startswith(b"\r\n+CGLA: ") and b"1001101120" in answer
    assert bench.ask("AT+CCHC=1") == OK
    assert cgla(bench, "1", APPLICATION_DATA) == cme(50)
    assert bench.ask("AT+CCHC=1") == cme(50)
    assert cgla(bench, "2", APPLICATION_DATA) == answer
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")


@pytest.mark.parametrize("channel", [1, 3, 4, 19])
def test_the_modem_puts_the_channel_into_the_class_byte(channel):
    bench = bench_with()
    if channel > 3:  # TERMINAL CAPABILITY: the terminal knows the classes of these channels
        assert b'9000"' in bench.ask('AT+CSIM=18,"80AA000004A9028100"')
    for number in range(1, channel):  # open for another client
        assert b'9000"' in bench.ask('AT+CSIM=10,"0070000001"'), number
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")
    for first, on_channel_0 in ((0x00, "00"), (0x80, "80")):
        assert b'9000"' in cgla(bench, "1", f"{on_channel_0}84000004")
        inside = channel if channel < 4 else 0x40 + channel - 4
        assert apdus(bench)[-1] == f"{first | inside:02X}84000004"
        # It works with any channel number in the host's class byte.
        assert b'9000"' in cgla(bench, "1", f"{first | 2:02X}84000004")
        assert apdus(bench)[-1] == f"{first | inside:02X}84000004"


def test_an_application_that_the_card_lacks():
    for options, code in (({}, 22), ({"ccho_refusal": 13}, 13), ({"ccho_refusal": 50}, 50)):
        bench = bench_with(card=Card(profile=Profile.named("gsma", channels=2)), **options)
        assert bench.ask(f'AT+CCHO="{NO_AID}"') == cme(code)
        # Its channel was closed again: the only one is free.
        assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")


def test_no_channel_left():
    bench = bench_with(card=Card(profile=Profile.named("gsma", channels=3)))
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("2")
    assert bench.ask(f'AT+CCHO="{AID}"') == cme(20)
    assert bench.ask("AT+CCHC=1") == OK
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")


def test_get_response_is_left_to_the_host():
    bench = bench_with(card=Card(profile=Profile.named("gsma", get_response="always")))
    bench.ask(f'AT+CCHO="{AID}"')
    assert cgla(bench, "1", "0084000004") == b'\r\n+CGLA: 4,"6104"\r\n' + OK
    assert cgla(bench, "1", "00C0000004").startswith(b'\r\n+CGLA: 12,"')
    assert bench.modem.counters["get_response"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        '1,10,"00840000"',  # length does not agree
        '1,9,"008400000"',
        '1,10,"00840000GG"',
        '1,10,"00 8400 04"',
        '1,6,"008400"',
        '1,10,"0070000001"',  # the modem manages the channels
        '1,10,"0070800100"',
        '2,10,"0084000004"',  # no such session
        '"",10,"0084000004"',
        '1,"0084000004"',
        '1,10,"0084000004",1',
        "",
        "1",
        f'{"1" * 40},10,"0084000004"',
    ],
)
def test_wrong_apdus_never_reach_the_card(arguments):
    bench = bench_with()
    bench.ask(f'AT+CCHO="{AID}"')
    before = len(apdus(bench))
    assert bench.ask("AT+CGLA=" + arguments).startswith(b"\r\n+CME ERROR: ")
    assert len(apdus(bench)) == before


@pytest.mark.parametrize("name", ['""', '"A"', '"XY"', '"A0 00"', '"%s"' % ("A0" * 17), "", "1,2"])
def test_wrong_names_never_reach_the_card(name):
    bench = bench_with()
    before = len(apdus(bench))
    assert bench.ask("AT+CCHO=" + name).startswith(b"\r\n+CME ERROR: ")
    assert len(apdus(bench)) == before


def test_a_reset_of_the_card_ends_its_sessions():
    bench = bench_with()
    for reset in (["AT+CFUN=0", "AT+CFUN=1"], ["AT+CFUN=1,1"]):
        assert bench.ask(f'AT+CCHO="{AID}"').endswith(opened("1"))
        for line in reset:
            bench.ask(line)
        bench.ask("ATE0;+CMEE=1")
        assert cgla(bench, "1", APPLICATION_DATA) == cme(50)
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")
    bench.modem.sim.remove()
    bench.modem.take()
    assert cgla(bench, "1", APPLICATION_DATA) == cme(10)
    bench.modem.sim.insert()
    bench.run(0.1)
    assert cgla(bench, "1", APPLICATION_DATA) == cme(50)


def test_a_card_that_is_reset_while_it_works():
    bench = bench_with(card=Card(profile=Profile.named("gsma", random_ms=1000)))
    bench.ask(f'AT+CCHO="{AID}"')
    assert cgla(bench, "1", "0084000004") == b""
    bench.modem.sim.remove()
    bench.modem.sim.insert()
    assert bench.run(2).endswith(cme(13))


def test_the_card_takes_its_time():
    bench = bench_with(card=Card(profile=Profile.named("gsma", select_ms=700, apdu_ms=100)))
    assert bench.ask(f'AT+CCHO="{AID}"') == b""
    assert bench.run(0.85) == b""
    assert bench.run(0.1) == opened("1")


def test_without_a_card_or_its_pin():
    bench = bench_with(pin="1234")
    assert bench.ask(f'AT+CCHO="{AID}"') == cme(11)
    assert cgla(bench, "1", APPLICATION_DATA) == cme(11)
    assert bench.ask("AT+CCHC=1") == cme(11)
    bench.modem.sim.remove()
    bench.modem.take()
    assert bench.ask(f'AT+CCHO="{AID}"') == cme(10)


def test_no_pin_in_the_events():
    bench = bench_with()
    bench.ask(f'AT+CCHO="{AID}"')
    cgla(bench, "1", "0020000108" + "31323334FFFFFFFF")
    assert bench.kinds("at")[-1]["line"].startswith("AT+CGLA=1,26,")
    assert "31323334" not in str(bench.events)


# -- variants ------------------------------------------------------------------------------------


def test_quirks_of_the_handle():
    bench = bench_with("ccho_bare", "cchc_named")
    assert bench.ask(f'AT+CCHO="{AID}"') == b"\r\n1\r\n" + OK
    assert bench.ask("AT+CCHC=1") == b"\r\n+CCHC\r\n" + OK
    bench = bench_with("ccho_hex")
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("000000000385a7cf")
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("000000000385fc0f")
    assert b'9000"' in cgla(bench, "000000000385a7cf", APPLICATION_DATA)
    assert bench.ask("AT+CCHC=000000000385a7cf") == OK
    assert cgla(bench, "000000000385a7cf", APPLICATION_DATA) == cme(50)


@pytest.mark.parametrize(
    ("quirk", "line"),
    [
        ("cgla_no_space", b'+CGLA:6,"AB9000"'),
        ("csim_unquoted", b"+CGLA: 6,AB9000"),
        ("csim_lower", b'+CGLA: 6,"ab9000"'),
    ],
)
def test_quirks_of_the_response(quirk, line):
    script = {
        "0070000001": "019000",
        "01A4040007" + AID: "9000",
        "0184000001": "AB9000",
    }
    bench = bench_with(quirk, card=StubCard(script))
    bench.ask(f'AT+CCHO="{AID}"')
    assert cgla(bench, "1", "0084000001") == b"\r\n" + line + b"\r\n" + OK


def test_quirk_get_response_by_the_modem():
    card = Card(profile=Profile.named("gsma", get_response="always"))
    bench = bench_with("cgla_fetches", card=card)
    bench.ask(f'AT+CCHO="{AID}"')
    answer = cgla(bench, "1", "0084000004")
    assert answer.startswith(b'\r\n+CGLA: 12,"') and answer.endswith(b'9000"\r\n' + OK)
    assert bench.modem.counters["get_response"] == 1
    # A card that always has more data does not block the modem.
    script = {"0070000001": "019000", "01A4040007" + AID: "9000"}
    script |= {"0184000001": "6100", "01C0000000": "AA6100"}
    bench = bench_with("cgla_fetches", card=StubCard(script))
    bench.ask(f'AT+CCHO="{AID}"')
    assert cgla(bench, "1", "0084000001") == b'\r\n+CGLA: 44,"%s6100"\r\n' % (b"AA" * 20) + OK


def test_quirk_no_way_to_close():
    bench = bench_with("no_cchc")
    bench.ask(f'AT+CCHO="{AID}"')
    assert bench.ask("AT+CCHC=1") == cme(100)
    assert bench.ask("AT+CCHC=?") == cme(100)


# -- offered commands ----------------------------------------------------------------------------

CSIM, SESSIONS = "+CSIM", ("+CCHO", "+CGLA", "+CCHC")


def offered(bench):
    """Return the names whose test form the modem answers."""
    return {name for name in (CSIM, *SESSIONS) if bench.ask(f"AT{name}=?") == OK}


def test_a_modem_has_what_its_quirks_say():
    assert offered(Bench(Card())) == {CSIM}
    assert offered(Bench(Card(), quirks={"cgla"})) == {CSIM, *SESSIONS}
    assert offered(Bench(Card(), quirks={"cgla", "no_csim"})) == set(SESSIONS)
    assert offered(Bench(Card(), quirks={"no_csim"})) == set()
    assert offered(Bench(Card(), quirks={"cgla", "cgla_no_test"})) == {CSIM}
    bench = bench_with("cgla_no_test", "no_csim")
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")
    assert bench.ask('AT+CSIM=10,"0070000001"') == cme(100)
    bench = Bench(Card())
    bench.ask("AT+CMEE=1")
    assert bench.ask(f'AT+CCHO="{AID}"') == cme(100)


def test_a_card_that_only_sessions_reach():
    bench = Bench(Card(profile=Profile.named("ntt", apdu_ms=0)))
    bench.ask("AT+CMEE=1")
    assert offered(bench) == {CSIM, *SESSIONS}
    assert bench.ask('AT+CSIM=10,"0070000001"') == b'\r\n+CSIM: 6,"019000"\r\n' + OK
    assert bench.ask('AT+CSIM=10,"0184000004"') == cme(3)
    assert bench.ask('AT+CCHO="A0000001157000000000000049534102"') == opened("1")


def test_quirk_csim_for_the_basic_channel_only():
    bench = bench_with("csim_basic_only")

    def csim(apdu):
        return bench.ask(f'AT+CSIM={len(apdu)},"{apdu}"')

    assert csim("0070000001") == b'\r\n+CSIM: 6,"019000"\r\n' + OK
    for refused in ("01A4040007" + AID, "8184000004", "4184000004", "C184000004"):
        assert csim(refused) == cme(3)
    assert csim("00A40004023F0000").startswith(b"\r\n+CSIM: ")
    assert csim("0070800100") == b'\r\n+CSIM: 4,"9000"\r\n' + OK
    assert bench.ask(f'AT+CCHO="{AID}"') == opened("1")
