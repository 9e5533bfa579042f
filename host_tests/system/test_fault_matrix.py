"""Every fault at every point of a connect-publish-close dialogue: what the application gets.

Each cell of fault_matrix.txt is `recovered` (the application got no error), the exception that
ended a step of the application, or the reason why the fault cannot strike there. The test compares
it with the outcome. Whatever the outcome, no command and no call takes longer than its time-out.
The engine is usable right after the exception or reports that the modem needs a new set-up. The
device continues by itself, all readings arrive, and no byte of a connection comes out of another;
see fault_world.py, whose stand-in for TLS also serves the phase `handshake`. The last block has
real TLS (fault_tls.py).
"""

import re
from pathlib import Path

import pytest
from fault_table import (
    FAULTS,
    MESSAGES,
    NAMES,
    REAL_TLS,
    ROOT,
    RUNS,
    SEEN,
    TABLE,
    faults,
    formatted,
    phases,
)
from fault_tls import RealSession, RealTLS
from fault_world import World

IN_CLOSE = {"lost_bytes": ",rate=200", "doubled_bytes": ",rate=200"}
"""So few bytes pass there that many of them must be struck."""
NO_CONNECTION, NO_CONTEXT, NO_MORE = "-a", "-b", "-c"
NEEDS = {
    "close": (NO_CONNECTION, lambda modem: modem.sockets.sockets),
    "tcp_reset": (NO_CONNECTION, lambda modem: modem.sockets.sockets),
    "pdp_dropped": (
        NO_CONTEXT,
        lambda modem: modem.radio.activating or any(modem.radio.pdp.values()),
    ),
}
"""Faults that need an object to strike, and the table's text if there is none."""


class Striker:
    """Arms `fault` once, in its phase; `hit`: the fault found something to strike."""

    def __init__(self, world: World, phase: str, fault: str) -> None:
        self.world = world
        self.fault = fault + (
            IN_CLOSE.get(fault.partition(":")[0], "") if phase == "close" else ""
        )
        self.event, self.logins, self.deliveries, self.delay = phases(world.personality)[phase]
        self.delivered = 0
        self.hit = None
        self.missed = NO_MORE
        self.after = ""
        self._occur = world.modem.occur
        world.modem.occur = self._named
        world.on_event = self._on_event
        world.on_delivered = self._one_delivered
        world.on_failure = self._failed

    def outcome(self) -> str:
        """Return what the application got, as the table words it."""
        if not self.hit or not self.world.modem.faults.struck:
            return self.missed
        return self.world.log[0][2] + self.after if self.world.log else "recovered"

    def _failed(self) -> None:
        """After the first failure, check what the application can do right after it."""
        if len(self.world.failures) == 1:
            self.after = self.world.aside(self.world.usable)

    def _named(self, name: str) -> None:
        self._happens(name)
        self._occur(name)

    def _on_event(self, event: dict) -> None:
        if event.get("what") == "boot":
            self._happens("boot")

    def _one_delivered(self) -> None:
        self.delivered += 1
        self._happens("delivered")

    def _happens(self, name: str) -> None:
        world = self.world
        if (
            name == self.event
            and not world.beside.busy
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
        missed, needed = NEEDS.get(self.fault.partition(":")[0], ("", None))
        self.hit = needed is None or bool(needed(modem))
        if not self.hit:
            self.missed = missed
        modem.faults.parse(self.fault)


def cell(folder: Path, run: str, fault: str, phase: str, later: float = 0.0, **world) -> str:
    """Run one dialogue and return its outcome. `later`: seconds after the moment in the table;
    `world`: further options of it."""
    folder.mkdir()
    options = {"tls": (RealTLS, RealSession)} if run == REAL_TLS else {}
    options |= world
    world = World(folder, personality=run.partition("+")[0], auto_power=False, **options)
    striker = Striker(world, phase, fault)
    striker.delay += later
    world.dialogue(MESSAGES)
    world.check()
    assert striker.hit is not None, f"the dialogue has no {phase}"
    assert striker.after in ("", "*"), f"{phase}: of no use after it: {striker.after}"
    assert world.beside.passed, "nothing passed beside the session"
    return striker.outcome()


@pytest.mark.parametrize(
    ("run", "name"), [(run, name) for run in RUNS for name in faults(run)], ids=str
)
def test_fault_in_each_phase(run, name, tmp_path, summarize):
    fault = FAULTS[NAMES.index(name)]
    cells = [cell(tmp_path / phase, run, fault, phase) for phase in RUNS[run]]
    summarize("fault_table.report", (run, name, cells))
    assert cells == TABLE.rows.get(run, {}).get(name), (
        f"[{run}] is not as in fault_matrix.txt, but:\n{formatted(name, cells)}\n"
        f"If all of {SEEN} is right, replace the table with it"
    )


def test_the_table_names_what_is_documented():
    cells = [cell for rows in TABLE.rows.values() for row in rows.values() for cell in row]
    documented = {
        word
        for package in ("cellular", "iotsafe", "telemetry")
        for word in re.findall(r"\w+", (ROOT / "lib" / package / "README.md").read_text())
    }
    legend = "\n".join(TABLE.legend)
    for cell in set(cells):
        if cell.startswith("-"):
            assert f"#  {cell}: " in legend, cell
        else:
            assert cell == "recovered" or cell.strip("*") in documented, cell
    assert list(TABLE.rows) == list(RUNS)
    for run, rows in TABLE.rows.items():
        assert list(rows) == faults(run), run
        for fault, row in rows.items():
            assert len(row) == len(RUNS[run]), f"[{run}] {fault}"
    for fault in NAMES:
        struck = [cell for rows in TABLE.rows.values() for cell in rows.get(fault, ())]
        assert any(not cell.startswith("-") for cell in struck), f"{fault} strikes nowhere"
