"""The SIM behind the modem: +CSIM rules, PIN, presence, resets, quirks."""

import pytest
from modem_bench import Bench, StubCard

OK = b"\r\nOK\r\n"
SIGNATURE = (
    "330040EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D4"
    "36C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA89000"
)
FRAMING = [  # command, response of a signature
    ("0070000001", "019000"),
    ("01A4040007A0000005590010", "9000"),
    ("012A00010D840101A1010391020001920104", "9000"),
    (
        "012B8001229E20AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF",
        "6143",
    ),
    ("01C0000043", SIGNATURE),
]
OPEN = 'AT+CSIM=10,"0070000001"'
OPENED = b'\r\n+CSIM: 6,"019000"\r\n' + OK


def bench_with(**options):
    bench = Bench(StubCard(dict(FRAMING)), **options)
    bench.ask("AT+CMEE=1")
    return bench


def test_framing_of_a_signature():
    bench = bench_with()
    for command, response in FRAMING:
        printed = bench.ask(f'AT+CSIM={len(command)},"{command}"')
        assert printed == f'\r\n+CSIM: {len(response)},"{response}"\r\n\r\nOK\r\n'.encode()
    assert bench.modem.counters["apdu_exchanges"] == 4
    assert bench.modem.counters["get_response"] == 1
    assert [event["sw"] for event in bench.kinds("apdu")] == [
        "9000",
        "9000",
        "9000",
        "6143",
        "9000",
    ]


def test_longest_apdu_and_longest_answer():
    apdu = "00D60000FF" + "AB" * 255 + "00"
    bench = Bench(StubCard({apdu: "CD" * 256 + "9000"}))
    assert len(apdu) == 522
    answer = '\r\n+CSIM: 516,"' + "CD" * 256 + '9000"\r\n'
    assert bench.ask(f'AT+CSIM=522,"{apdu}"') == answer.encode() + OK


@pytest.mark.parametrize(
    "arguments",
    [
        '10,"00700000"',  # length does not agree
        '9,"007000000"',  # odd
        '10,"00700000GG"',
        '10,"00 7000 01"',  # blanks are not digits
        '10,"00 7000 0001"',
        '6,"007000"',  # shorter than a header
    ],
)
def test_wrong_apdus_never_reach_the_card(arguments):
    bench = bench_with()
    before = list(bench.card.log)
    assert bench.ask("AT+CSIM=" + arguments).startswith(b"\r\n+CME ERROR: ")
    assert bench.card.log == before


def test_accepted_forms():
    bench = bench_with()
    for line in ('AT+CSIM= 10,"0070000001"', 'AT+CSIM=10, "0070000001"', "AT+CSIM=10,0070000001"):
        assert bench.ask(line) == OPENED
    assert bench.ask("AT+CSIM=?") == OK


def test_the_card_takes_its_time():
    bench = bench_with()
    bench.card.seconds = 2.5
    assert bench.ask(OPEN) == b""
    assert bench.run(2.4) == b""
    assert bench.run(0.2) == OPENED
    assert bench.kinds("at")[-1]["seconds"] == pytest.approx(2.5)


def test_removed_card():
    bench = bench_with()
    bench.modem.sim.remove()
    assert bench.modem.take() == b"\r\n+CPIN: NOT READY\r\n"
    assert bench.ask(OPEN) == b"\r\n+CME ERROR: 10\r\n"
    assert bench.ask("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    resets = bench.card.resets
    bench.modem.sim.insert()
    assert bench.run(0.1) == b"\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n"
    assert bench.card.resets == resets + 1
    assert bench.ask(OPEN) == OPENED


def test_card_removed_while_it_works():
    bench = bench_with()
    bench.card.seconds = 1.0
    bench.ask(OPEN)
    bench.modem.sim.remove()
    assert bench.run(2).endswith(b"\r\n+CME ERROR: 10\r\n")


def test_no_card_at_boot():
    bench = bench_with(sim_inserted=False)
    assert bench.ask("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert bench.ask("AT+CCID") == b"\r\n+CME ERROR: 10\r\n"


def test_card_is_busy_after_boot():
    bench = Bench(delays=1.0, nvm={"+IPR": (115200,)})
    bench.run(2.5)
    bench.ask("ATE0;+CMEE=1")
    assert bench.ask("AT+CPIN?") == b"\r\n+CME ERROR: 14\r\n"
    assert b"+CPIN: READY" in bench.run(0.7)
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n" + OK


def test_reset_and_function_level_reset_the_card():
    bench = bench_with()
    resets = bench.card.resets
    assert bench.ask("AT+CFUN=4") == OK
    assert bench.ask(OPEN) == OPENED  # radio off, SIM still there
    assert bench.card.resets == resets
    assert bench.ask("AT+CFUN=0") == b"\r\n+CPIN: NOT READY\r\n" + OK
    assert bench.ask(OPEN) == b"\r\n+CME ERROR: 13\r\n"
    assert bench.ask("AT+CFUN=1").startswith(OK)
    assert bench.card.resets == resets + 1
    bench.ask("AT+CFUN=1,1")
    assert bench.card.resets == resets + 2


def test_pin():
    bench = bench_with(pin="1234")
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n" + OK
    assert bench.ask(OPEN) == b"\r\n+CME ERROR: 11\r\n"
    assert bench.ask("AT+CPIN=0000") == b"\r\n+CME ERROR: 16\r\n"
    assert bench.ask('AT+CPIN="1234"') == OK + b"\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n"
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n" + OK
    assert bench.ask("AT+CPIN=1234") == b"\r\n+CME ERROR: 3\r\n"
    assert bench.ask(OPEN) == OPENED
    assert "1234" not in str(bench.events)
    bench.ask("AT+CFUN=1,1")
    assert b"+CPIN: SIM PIN" in bench.ask("AT+CPIN?")  # locked again


def test_three_wrong_pins_block_the_card():
    bench = bench_with(pin="1234")
    answers = [bench.ask("AT+CPIN=0000") for _ in range(4)]
    assert [a.strip() for a in answers] == [
        b"+CME ERROR: 16",
        b"+CME ERROR: 16",
        b"+CME ERROR: 12",
        b"+CME ERROR: 12",
    ]
    bench.ask("AT+CFUN=1,1")
    assert b"+CPIN: SIM PUK" in bench.ask("AT+CPIN?")


def test_card_that_says_nothing():
    bench = bench_with()
    bench.card.script["0070000001"] = "90"
    assert bench.ask(OPEN) == b"\r\n+CME ERROR: 13\r\n"


@pytest.mark.parametrize(
    ("quirk", "line"),
    [
        ("csim_unquoted", b"+CSIM: 10,6F019E9000"),
        ("csim_lower", b'+CSIM: 10,"6f019e9000"'),
    ],
)
def test_quirks_of_the_answer(quirk, line):
    bench = Bench(StubCard({"00A4000000": "6F019E9000"}), quirks={quirk})
    assert bench.ask('AT+CSIM=10,"00A4000000"') == b"\r\n" + line + b"\r\n" + OK


def test_quirk_earlier_answer_in_front():
    bench = Bench(StubCard(dict(FRAMING)), quirks={"csim_glued"})
    assert bench.ask(OPEN) == OPENED
    select = FRAMING[1][0]
    assert bench.ask(f'AT+CSIM={len(select)},"{select}"') == (
        b'\r\n+CSIM: 6,"019000"\r\n+CSIM: 4,"9000"\r\n' + OK
    )


def test_quirk_truncated():
    bench = Bench(StubCard({"00B0000000": "AA" * 256 + "9000"}), quirks={"csim_truncated"})
    assert bench.ask('AT+CSIM=10,"00B0000000"') == (
        b'\r\n+CSIM: 516,"' + b"AA" * 256 + b'"\r\n' + OK
    )


def test_unknown_quirk():
    with pytest.raises(ValueError, match="no quirk 'x'"):
        Bench(quirks={"x"})


def test_no_secret_of_the_card_is_logged():
    secret = "A5" * 32
    dialogue = [  # one at once, one by GET RESPONSE
        ("0184000020", secret + "9000"),
        ("014A000004D10273E1", "6120"),
        ("01C0000020", secret + "9000"),
        ("01B000000383010220", secret + "9000"),
    ]
    bench = Bench(StubCard(dict(dialogue)))
    for command, _ in dialogue:
        bench.ask(f'AT+CSIM={len(command)},"{command}"')
    shown = [event["response"] for event in bench.kinds("apdu")]
    assert shown == ["<redacted>9000", "6120", "<redacted>9000", secret + "9000"]
    assert [event["size"] for event in bench.kinds("apdu")] == [32, 0, 32, 32]
    lines = [event["info"] for event in bench.kinds("at") if "CSIM" in event["line"]]
    assert lines[0] == ['+CSIM: 68,"<redacted>9000"'] and lines[1] == ['+CSIM: 4,"6120"']
    assert "73E1" not in str(bench.events)
    assert str(bench.events).count(secret) == 1  # a file's content is not secret
