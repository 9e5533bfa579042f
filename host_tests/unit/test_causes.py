"""The tables of states and causes: complete by the standard, and each row says what to do."""

from expect import raises
from reference_modems import ERROR, OK, ask, play

import cellular
from app.advice import advice
from cellular import causes
from cellular.advice import ADVICE
from iotsafe.reasons import words


def rows(table):
    return [row.partition(" ") for row in table.strip().split("\n")]


def test_each_number_is_there_once_and_has_a_remedy():
    for table in (causes.STATES, causes._CME, causes._REJECTS):
        numbers = [int(head[:-1]) for head, _, _ in rows(table)]
        assert numbers == sorted(set(numbers)), numbers
        for head, _, text in rows(table):
            assert text == text.strip() and text, head
            assert head[-1] == "-" or words(ADVICE, causes._REMEDIES[head[-1]]), head


def test_the_tables_are_complete():
    assert [causes.state(stat) is not None for stat in range(12)] == [True] * 12
    # 27.007 9.2.1 without the numbers that it has not given out
    general = set(range(64)) - {8, 9, 19, 28, 29} - set(range(33, 40))
    for code in sorted(general) + [100] + list(range(257, 265)):
        assert causes.cme(code), code
    # 27.007 9.2.2: a cause of 24.301 and 100
    for code in (103, 106, 107, 108, 111, 112, 113, 114, 122, 125) + tuple(range(126, 135)):
        assert causes.cme(code), code
    for code in tuple(range(140, 151)) + (171, 177, 178, 179, 180, 182):
        assert causes.cme(code), code
    # 24.301 9.9.3.9 and 9.9.4.4
    emm = [2, 3] + list(range(5, 27)) + [31, 35, 39, 40, 42] + list(range(95, 102)) + [111]
    esm = list(range(26, 48)) + list(range(49, 62)) + [65, 66, 81, 112, 113]
    for code in emm + esm:
        assert causes.reject(code), code
    for code in (-1, 1, 4, 8, 9, 300, 9999):
        assert code in (1, 4) or causes.cme(code) is None, code


def test_what_to_do():
    refused = cellular.CommandError
    for error, reason in (
        (refused("command-refused", "AT+CGACT", "+CME ERROR: 127", 127), "no-data-context"),
        (refused("command-refused", "AT+CGACT", "+CME ERROR: 133", 133), "registration-denied"),
        (refused("command-refused", "AT+CIMI", "+CME ERROR: 10", 10), "sim-absent"),
        (refused("command-refused", "AT+CIMI", "+CME ERROR: 797", 797), "restarted"),
        (refused("command-refused", "AT+X", "ERROR", -1), "command-refused"),
        (cellular.NetworkError("no-network", 6), "registration-denied"),
        (cellular.NetworkError("no-network", 8), "registration-denied"),
        (cellular.NetworkError("no-network", 4), "no-network"),
        (cellular.NetworkError("no-network", None), "no-network"),
        (cellular.NetworkError("registration-denied", 15), "no-network"),
        (cellular.NetworkError("registration-denied", None), "registration-denied"),
    ):
        assert causes.remedy(error) == reason, (error, causes.remedy(error))
        assert advice(error) == advice(cellular.SIMError(reason)) or reason == error.reason


def test_which_state_counts_as_success_is_data():
    def registers(modem):
        return modem.register(4_000)

    for stat in range(12):
        answer = b"+CEREG: 1,%d" % stat
        steps = [ask(b"+CEREG=1"), ask(b"+CEREG?", answer)]
        if stat in (1, 5, 9, 10):
            assert play("gm02s", steps, registers) == stat
            continue
        with raises(cellular.NetworkError) as caught:
            play("gm02s", steps + ([(b"AT+CEREG=3\r", ERROR)] if stat == 3 else []), registers)
        told = {0: "not searching", 3: "denied"}.get(stat) or causes.state(stat)[1]
        assert str(caught.error) == "no network: " + told, caught.error

    def sms_is_enough(modem):
        modem.registered += (6, 7)
        return modem.register()

    for stat in (6, 7):
        steps = [ask(b"+CEREG=1"), ask(b"+CEREG?", b"+CEREG: 1,%d" % stat)]
        assert play("gm02s", steps, sms_is_enough) == stat


def test_why_the_network_denies_it():
    for told, shown in (
        (b"+CEREG: 3,3,,,,0,15", ": cause 15 (no suitable cells in tracking area)"),
        (
            b'+CEREG: 3,3,"0001","00000001",7,0,8',
            ": cause 8 (EPS and non-EPS services not allowed)",
        ),
        (b"+CEREG: 3,3,,,,1,15", ""),  # the maker's own numbers
        (b"+CEREG: 3,3", ""),
    ):
        steps = [ask(b"+CEREG=1"), ask(b"+CEREG?", b"+CEREG: 1,3"), (b"AT+CEREG=3\r", OK)]
        with raises(cellular.NetworkError) as caught:
            play("gm02s", steps + [ask(b"+CEREG?", told)], lambda modem: modem.register(4_000))
        assert str(caught.error) == "no network: denied" + shown, caught.error
