"""The recorded dialogues in data/transcripts: the current driver sends the same bytes, and gets
the same results.

After an intended change: host_tests/README.md, "Transcripts".
"""

import os
import sys

import main_job
from replay_uart import Difference, ReplayUART, check
from virtual_time import Clock, running

import cellular

RUNTIMES = ("cpython", "micropython")  # the files are in the working tree
TIMEOUT = 120

FAMILIES = ("bg95", "eg95", "gm02s", "gms01q", "sara-r4", "sara-r5", "sim7000", "sim7080", "tx62")


def folder():
    """Return the folder of the transcripts."""
    for path in sys.path:
        try:
            os.listdir(path + "/data/transcripts")
        except OSError:
            continue
        return path + "/data/transcripts/"
    raise AssertionError("data/transcripts is not on sys.path")


def names():
    return sorted([name for name in os.listdir(folder()) if name.endswith(".jsonl")])


def replayed(lines):
    """Return (the results of the job, the UART) with the driver that the header of the transcript
    names."""
    clock = Clock(nap=100)
    with running(clock):
        uart = ReplayUART(lines, clock)
        power_key = uart.power_key if uart.header.get("power_key") else None
        modem = cellular.driver(uart.header["driver"])(uart, power_key)
        found = main_job.perform(modem, uart.header["job"], "0000")  # any PIN will do
        modem.at.poll()
        uart.done()
    return found, uart


def test_there_is_one_of_each_family():
    there = names()
    for name in FAMILIES:
        assert name + ".jsonl" in there, name


def test_each_driver_speaks_as_it_was_recorded():
    for name in names():
        try:
            with open(folder() + name, "rb") as file:
                check(file)
            with open(folder() + name, "rb") as file:
                found, uart = replayed(file)
        except (AssertionError, ValueError) as e:
            raise AssertionError("%s: %s" % (name, e))
        assert uart.results == [found], (name, found)


def changed(name, old, new):
    """Return the lines of a transcript with the first `old` replaced by `new`, and its line
    number."""
    with open(folder() + name, "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    for i in range(1, len(lines)):
        if old in lines[i]:
            lines[i] = lines[i].replace(old, new)
            return lines, i + 1
    raise AssertionError((name, old))


def test_a_driver_that_deviates_is_reported_with_the_line():
    for name, old, new in (
        ("sim7080", b'CNCFG=0,1,\\"internet', b'CNCFG=0,1,\\"Internet'),
        ("bg95", b"AT+QISEND=0,29", b"AT+QISEND=0,28"),
        ("gm02s", b"AT+SQNSH=1", b"AT+SQNSH=2"),
        ("tx62", b"hello", b"hallo"),
    ):
        lines, number = changed(name + ".jsonl", old, new)
        try:
            replayed(lines)
        except Difference as e:
            assert "line %d: " % number in str(e), e
            assert "want: " in str(e) and "got: " in str(e), e
        else:
            raise AssertionError("%s: not noticed" % name)


def test_what_the_modem_says_matters():
    for name, old, new, field in (
        ("sim7080", b"+CEREG: 1\\r", b"+CEREG: 5\\r", "registration"),
        ("sara-r4", b"10.94.36.44", b"10.94.36.45", "address"),
        ("tx62", b"40CC18119D75", b"40CC18119D76", "signature"),
        ("gms01q", b"7f808182", b"7e808182", "content"),
        ("eg95", b"8988211000000000011", b"8988211000000000012", "iccid"),
    ):
        lines, _ = changed(name + ".jsonl", old, new)
        found, uart = replayed(lines)
        want = uart.results[0]
        assert found[field] != want[field], field
        found[field] = want[field]
        assert found == want, found
