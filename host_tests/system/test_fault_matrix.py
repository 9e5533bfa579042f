"""Every fault at every point of a connect-publish-close dialogue: what the application gets.

Each cell of fault_matrix.txt is `recovered` (nobody noticed), the exception that a step of the
application ended with, or why the fault cannot strike there; here it is compared with what is.
Whatever it is, no command and no call takes longer than its time-out, the engine is usable right
after the exception or says that the modem has to be set up again, the device goes on by itself,
all readings arrive, and no byte of a connection comes out of another; see fault_world.py, whose
stand-in for TLS is used in the phase `handshake`, too. The last block has real TLS (fault_tls.py).
"""

import re
from collections import Counter
from pathlib import Path

import pytest
from fault_tls import RealSession, RealTLS
from fault_world import World
from summaries import SUMMARIES

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 3

FAULTS = (
    "urc_storm:count=300,seconds=5",
    "noise:size=200,seed=5",
    "garbage:seconds=15",
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

NAMES = [fault.partition(":")[0] for fault in FAULTS]

FAMILIES = {
    # personality: while its data context is activated (or asked for, where it came with the
    # registration), and so many seconds later; how it opens a connection, and how it sends
    "sim7080": ("done:+CNCFG", 0.2, "+CAOPEN", "+CASEND"),
    "sim7000": ("at:+CIICR", 0.2, "+CIPSTART", "+CIPSEND"),
    "bg95": ("done:+QICSGP", 0.2, "+QIOPEN", "+QISEND"),
    "gms01q": ("at:+CGPADDR", 0, "+SQNSD", "+SQNSSENDEXT"),
    "sara-r5": ("at:+UPSDA", 0.2, "+USOCO", "+USOWR"),
    "tx62": ("done:^SICA", 0.2, "^SISO", "^SISW"),
}


def phases(personality: str) -> dict[str, tuple[str, int, int, float]]:
    """The named event at which a fault strikes, after so many logins and deliveries, and so many
    seconds later."""
    context, later, opens, sends = FAMILIES[personality]
    return {
        "boot": ("boot", 0, 0, 0.5),
        "SIM": ("apdu:A4", 0, 0, 0),
        "registration": ("at:+CEREG", 0, 0, 0),
        "PDP": (context, 0, 0, later),
        "open": (f"at:{opens}", 0, 0, 0.03),
        "handshake": ("apdu:2A", 0, 0, 0),
        "publish": (f"at:{sends}", 1, 1, 0),
        "idle": ("delivered", 1, 1, 7),
        "close": (f"at:{sends}", 1, MESSAGES, 0),
    }


PHASES = tuple(phases("sim7080"))
REAL_TLS = "sim7080+tls"
RUNS = {**dict.fromkeys(FAMILIES, PHASES), REAL_TLS: PHASES[5:]}
"""Blocks of the table, and their columns."""
BY_BYTES = {"garbage", "lost_bytes", "doubled_bytes"}
"""Strike bytes by their number: not with OpenSSL, whose messages differ in length each time."""


def faults(run: str) -> list[str]:
    """The rows of a block."""
    return [name for name in NAMES if run != REAL_TLS or name not in BY_BYTES]


IN_CLOSE = {"lost_bytes": ",rate=200", "doubled_bytes": ",rate=200"}
"""So few bytes pass there that it has to be many of them."""
NO_CONNECTION, NO_CONTEXT, NO_MORE = "-a", "-b", "-c"
NEEDS = {
    "close": (NO_CONNECTION, lambda modem: modem.sockets.sockets),
    "tcp_reset": (NO_CONNECTION, lambda modem: modem.sockets.sockets),
    "pdp_dropped": (
        NO_CONTEXT,
        lambda modem: modem.radio.activating or any(modem.radio.pdp.values()),
    ),
}
"""Faults that strike only what is there, and how the table says that it is not."""
COLUMN = 13


class Striker:
    """Arms `fault` once, in its phase; `hit`: there was something to strike."""

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
        world.on_event = self._told
        world.on_delivered = self._one_delivered
        world.on_failure = self._failed

    def outcome(self) -> str:
        """What the application got, as the table has it."""
        if not self.hit or not self.world.modem.faults.struck:
            return self.missed
        return self.world.log[0][2] + self.after if self.world.log else "recovered"

    def _failed(self) -> None:
        """The first time, look at what can be done right after it."""
        if len(self.world.failures) == 1:
            self.after = self.world.aside(self.world.usable)

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


Rows = dict[str, dict[str, list[str]]]
"""Cells by phase, of each run and fault."""


class Table:
    """A file such as fault_matrix.txt: a legend, and `rows`."""

    def __init__(self, path: Path) -> None:
        self.legend: list[str] = []
        self.rows: Rows = {}
        block: dict[str, list[str]] = {}
        for line in path.read_text().splitlines():
            first, *cells = line.split() or [""]
            if first == "#":
                self.legend.append(line)
            elif first.startswith("["):
                block = self.rows[first.strip("[]")] = {}
            elif first:
                block[first] = cells

    def text(self, seen: Rows) -> str:
        """The same file with what was seen in place of what was expected."""
        lines = list(self.legend)
        for run, columns in RUNS.items():
            known = self.rows.get(run, {}) | seen.get(run, {})
            lines += ["", formatted(f"[{run}]", columns)]
            lines += [formatted(fault, known[fault]) for fault in NAMES if fault in known]
        return "\n".join(lines) + "\n"


def formatted(first: str, cells: list[str] | tuple[str, ...]) -> str:
    """A line of the table."""
    return (f"{first:20}" + "".join(f"{cell:{COLUMN}} " for cell in cells)).rstrip()


TABLE = Table(Path(__file__).with_name("fault_matrix.txt"))
SEEN = ROOT / "build" / "fault_matrix.txt"


@pytest.fixture(scope="module")
def seen(request):
    """Rows as they were: printed at the end of the run, those of the first in full,
    and written to a file that can replace the table."""
    found: Rows = {}
    yield found
    SEEN.parent.mkdir(exist_ok=True)
    SEEN.write_text(TABLE.text(found))
    lines = ["", "Faults by phase: what the application gets; all readings arrived"]
    for run, rows in found.items():
        if run == next(iter(RUNS)):
            lines.append(formatted("", PHASES))
            lines += [formatted(fault, cells) for fault, cells in rows.items()]
            lines += TABLE.legend
            continue
        counts = Counter(cell for cells in rows.values() for cell in cells)
        told = ", ".join(f"{count} {cell}" for cell, count in counts.most_common())
        lines.append(f"{run:12} {told}")
    request.config.stash.setdefault(SUMMARIES, []).extend(lines)


def cell(folder: Path, run: str, fault: str, phase: str, later: float = 0.0, **world) -> str:
    """One dialogue, and what came of it. `later`: seconds behind the moment that the table means;
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
def test_fault_in_each_phase(run, name, tmp_path, seen):
    fault = FAULTS[NAMES.index(name)]
    cells = [cell(tmp_path / phase, run, fault, phase) for phase in RUNS[run]]
    seen.setdefault(run, {})[name] = cells
    assert cells == TABLE.rows.get(run, {}).get(name), (
        f"[{run}] is not as in fault_matrix.txt, but:\n{formatted(name, cells)}\n"
        f"If all of {SEEN} is as it should be, put it in its place"
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
