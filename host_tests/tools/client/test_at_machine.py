"""The AT engine against the simulated modem, in any order, with a fault at any byte.

Each command has a token, and its answer repeats the token twice. So the test notices an answer
that the engine credits to another command, or to none. Only one fault strikes in one command: two
that undo each other cannot be detected on a line without checksums.
"""

import os

from hostile_line import HostileLine
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cellular import ModemError, ModemGarbled, ModemReset, ModemSilent, timeouts
from cellular.at import AT
from cellular.csim import CSIM
from cellular.parser import Parser

CASES = int(os.environ.get("FUZZ_CASES", "60"))

URCS = ("+CADATAIND: 0", "+CEREG: 5", '*PSUTTZ: 24/04/11,03:19:19","+32",0', "DST: 0")
URCS += ("+TOKEN: 1", "+TOKEN: 5,5", "+CSIM: 4,9000", "OKAY", ">", "+CASTATE: 0,0", "x" * 700)
BOOT_LINES = (b"RDY", b"NORMAL POWER DOWN")
# A command, a synchronisation before and after it, and the noise that both may wait for.
LONGEST = 35 + 2 * timeouts.BOOT / 1000 + 15


class Card:
    """Answers each command with its bytes after CLA INS P1 P2, and 9000."""

    def power_on(self):
        return b"\x3b\x00"

    def latency(self, apdu):
        return 0.05

    def transmit(self, apdu):
        return apdu[4:] + b"\x90\x00"


def token(modem, args):
    """AT+TOKEN=<n>,<ms>: answers `+TOKEN: <n>,<n>` after <ms>."""
    n = args.number(0, range(1_000_000))
    yield args.number(1, range(100_000)) / 1000
    modem.info(f"+TOKEN: {n},{n}")


class Engine(RuleBasedStateMachine):
    """See the module's docstring."""

    @initialize(grain=st.sampled_from([1, 2, 7, 4096]), fixed=st.booleans())
    def start(self, grain, fixed):
        nvm = {"+IPR": (115200,)} if fixed else {}  # with auto-baud the modem prints no boot line
        self.line = HostileLine(grain=grain, card=Card(), nvm=nvm).__enter__()
        self.line.modem.table = self.line.modem.table.extended()
        self.line.modem.table.add("+TOKEN", "set", token)
        self.at = AT(self.line, BOOT_LINES)
        self.next = 100
        self.at.sync()
        self.boots = self.line.modem.counters["boots"]
        self.urcs = []
        self.at.on(b"+CADATAIND:", lambda line: self.urcs.append(bytes(line)))
        self.buffer = self.at.parser._buffer

    def teardown(self):
        if not hasattr(self, "line"):
            return
        try:
            self.line.clear()
            for _ in range(3):  # late bytes may spoil one call, lost bytes another
                self.in_step()
                if self.tokened(0):
                    return
            raise AssertionError("the engine does not recover")
        finally:
            self.line.__exit__()

    def called(self, call):
        """Return the result of `call`, None after a documented error; check that it ends in its
        time."""
        start, struck = self.line.bench.time, len(self.line.struck)
        generation, was_lost = self.at.generation, self.at.lost
        boots = self.line.modem.counters["boots"]
        result = None
        try:
            result = call()
        except ModemError as error:
            assert str(error).isprintable() and error.errno
            assert not was_lost or isinstance(error, ModemReset)
        finally:
            seconds = self.line.bench.time - start
            assert seconds < LONGEST, seconds
        assert self.at.generation in (generation, generation + 1)
        if result is not None and len(self.line.struck) == struck:
            # Without a fault, this modem is the one that was set up.
            assert boots == self.boots, "the engine missed a restart"
        self.line._armed.clear()
        return result

    def tokened(self, ms):
        self.next += 1
        mine = self.next

        def call():
            return self.at.command(b"+TOKEN=%d,%d" % (mine, ms), b"+TOKEN:")

        lines = self.called(call)
        for line in lines or ():
            first, _, second = line.partition(b",")
            # A line with a byte lost or doubled is not intact; a URC of that name is the modem's.
            assert first != second or first in (b"%d" % mine, b"5") or self.line.struck, line
            assert not (first == second and 100 < int(first) < mine), (line, mine)
        return lines

    @rule(ms=st.sampled_from([0, 3, 900, 4_990, 5_010, 5_300, 6_500, 9_000]))
    def command(self, ms):
        self.tokened(ms)

    @rule(data=st.binary(min_size=1, max_size=250))
    def apdu(self, data):
        apdu = b"\x00\xcb\x00\x00" + data
        channel = CSIM(self.at)

        def call():
            got, sw = channel.transmit(apdu)
            return bytes(got), sw

        result = self.called(call)
        assert result is None or result == (data, 0x9000) or result == (b"", 0x9000), result

    @rule(times=st.integers(1, 40), urc=st.sampled_from(URCS))
    def storm(self, times, urc):
        for _ in range(times if len(urc) < 100 else 1):
            self.line.modem.urc(urc)

    @rule(
        kind=st.sampled_from(["lose", "double", "reset", "urc", "delay"]),
        way=st.sampled_from(["up", "down"]),
        nth=st.one_of(st.integers(0, 60), st.integers(0, 600)),
        seconds=st.sampled_from([0.5, 4.0, 7.0]),
        urc=st.sampled_from(URCS),
    )
    def fault(self, kind, way, nth, seconds, urc):
        self.line.arm(kind, way, nth, seconds, urc)

    @rule()
    def reset(self):
        self.line.modem.power_state.reset("fault")

    @rule(ms=st.sampled_from([1, 400, 20_000]))
    def wait(self, ms):
        self.line.sleep(ms)
        self.at.poll()

    def in_step(self):
        """Set the modem up if it needs that; a doubled digit makes a command take up to 100 s."""
        tries = 0
        while self.at.lost:
            try:
                self.at.sync()
            except (ModemSilent, ModemGarbled):
                tries += 1
                assert tries < 10, "the modem does not recover"
            self.boots = self.line.modem.counters["boots"]

    @rule()
    def set_up(self):
        self.line.clear()
        self.in_step()

    @invariant()
    def memory_is_constant(self):
        if hasattr(self, "at"):
            assert self.at.parser._buffer is self.buffer
            assert len(self.buffer) == len(Parser()._buffer)
            assert len(self.at.handlers) == 1
            assert set(self.urcs) <= {b"+CADATAIND: 0"} or self.line.struck


TestEngine = Engine.TestCase
TestEngine.settings = settings(max_examples=CASES, stateful_step_count=25)
