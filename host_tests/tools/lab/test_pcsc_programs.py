"""Unmodified programs on the simulated card: opensc-tool and pyscard over PC/SC, pyserial on the
modem. The tests compare their output with the applet reference, section 16."""

import subprocess
import sys
from pathlib import Path

import pytest
from worked_card import RANDOM, W, fixture_card

from iotsafe_tools.lab import Lab
from iotsafe_tools.testbed import PATIENCE, Pcscd
from iotsafe_tools.testbed.pcscd import READER

PROGRAMS = Path(__file__).with_name("programs")

SELECTION = (("0070000001", "019000"), ("01A4040007A0000005590010", "9000"))
# These examples change nothing on the card and can run in one call.
DIALOGUE = (
    *SELECTION,
    *(
        exchange
        for name in ("16.3", "16.4", "16.8", "16.12", "16.13", "16.16", "16.16 wrong signature")
        for exchange in W["EXAMPLES"][name]
    ),
)


@pytest.fixture(scope="module")
def pcscd():
    with Pcscd() as running:
        yield running


@pytest.fixture
def reader(pcscd):
    """Put the card of the worked examples into a reader."""
    with Lab(vpcd=pcscd.where, card=fixture_card(), delays=0.0):
        pcscd.wait_for_card()
        yield pcscd
    pcscd.wait_for_no_card()


def run(*command, env=None):
    """Return the output of a program, which must succeed."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def received(printed):
    """Return the responses in the output of `opensc-tool -s`: data and SW in hexadecimal.

    A line of a dump has up to 16 bytes: three characters for each, then one more for each.
    """
    found = []
    for block in printed.split("Sending: ")[1:]:
        _, status, *dump = block.splitlines()
        data = "".join(line[: len(line) // 4 * 3] for line in dump)
        sw = status.partition("SW1=0x")[2][:2] + status.partition("SW2=0x")[2][:2]
        found.append(data.replace(" ", "") + sw)
    return found


# ---- opensc-tool -----------------------------------------------------------------------------


def test_opensc_tool_lists_the_reader_and_its_card(reader):
    rows = [line.split(None, 2) for line in run("opensc-tool", "-l", env=reader.env).splitlines()]
    assert rows[1:] == [
        ["Nr.", "Card", "Features  Name"],
        ["0", "Yes", READER],
        ["1", "No", "Lab 00 01"],
    ]


def test_opensc_tool_reads_the_atr(reader):
    shown = run("opensc-tool", "--reader", "0", "--atr", env=reader.env)
    assert shown.strip().replace(":", "").upper() == fixture_card().atr().hex().upper()


def opensc(pcscd, *commands):
    """Return the responses that `opensc-tool -s` prints for APDUs."""
    arguments = [word for command in commands for word in ("-s", command)]
    return received(run("opensc-tool", "--reader", "0", *arguments, env=pcscd.env))


def test_opensc_tool_opens_a_channel_and_gets_random_bytes(reader):
    exchanges = (*SELECTION, *W["EXAMPLES"]["16.3"], *W["EXAMPLES"]["16.4"])
    shown = opensc(reader, *(command for command, _ in exchanges))
    assert shown == [response for _, response in exchanges]


def test_both_class_bytes_and_the_basic_channel(reader):
    commands = ("0070000001", "81A4040007A0000005590010", "01A4040007A0000005590010")
    commands += ("0184000010", "8184000010", "00A4040007A0000005590010", "8084000010")
    drawn = RANDOM.hex().upper() + "9000"
    assert opensc(reader, *commands) == ["019000", "6D00", "9000", drawn, drawn, "9000", drawn]


def test_opensc_tool_sends_all_commands_on_the_basic_channel(reader):
    """On a T=0 card it omits Le and fetches waiting data, always on the basic channel."""
    exchanges = [("00" + command[2:], response) for command, response in DIALOGUE[1:]]
    shown = opensc(reader, *(command for command, _ in exchanges))
    assert shown == [response for _, response in exchanges]


def test_a_card_without_the_applet_says_so(pcscd):
    card = fixture_card(aids=())
    with Lab(vpcd=pcscd.where, card=card, delays=0.0):
        pcscd.wait_for_card()
        assert opensc(pcscd, "00A4040007A0000005590010") == ["6A82"]
    pcscd.wait_for_no_card()


# ---- pyscard ---------------------------------------------------------------------------------


def pyscard(pcscd, *commands):
    """Return (ATR, responses) from the script's output; it runs without any path to our
    sources."""
    script = PROGRAMS / "plain_pyscard.py"
    shown = run(sys.executable, "-I", script, READER, *commands, env=pcscd.env).split()
    return shown[0], shown[1:]


def test_pyscard_sends_commands(reader):
    atr, responses = pyscard(reader, *(command for command, _ in DIALOGUE))
    assert atr == fixture_card().atr().hex().upper()
    assert responses == [response for _, response in DIALOGUE]


def test_a_reset_closes_the_channels(reader):
    _, responses = pyscard(reader, "0070000001", "0070000001", "reset", "0070000001")
    assert responses == ["019000", "029000", "019000"]


def test_pyscard_fetches_what_waits(pcscd):
    """A card that never sends data at once requires it."""
    with Lab(vpcd=pcscd.where, card=fixture_card(get_response="always"), delays=0.0):
        pcscd.wait_for_card()
        exchanges = (*SELECTION, *W["EXAMPLES"]["16.8"], *W["EXAMPLES"]["16.12"])
        _, responses = pyscard(pcscd, *(command for command, _ in exchanges))
        assert responses == [response for _, response in exchanges]
    pcscd.wait_for_no_card()


# ---- pyserial --------------------------------------------------------------------------------


def test_a_terminal_types_the_lines_of_the_reference(tmp_path):
    dialogue = W["AT_DIALOGUE"]
    with Lab(f"pty:{tmp_path}/modem", card=fixture_card(), delays=0.0) as lab:
        script = PROGRAMS / "plain_terminal.py"
        typed = [line for line, _ in dialogue]
        shown = run(sys.executable, "-I", script, lab.uart, "AT", *typed).splitlines()
    lines = (line for line in shown if not line.startswith(("+CPIN", "SMS", "+CGEV", "RDY")))
    assert list(lines) == ["OK", *(answer for _, answers in dialogue for answer in answers)]


# ---- the programs themselves -----------------------------------------------------------------


@pytest.mark.parametrize("script", sorted(PROGRAMS.glob("*.py")), ids=lambda path: path.stem)
def test_the_scripts_know_nothing_of_us(script):
    imports = [line for line in script.read_text().splitlines() if "import" in line.split()]
    assert imports
    assert all(line.split()[1].split(".")[0] in ("serial", "smartcard", "sys") for line in imports)
