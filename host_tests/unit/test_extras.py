"""Functions that a session does not need: identity, signal, power saving; network and position of
SIMCom."""

from expect import raises
from sim7080_script import ERROR, KNOWN, OK, SET_UP, SYNC, cme, lines, opens, started
from virtual_time import Clock, running

from cellular import CommandError, ModemError, NetworkError
from cellular.extras import Extras
from cellular.simcom_extras import SIMComExtras


def play(steps, body, kind=None):
    """Run `body(extras)` on a modem after power-up; it must use up `steps`."""
    clock = Clock(nap=100)
    with running(clock):
        modem, uart = started(steps)
        body(kind(modem) if kind else modem.extras())
        modem.at.poll()
        uart.done()
    return clock.ms


def ask(command, *answer):
    return (b"AT" + command + b"\r", lines(*answer))


def gives(steps, method, want, kind=None):
    """Check that the extras' `method` (a name) returns `want` over `steps`."""

    def body(extras):
        got = getattr(extras, method)()
        assert got == want, got

    play(steps, body, kind)


def test_the_driver_has_those_of_its_maker():
    play([], lambda extras: isinstance(extras, SIMComExtras) or 1 / 0)


# -- 3GPP ---------------------------------------------------------------------------------------


def test_identity():
    steps = [
        ask(b"+CGMM", b"SIMCOM_SIM7080"),
        ask(b"+CGMR", b"Revision:1951B17SIM7080"),
        ask(b"+CGSN", b"867730050000017"),
    ]
    want = ("SIMCOM_SIM7080", "Revision:1951B17SIM7080", "867730050000017")
    gives(steps, "identity", want)
    gives([(want, OK) for want, _ in steps], "identity", ("", "", ""))


def test_quality_of_3gpp():
    for answer, want in (
        (b"+CESQ: 99,99,255,255,18,47", (-94, -11)),
        (b"+CESQ: 99,99,255,255,255,255", (None, None)),
        (b"+CESQ: 99,99,255,255,0,0", (-141, -20)),
        (b"+CESQ: 99", (None, None)),
        (b"+CESQ: a,b,c,d,e,f", (None, None)),
    ):
        gives([ask(b"+CESQ", answer)], "quality", want, Extras)


def test_power_saving():
    # The finest unit that can express it, rounded up.
    for period, active, wanted in (
        (62, 62, b'"01111111","00011111"'),
        (63, 63, b'"10000011","00100010"'),
        (6 * 3600, 30, b'"00100110","00001111"'),
        (31 * 36_000, 31 * 360, b'"01011111","01011111"'),
        (31 * 1_152_000, 0, b'"11011111","00000000"'),
    ):
        play(
            [ask(b"+CPSMS=1,,," + wanted)],
            lambda extras, p=period, a=active: extras.power_saving(p, a),
            Extras,
        )
    play([ask(b"+CPSMS=0")], lambda extras: extras.power_saving(None), Extras)
    for period, active in ((31 * 1_152_000 + 1, 0), (60, 31 * 360 + 1)):

        def body(extras, period=period, active=active):
            with raises(ModemError, text="a PSM timer has"):
                extras.power_saving(period, active)

        play([], body, Extras)


def test_simcom_says_when_it_goes_to_sleep():
    steps = [ask(b"+CPSMSTATUS=1"), ask(b'+CPSMS=1,,,"10000011","00000000"')]
    play(steps, lambda extras: extras.power_saving(63, 0))
    play(
        [ask(b"+CPSMSTATUS=0"), ask(b"+CPSMS=0")],
        lambda extras: extras.power_saving(None),
    )


def test_power_saving_that_was_granted():
    # The first form is the low-power note's, without the <rac> of the manual.
    for answer, want in (
        (b'+CEREG: 4,1,"5B57","195071B",9,,,"00000000","01100000"', (0, 0)),
        (b'+CEREG: 4,1,"5B57","1","195071B",9,,,"00001111","00100110"', (6 * 3600, 30)),
        (b'+CEREG: 4,1,"5B57","195071B",9,,,"11100000","11100000"', (None, None)),
        (b'+CEREG: 4,1,"5B57","195071B",9,,,"0000","xxxxxxxx"', (None, None)),
        (b"+CEREG: 4,2", (None, None)),
    ):
        gives([ask(b"+CEREG=4"), ask(b"+CEREG?", answer), ask(b"+CEREG=1")], "granted", want)

    def body(extras):
        with raises(CommandError):
            extras.granted()

    # The form that the driver needs is restored in any case.
    play([ask(b"+CEREG=4"), (b"AT+CEREG?\r", ERROR), ask(b"+CEREG=1")], body)


def test_edrx():
    for cycle, narrow, wanted in (
        (5, False, b'4,"0000"'),
        (5.12, False, b'4,"0000"'),
        (5.13, False, b'4,"0001"'),
        (80, False, b'4,"0101"'),
        (10_485, True, b'5,"1111"'),
    ):
        play(
            [ask(b"+CEDRXS=1," + wanted)],
            lambda extras, c=cycle, n=narrow: extras.edrx(c, n),
        )
    play([ask(b"+CEDRXS=0")], lambda extras: extras.edrx(None))

    def body(extras):
        with raises(ModemError, text="an eDRX cycle has at most 10485 s"):
            extras.edrx(10_486)

    play([], body)
    for answer, want in (
        (b"+CEDRXRDP: 0", None),
        (b'+CEDRXRDP: 4,"0101","0101","0011"', 81.92),
        (b'+CEDRXRDP: 4,"0101","01","0011"', None),
    ):
        gives([ask(b"+CEDRXRDP", answer)], "granted_edrx", want)


def test_waking():
    # The driver sets the modem up again: it restores settings lost in the modem's sleep.
    play(SYNC + SET_UP, lambda extras: extras.wake())


# -- SIMCom -------------------------------------------------------------------------------------

BANDS = ask(b"+CBANDCFG?", b'+CBANDCFG: "CAT-M",1,2,3', b'+CBANDCFG: "NB-IoT",3,20')


def network(steps, *arguments):
    play(steps, lambda extras: extras.network(*arguments))


def test_network_mode():
    network([])
    for mode, number in (("lte-m", 1), ("nb-iot", 2), ("both", 3)):
        network(
            [
                ask(b"+CNMP?", b"+CNMP: 2"),
                ask(b"+CNMP=38"),
                ask(b"+CMNB?", b"+CMNB: 9"),
                ask(b"+CMNB=%d" % number),
            ],
            mode,
        )
        # Already set: the driver sends nothing, as the modem would leave the network.
        network([ask(b"+CNMP?", b"+CNMP: 38"), ask(b"+CMNB?", b"+CMNB: %d" % number)], mode)


def test_bands():
    network([BANDS, ask(b'+CBANDCFG="CAT-M",3,20')], "", [20, 3, 3])
    network([BANDS, ask(b'+CBANDCFG="NB-IOT",1,2,3')], "", [1, 2, 3])
    mode = [ask(b"+CNMP?", b"+CNMP: 38"), ask(b"+CMNB?", b"+CMNB: 2")]
    network(mode + [BANDS], "nb-iot", [3, 20])
    everything = [ask(b'+CBANDCFG="CAT-M",8'), ask(b'+CBANDCFG="NB-IOT",8')]
    network([ask(b"+CBANDCFG?")] + everything, "", [8])


def test_invalid_networks():
    for mode, bands, text in (
        ("gsm", (), "no network mode gsm: lte-m, nb-iot or both"),
        ("", (0,), "bands are numbers from 1 to 85"),
        ("", (86,), "bands are numbers"),
        ("", ("3",), "bands are numbers"),
        ("", tuple(range(1, 21)), "bands are numbers"),
    ):

        def body(extras, mode=mode, bands=bands, text=text):
            with raises(ModemError, text=text):
                extras.network(mode, bands)

        play([], body)


def test_access_point():
    # `Modem.prepare` does that now.
    play(KNOWN, lambda extras: extras.access_point("internet"))


CELL = b"+CPSI: LTE CAT-M1,Online,001-01,0x5B57,26543899,250,EUTRAN-BAND20,6400,3,3,-11,-94,-66,14"


def test_cell():
    want = {
        "system": "LTE CAT-M1",
        "operator": "001-01",
        "tac": "0x5B57",
        "cell": "26543899",
        "band": "EUTRAN-BAND20",
        "earfcn": 6400,
        "rsrq": -11,
        "rsrp": -94,
        "rssi": -66,
        "snr": 14,
    }
    gives([ask(b"+CPSI?", CELL)], "cell", want)
    gives([ask(b"+CPSI?", CELL)], "quality", (-94, -11))
    for answer in (b"+CPSI: NO SERVICE,Online", b"+CPSI:", CELL[:40], CELL.replace(b"On", b"Off")):
        gives([ask(b"+CPSI?", answer)], "cell", None)
        gives([ask(b"+CPSI?", answer)], "quality", (None, None))
    gives([ask(b"+CPSI?", CELL.replace(b"-94", b"--94"))], "quality", (None, -11))


def test_a_driver_that_cannot_choose_the_network_says_so():
    def body(extras):
        with raises(ModemError, text="cannot set network mode and bands"):
            extras.network("lte-m")

    play([], body, Extras)


def test_options_of_sockets():
    play(
        [ask(b'+CACFG="KEEPALIVE",1,120,30,4')],
        lambda extras: extras.socket_option("KEEPALIVE", 1, 120, 30, 4),
    )
    for arguments, text in (
        (("SPEED", 1), "no option SPEED: one of TRANSWAITTM, "),
        (("MSS",), "the option MSS takes 1 to 1 numbers"),
        (("MSS", 1, 2), "the option MSS takes"),
        (("MSS", "1"), "the option MSS takes"),
    ):

        def body(extras, arguments=arguments, text=text):
            with raises(ModemError, text=text):
                extras.socket_option(*arguments)

        play([], body)


# -- position -----------------------------------------------------------------------------------

ON, OFF = ask(b"+CGNSPWR=1"), ask(b"+CGNSPWR=0")
FIX = b"+CGNSINF: 1,1,20260301120030.000,52.516272,-13.377722,34.500,0.61,271.5,1,,0.9,1.2"
NO_FIX = ask(b"+CGNSINF", b"+CGNSINF: 1,0,19800106000023.000,,,,0.00,0.0,0,,,,,,4,,,,,,")


def test_position():
    def body(extras):
        utc, latitude, longitude, altitude, speed, course = extras.position()
        assert utc == (2026, 3, 1, 12, 0, 30)
        for got, want in (
            (latitude, 52.516272),
            (longitude, -13.377722),
            (altitude, 34.5),
            (speed, 0.61),
            (course, 271.5),
        ):
            assert abs(got - want) < 1e-4, (got, want)  # a board's floats have six digits

    ms = play([ON, NO_FIX, NO_FIX, ask(b"+CGNSINF", FIX), OFF], body)
    assert 2_000 <= ms < 4_000


def test_no_position():
    def body(extras):
        assert extras.position(3_000) is None

    play([ON] + [NO_FIX] * 4 + [OFF], body)


def test_positions_that_make_no_sense():
    def body(extras):
        assert extras.position(0) is None

    for line in (
        b"",
        b"0,,,,,,,,,",
        b"1,1,20260301120030.000,,,34.5,0,0",
        b"1,1,20260301120030.000,91.0,0.0,34.5,0,0",
        b"1,1,20260301120030.000,0.0,-180.1,34.5,0,0",
        b"1,1,20260301120030.000,nan,inf,34.5,0,0",
        b"1,1,20260301120030.000,1.2.3,--4,34.5,0,0",
        b"1,1",
        b"\xff,\xfe",
    ):
        play([ON, ask(b"+CGNSINF", b"+CGNSINF: " + line), OFF], body)


def test_a_position_of_which_parts_are_missing():
    def body(extras):
        assert extras.position(0) == (None, 1.5, 2.5, None, None, None)

    play([ON, ask(b"+CGNSINF", b"+CGNSINF: 1,1,,1.5,2.5,,,"), OFF], body)


def test_the_receiver_is_given_back_whatever_happens():
    def body(extras):
        with raises(CommandError):
            extras.position()

    play([ON, (b"AT+CGNSINF\r", cme(3)), OFF], body)


def test_no_position_while_a_connection_is_open():
    def body(extras):
        socket = extras._modem.socket()
        socket.connect(("h", 8883))
        with raises(NetworkError, text="a connection is open: GNSS and the network"):
            extras.position()

    play([opens()], body)
