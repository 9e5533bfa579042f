"""What each `board.py` does to its hardware: pins, levels, order, and the power chip's registers.

It runs on stand-ins for `machine`, on CPython and on MicroPython.
"""

import pytest
from board_checks import behaviour, folders

ALL = {board.name: board for board in folders.find()}
SEAM = {"NAME", "led", "path", "power_key", "sensor", "set_clock", "uart"}
DEEPSLEEP, SOFT = 4, 5
PWRON = 1

PORTENTA = "ARDUINO_PORTENTA_H7_CATM1"
WALTER = "DPTECHNICS_WALTER"
GENERIC = "ESP32_GENERIC_S3_MODEM"
SIM7000 = "LILYGO_T_SIM7000G"
SIM7080 = "LILYGO_T_SIM7080G_S3"

# The AXP2101's registers after power-on here: chip id, DC1 and DC2 on, and a value in each
# register in which a driver must keep some bits.
CHIP = {
    0x00: 0x28,
    0x03: 0x4A,
    0x30: 0x03,
    0x34: 0x2F,
    0x35: 0xA0,
    0x80: 0x03,
    0x84: 0x80,
    0x90: 0xC5,
    0x96: 0xE4,
    0xA4: 87,
}


@pytest.fixture(params=sorted(behaviour.RUNTIMES))
def run(request):
    def run(name, *calls, **options):
        return behaviour.run(ALL[name], request.param, *calls, **options)

    return run


def uart(number, **options):
    return ["uart", number, 115200, {"timeout": 0, "rxbuf": 1024, **options}]


def actions(result):
    """Return the actions on the hardware, without the marks between calls."""
    return [entry for entry in result["log"] if entry[0] != "called"]


@pytest.mark.parametrize("name", sorted(ALL))
def test_seam(run, name):
    result = run(
        name,
        ["set_clock", [2026, 11, 24, 13, 5, 9]],
        ["set_clock", [2028, 2, 29, 23, 59, 59]],
        ["path", "config.json"],
        ["path", "/elsewhere"],
        ["sensor"],
        registers=CHIP,
    )
    assert set(result["names"]) >= SEAM
    clocks = [entry[1] for entry in result["log"] if entry[0] == "rtc"]
    # A Tuesday, and another one.
    assert clocks == [[2026, 11, 24, 2, 13, 5, 9, 0], [2028, 2, 29, 2, 23, 59, 59, 0]]
    _, _, path, absolute, reading = result["results"]
    root = "/flash/" if name == PORTENTA else "/"
    assert (path, absolute) == (root + "config.json", "/elsewhere")
    assert reading["uptime"] == 0


@pytest.mark.parametrize("name", sorted(set(ALL) - {GENERIC}))
def test_a_wired_modem_takes_no_place_from_the_config(run, name):
    result = run(name, ["uart", "tx=1,rx=2"], registers=CHIP)
    assert "leave the field out of the config" in result["results"][0]["text"]
    assert not [entry for entry in result["log"] if entry[0] == "uart"]


@pytest.mark.parametrize("name", sorted(set(ALL) - {GENERIC}))
def test_every_pin_has_a_name_in_pins_csv(run, name):
    board = ALL[name]
    pins = {pin.removeprefix("GPIO") for name, pin in board.pins().items() if name != pin}
    result = run(name, ["uart", ""], ["power_key", True], registers=CHIP)
    used = [entry[1] for entry in result["log"] if entry[0] in ("out", "pin")]
    for entry in result["log"]:
        if entry[0] == "i2c":
            used += entry[2:4]
        if entry[0] == "uart":
            used += [
                value for name, value in entry[3].items() if name in ("tx", "rx", "rts", "cts")
            ]
    assert used
    assert {str(pin) for pin in used} <= pins


@pytest.mark.parametrize("name", sorted(set(ALL) - {GENERIC, PORTENTA}))
def test_the_modems_wires_are_the_named_ones(run, name):
    pins = {n: int(p.removeprefix("GPIO")) for n, p in ALL[name].pins().items()}
    (opened,) = [e for e in run(name, ["uart", ""], registers=CHIP)["log"] if e[0] == "uart"]
    for wire in ("tx", "rx", "rts", "cts"):
        assert opened[3].get(wire) == pins.get("MODEM_" + wire.upper())


def test_t_sim7000g(run):
    result = run(
        SIM7000,
        *(["uart", ""], ["power_key", True], ["power_key", False], ["led", True], ["led", False]),
    )
    assert actions(result) == [
        ["out", 4, 0],  # the key is released as soon as the board starts
        ["out", 12, 1],  # LED, LOW is on
        ["out", 25, 0],  # DTR
        uart(1, txbuf=2048, tx=27, rx=26),
        *(["pin", 4, 1], ["pin", 4, 0], ["pin", 12, 0], ["pin", 12, 1]),
    ]


def test_chips_have_their_own_thermometers(run):
    for name, celsius in ((SIM7000, 50.0), (WALTER, 31)):
        (reading,) = run(name, ["sensor"])["results"]
        assert reading == {"temp": celsius, "uptime": 0}


def test_walter(run):
    result = run(WALTER, ["uart", ""], ["power_key", True], ["power_key", False])
    assert actions(result) == [
        ["out", 45, 1],  # reset is active LOW
        uart(2, txbuf=2048, tx=48, rx=14, rts=21, cts=47, flow=3),
        *(["pin", 45, 0], ["pin", 45, 1]),
    ]
    assert not result["led"]


def test_portenta(run):
    result = run(
        PORTENTA,
        *(["uart", ""], ["power_key", True], ["power_key", False], ["led", True], ["led", False]),
    )
    assert actions(result) == [
        ["out", "PJ7", 0],  # ON: the rising edge starts the modem
        ["out", "PK6", 1],  # LED, LOW is on
        ["out", "PJ10", 0],  # RST, inverted on the shield
        ["out", "PI10", 0],  # RTS, LOW wakes the modem
        uart(4),
        *(["pin", "PJ7", 1], ["pin", "PJ7", 0], ["pin", "PK6", 0], ["pin", "PK6", 1]),
    ]


# ---- T-SIM7080G-S3: the power chip --------------------------------------------------------

KEY_AND_DTR = [["out", 41, 0], ["out", 42, 0]]
BUS = ["i2c", 0, 7, 15, 400_000]
FEED = [
    ["write", 0x84, [0xE6]],  # DC3 3000 mV, bit 7 kept
    ["write", 0x80, [0x07]],  # DC3 on, DC1 and DC2 untouched
    ["write", 0x96, [0xFC]],  # BLDO1 3300 mV, bits 7 to 5 kept
    ["write", 0x90, [0xD5]],  # BLDO1 on, the others untouched
]
CHARGE = ["write", 0x30, [0x01]]  # no temperature sensor, battery voltage
SIM7080_UART = uart(1, txbuf=2048, tx=5, rx=4)


def test_first_start_feeds_the_modem(run):
    result = run(SIM7080, ["uart", ""], registers=CHIP, cause=PWRON)
    assert actions(result) == [
        *KEY_AND_DTR,
        *(BUS, ["sleep", 200], *FEED, CHARGE, SIM7080_UART),
    ]


@pytest.mark.parametrize("cause", [1, 2, 3])
def test_a_reset_cuts_a_running_modems_supply_for_a_moment(run, cause):
    running = CHIP | {0x80: 0x07, 0x84: 0xE6, 0x90: 0xD5, 0x96: 0xFC, 0x30: 0x01}
    result = run(SIM7080, ["uart", ""], registers=running, cause=cause)
    assert actions(result) == [
        *KEY_AND_DTR,
        *(BUS, ["write", 0x80, [0x03]], ["sleep", 200], ["write", 0x80, [0x07]], SIM7080_UART),
    ]


@pytest.mark.parametrize("cause", [DEEPSLEEP, SOFT])
def test_a_soft_reset_or_deep_sleep_leaves_it_running(run, cause):
    running = CHIP | {0x80: 0x07, 0x84: 0xE6, 0x90: 0xD5, 0x96: 0xFC, 0x30: 0x01}
    result = run(SIM7080, ["uart", ""], registers=running, cause=cause)
    assert actions(result) == [*KEY_AND_DTR, BUS, SIM7080_UART]


def test_key_is_pressed_with_power_only(run):
    """A weak battery may have reset the chip since the start."""
    result = run(SIM7080, ["power_key", True], ["power_key", False], registers=CHIP)
    assert actions(result) == [*KEY_AND_DTR, BUS, *FEED, ["pin", 41, 1], ["pin", 41, 0]]


def test_reading_has_the_battery(run):
    result = run(SIM7080, ["sensor"], registers=CHIP)
    assert result["results"] == [{"temp": 31, "uptime": 0, "battery": 87, "battery_mv": 0xFA0}]
    without = run(SIM7080, ["sensor"], registers=CHIP | {0x00: 0x20})
    assert without["results"] == [{"temp": 31, "uptime": 0}]


def test_gnss_antenna(run):
    result = run(SIM7080, ["pmu.antenna", True], ["pmu.antenna", False], registers=CHIP)
    assert [entry for entry in result["log"] if entry[0] == "write"] == [
        *(["write", 0x97, [0x1C]], ["write", 0x90, [0xE5]], ["write", 0x90, [0xC5]]),
    ]


@pytest.mark.parametrize("millivolts", [0, 2699, 3401, 5000])
def test_a_voltage_that_would_destroy_the_modem_is_refused(run, millivolts):
    result = run(SIM7080, ["pmu.modem_on", millivolts], registers=CHIP)
    assert result["results"][0]["error"] == "ValueError"
    assert not [entry for entry in result["log"] if entry[0] == "write"]


@pytest.mark.parametrize(("registers", "text"), [({}, "no answer"), ({3: 0x47}, "chip id 0x47")])
def test_without_the_power_chip(run, registers, text):
    result = run(SIM7080, ["uart", ""], registers=registers)
    assert text in result["results"][0]["text"]
    assert not [entry for entry in result["log"] if entry[0] in ("write", "uart")]


# ---- generic ESP32-S3: pins from the config -----------------------------------------------


def test_generic_board_takes_its_pins_from_the_config(run):
    result = run(GENERIC, ["uart", "tx=17, rx=18"])
    assert actions(result) == [uart(1, txbuf=2048, tx=17, rx=18)]
    assert not result["power_key"]


def test_generic_board_with_everything(run):
    where = "tx=48,rx=14,rts=21,cts=47,key=!45,baud=921600"
    result = run(GENERIC, ["uart", where], ["power_key", True], ["power_key", False])
    opened = uart(1, txbuf=2048, tx=48, rx=14, rts=21, cts=47, flow=3)
    opened[2] = 921_600
    assert actions(result) == [["out", 45, 1], opened, ["pin", 45, 0], ["pin", 45, 1]]


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("", "tx and rx are needed"),
        ("tx=17", "tx and rx are needed"),
        ("tx=17,rx=17", "GPIO17 is used twice"),
        ("tx=17,tx=18", "tx is given twice"),
        ("tx=17,rx=49", "GPIO49 cannot be used"),
        ("tx=17,rx=26", "GPIO26 cannot be used"),
        ("tx=19,rx=18", "GPIO19 cannot be used"),
        ("tx=-1,rx=18", "tx=-1 is not a number"),
        ("tx=9999999,rx=18", "is not a number"),
        ("tx,rx", "tx= is not a number"),
        ("tx=17,rx=18,rts=1", "rts and cts belong together"),
        ("tx=17,rx=18,pressed=1", "pressed is unknown"),
        ("tx=17,rx=18,baud=1", "baud must be"),
        ("tx=17,rx=18,key=!", "is not a number"),
        ("x" * 5000, "is unknown"),
        (",,,", "unknown"),
    ],
)
def test_a_bad_place_is_named(run, where, problem):
    result = run(GENERIC, ["uart", where])
    text = result["results"][0]["text"]
    assert problem in text
    assert len(text) < 120
    assert actions(result) == []
