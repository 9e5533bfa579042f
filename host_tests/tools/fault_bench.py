"""A simulated modem for the tests of its faults, and the lines that they use."""

from modem_bench import Bench, StubCard

OK = b"\r\nOK\r\n"
OPEN = 'AT+CSIM=10,"0070000001"'
FIXED = {"+IPR": (115200,)}


def bench_with(**options):
    return Bench(StubCard({"0070000001": "019000"}), **options)
