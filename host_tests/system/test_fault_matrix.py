"""Every fault at every point of a connect-publish-close dialogue: what the application gets.

A cell of the table that the run prints at its end is `recovered` (nobody noticed), the exception
that a step of the application ended with, or `-` where the fault had nothing to strike. Whatever
it is, no step hangs, the device goes on by itself, and all readings arrive; see fault_world.py,
whose stand-in for TLS is used in the phase `handshake`, too.
"""

import pytest
from fault_world import World
from summaries import SUMMARIES

MESSAGES = 3

FAULTS = (
    "urc_storm:count=300,seconds=5",
    "noise:size=200,seed=5",
    "garbage:seconds=3",
    "lost_bytes:rate=20,seconds=20,seed=5",
    "doubled_bytes:rate=20,seconds=20,seed=5",
    "silent:seconds=20",
    "late:delay=40",
    "no_answer:times=1",
    "lost_urc:times=1",
    "sim_busy",
    "select_refused",
    "csim_truncated",
    "csim_glued",
    "registration_lost:seconds=60",
    "registration_denied:seconds=60",
    "pdp_dropped",
    "close",
    "tcp_reset",
    "black_hole:seconds=200",
    "reset",
    "brown_out",
    "power_cut",
    "sim_pulled",
)

PHASES = {
    # the named event at which the fault strikes, after so many logins and deliveries, and so many
    # seconds later
    "boot": ("boot", 0, 0, 0.5),
    "SIM": ("apdu:A4", 0, 0, 0),
    "registration": ("at:+CEREG", 0, 0, 0),
    "PDP": ("done:+CNCFG", 0, 0, 0.2),
    "open": ("at:+CAOPEN", 0, 0, 0.03),
    "handshake": ("apdu:2A", 0, 0, 0),
    "publish": ("at:+CASEND", 1, 1, 0),
    "idle": ("delivered", 1, 1, 7),
    "close": ("at:+CASEND", 1, MESSAGES, 0),
}
NEEDS = {
    "close": lambda modem: modem.sockets.sockets,
    "tcp_reset": lambda modem: modem.sockets.sockets,
    "pdp_dropped": lambda modem: modem.radio.activating or any(modem.radio.pdp.values()),
}
"""Faults that strike only what is there."""
COLUMN = 13


class Striker:
    """Arms `fault` once, in its phase; `hit`: there was something to strike."""

    def __init__(self, world: World, phase: str, fault: str) -> None:
        self.world, self.fault = world, fault
        self.event, self.logins, self.deliveries, self.delay = PHASES[phase]
        self.delivered = 0
        self.hit = None
        self._occur = world.modem.occur
        world.modem.occur = self._named
        world.on_event = self._told
        world.on_delivered = self._one_delivered

    def outcome(self) -> str:
        """What the application got."""
        if not self.hit or not self.world.modem.faults.struck:
            return "-"
        return self.world.log[0][2] if self.world.log else "recovered"

    def _named(self, name: str) -> None:
        self._happens(name)
        self._occur(name)

    def _told(self, event: dict) -> None:
        if event.get("what") == "boot":
            self._happens("boot")

    def _one_delivered(self) -> None:
        self.delivered += 1
        self._happens("delivered")

    def _happens(self, name: str) -> None:
        world = self.world
        if (
            name == self.event
            and world.broker.logins >= self.logins
            and self.delivered >= self.deliveries
        ):
            self.event = None
            if self.delay:
                world.modem.timers.at(world.modem.now + self.delay, self._strike, "striker")
            else:
                self._strike()
            world.touched()

    def _strike(self) -> None:
        modem = self.world.modem
        needs = NEEDS.get(self.fault.partition(":")[0])
        self.hit = bool(needs is None or needs(modem))
        modem.faults.parse(self.fault)


@pytest.fixture(scope="module")
def rows(request):
    """The rows of the table, printed at the end of the run."""
    found: list[str] = []
    yield found
    head = "".join(f"{phase:{COLUMN}}" for phase in PHASES)
    lines = [
        "",
        "Faults by phase: what the application gets; all readings arrived",
        f"{'':20}{head}",
    ]
    request.config.stash.setdefault(SUMMARIES, []).extend(lines + found)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda text: text.partition(":")[0])
def test_fault_in_each_phase(fault, tmp_path, rows):
    cells = []
    for phase in PHASES:
        folder = tmp_path / phase
        folder.mkdir()
        world = World(folder, auto_power=False)
        striker = Striker(world, phase, fault)
        world.dialogue(MESSAGES)
        world.check()
        assert striker.hit is not None, f"the dialogue has no {phase}"
        cells.append(striker.outcome())
    rows.append(f"{fault.partition(':')[0]:20}" + "".join(f"{cell:{COLUMN}}" for cell in cells))
    assert any(cell != "-" for cell in cells), "the fault struck nowhere"
