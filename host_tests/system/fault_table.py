"""The table of test_fault_matrix.py: the faults, the phases in which they strike, and the
outcomes."""

from collections import Counter
from pathlib import Path

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
    # Personality of the modem: the event while it activates its data context (or while the driver
    # asks for it, if it came with the registration), and the seconds after it; how it opens a
    # connection, and how it sends
    "sim7080": ("done:+CNCFG", 0.2, "+CAOPEN", "+CASEND"),
    "sim7000": ("at:+CIICR", 0.2, "+CIPSTART", "+CIPSEND"),
    "bg95": ("at:+QIACT", 0.2, "+QIOPEN", "+QISEND"),
    "gms01q": ("at:+CGPADDR", 0, "+SQNSD", "+SQNSSENDEXT"),
    "sara-r5": ("at:+UPSDA", 0.2, "+USOCO", "+USOWR"),
    "tx62": ("done:^SICA", 0.2, "^SISO", "^SISW"),
}


def phases(personality: str) -> dict[str, tuple[str, int, int, float]]:
    """Return by phase the event at which a fault strikes, the number of logins and deliveries
    before it, and the seconds after it."""
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
"""Faults that strike a byte by its number: not with OpenSSL, whose messages vary in length."""


def faults(run: str) -> list[str]:
    """Return the rows of a block."""
    return [name for name in NAMES if run != REAL_TLS or name not in BY_BYTES]


COLUMN = 13


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
        """The same file with the observed outcomes in place of the expected ones."""
        lines = list(self.legend)
        for run, columns in RUNS.items():
            known = self.rows.get(run, {}) | seen.get(run, {})
            lines += ["", formatted(f"[{run}]", columns)]
            lines += [formatted(fault, known[fault]) for fault in NAMES if fault in known]
        return "\n".join(lines) + "\n"


def formatted(first: str, cells: list[str] | tuple[str, ...]) -> str:
    """Return a line of the table."""
    return (f"{first:20}" + "".join(f"{cell:{COLUMN}} " for cell in cells)).rstrip()


TABLE = Table(Path(__file__).with_name("fault_matrix.txt"))
SEEN = ROOT / "build" / "fault_matrix.txt"


def report(found: list[tuple[str, str, list[str]]]) -> list[str]:
    """Return lines for the end of a run, from (run, fault, cells): the rows of the first run in
    full. Also write them to SEEN, which can replace the table."""
    seen: Rows = {}
    for run, fault, cells in found:
        seen.setdefault(run, {})[fault] = cells
    SEEN.parent.mkdir(exist_ok=True)
    SEEN.write_text(TABLE.text(seen))
    lines = ["", "Faults by phase: what the application gets; all readings arrived"]
    for run in RUNS:
        rows = {name: seen[run][name] for name in NAMES if name in seen.get(run, {})}
        if run == next(iter(RUNS)):
            lines.append(formatted("", PHASES))
            lines += [formatted(fault, cells) for fault, cells in rows.items()]
            lines += TABLE.legend
        elif rows:
            counts = Counter(cell for cells in rows.values() for cell in cells)
            told = ", ".join(f"{count} {cell}" for cell, count in counts.most_common())
            lines.append(f"{run:12} {told}")
    return lines
