"""The surroundings of the code in a README: names, files, a modem, a broker.

`DEVICE` and `HOST` define the names that a block uses and no earlier block makes: lines of Python
that may use other such names. If a README needs another name, add a row here.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from readme_blocks import Block, missing_names

from iotsafe_tools.testbed import PKI, Rig

HOST_NAME = "mqtt.example.com"
CN = "device-0001"
_POINT = (  # the generator of P-256
    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
)

# On MicroPython. PLACE is the modem's UART.
DEVICE: Mapping[str, str] = {
    "board": "import board",
    "cellular": "import cellular",
    "iotsafe": "import iotsafe",
    "telemetry": "import telemetry",
    "uart": "uart = board.uart(PLACE)",
    "power_key": "power_key = board.power_key",
    "modem": "modem = cellular.SIM7080(uart)\nmodem.connect('internet')",
    "channel": "channel = modem.sim()",
    "ca": "ca = open('ca.pem', 'rb').read()",
    "stream": f"stream = modem.socket()\nstream.connect(('{HOST_NAME}', 8883))",
    "identity": "identity = iotsafe.identity(modem)",
    "context": "context = iotsafe.SSLContext(identity, ca)",
    "open_stream": "def open_stream(host, port):\n    return context.connect(modem, host, port)",
    "applet": "applet = iotsafe.FullApplet(modem)",
    "file": "import io\nfile = io.BytesIO(b'firmware')",
    "size": "size = 8",
    "digest": "digest = bytes(32)",
    "signature": "signature = applet.compute_signature('KEY', iotsafe.Digest(digest))",
    "point": f"point = bytes.fromhex('{_POINT}')",
    "seed": "seed = bytes(32)",
    "salt": "salt = bytes(32)",
}
# On CPython.
HOST: Mapping[str, str] = {
    "Path": "from pathlib import Path",
    "folder": "folder = Path('.')",
    "PKI": "from iotsafe_tools.testbed import PKI",
    "Broker": "from iotsafe_tools.testbed import Broker",
    "Card": "from iotsafe_tools.simulator.sim import Card",
    "Profile": "from iotsafe_tools.simulator.sim import Profile",
    "Store": "from iotsafe_tools.simulator.sim import Store",
    "profile": "profile = Profile.named('gsma')",
    "card": "card = Card(Store('card.json', profile.objects), profile)",
    "certificate": "certificate = bytes(400)",
}
DEVICE_FOLDERS = ("README.md", "lib", "firmware", "boards")

_MACHINE = """
class _Machine:
    @staticmethod
    def UART(*_, **__):
        import board
        return board.uart(PLACE)
    class RTC:
        def datetime(self, moment):
            assert len(moment) == 8
import sys
sys.modules["machine"] = _Machine
"""


def runs_on_a_device(block: Block, root: Path) -> bool:
    return block.path.relative_to(root).parts[0] in DEVICE_FOLDERS


def program(blocks: Iterable[Block], rows: Mapping[str, str], builtins: set[str]) -> str:
    """Return the program of `blocks`, in order, each at its line of the README.

    It runs `>>>` lines one by one, and prints the output of each between lines "@@ number". Raises
    AssertionError for a name without a definition.
    """
    known = set(builtins)
    parts: list[str] = []
    for block in blocks:
        for line, code in statements(block):
            parts += [rows[name] for name in needed(code, known, rows, block)]
            padded = "\n" * (line - 1) + code
            shown = block.text.startswith(">>>")
            if shown:
                parts.append(f"print('@@ {line}')")
            call = f"exec(compile({padded!r}, {block.path.name!r}, 'exec'))"
            if shown and _is_expression(code):
                call = f"_shown = eval({code.strip()!r})\n_shown is None or print(repr(_shown))"
            parts.append(call)
            if shown:
                parts.append("print('@@ 0')")
    return "\n".join(parts) + "\nprint('@@ end')\n"


def statements(block: Block) -> list[tuple[int, str]]:
    """Yield (line, code): the block as a whole, or each input line of a `>>>` session."""
    if not block.text.startswith(">>>"):
        return [(block.line, block.text)]
    typed = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith(">>> "):
            typed.append((number, line[4:] + "\n"))
        elif line.startswith("... "):
            typed[-1] = (typed[-1][0], typed[-1][1] + line[4:] + "\n")
    return typed


def documented(block: Block) -> dict[int, list[str]]:
    """Return the output in a `>>>` session, by the line of its input."""
    found: dict[int, list[str]] = {}
    line = 0
    for number, text in enumerate(block.text.splitlines(), block.line):
        if text.startswith(">>> "):
            line = number
            found[line] = []
        elif not text.startswith("... "):
            found[line].append(text)
    return found


def _is_expression(code: str) -> bool:
    try:
        ast.parse(code.strip(), mode="eval")
    except SyntaxError:
        return False
    return True


def needed(code: str, known: set[str], rows: Mapping[str, str], block: Block) -> list[str]:
    """Return the rows that must run before `code`, in order of their needs; `known` grows."""
    order: list[str] = []

    def need(name: str, by: str) -> None:
        assert name in rows, (
            f"{block.place}: {by} uses {name}, which has no row in readme_stage.py"
        )
        for other in missing_names(rows[name], known):
            need(other, name)
        known.add(name)
        order.append(name)

    before = set(known)
    for name in missing_names(code, before):
        if name not in known:
            need(name, "the block")
    known |= before
    return order


def device_program(blocks: Iterable[Block], place: str) -> str:
    """Return the program for MicroPython, for a modem at `place`."""
    names = {"PLACE", *_builtin_names()}
    return f"PLACE = {place!r}\n{_MACHINE}\n{program(blocks, DEVICE, names)}"


def host_program(blocks: Iterable[Block]) -> str:
    return program(blocks, HOST, _builtin_names())


def _builtin_names() -> set[str]:
    import builtins

    return set(dir(builtins))


def programs(blocks: Iterable[Block]) -> list[list[Block]]:
    """Split the blocks of a README before each that is run with "new": a device that restarts."""
    cut: list[list[Block]] = []
    for block in blocks:
        if not cut or "new" in conditions(block):
            cut.append([])
        cut[-1].append(block)
    return cut


def conditions(block: Block) -> list[str]:
    """Return the names in its comment "run with"."""
    return block.run_with.replace(",", " ").split()


def _every_function(folder: Path) -> str:
    """Write the profile of a card on which the device may also generate the key for TLS."""
    from iotsafe_tools.simulator.sim import profiles

    text = (Path(profiles.__file__).parent / "full.toml").read_text()
    once = (
        'functions = ["signature"]',
        'functions = ["signature", "key generation"]\naccess = ["update"]',
    )
    path = folder / "every-function.toml"
    path.write_text(text.replace(*once, 1))
    return str(path)


def rig(folder: Path, first: Block | None = None) -> Rig:
    """A modem, an enrolled SIM, and a broker that both know as `HOST_NAME`, as `first`
    requires."""
    folder.mkdir()
    every = first is not None and "every_function" in conditions(first)
    profile = _every_function(folder) if every else "gsma"
    pki = PKI.create(folder / "pki")
    server = pki.issue_server(HOST_NAME)
    made = Rig(
        folder, cn=CN, pki=pki, broker={"server": server}, lab={"delays": 0.0, "profile": profile}
    )
    made.lab.modem.network.resolve.update({HOST_NAME: ("127.0.0.1", made.broker.port)})
    return made


# ---- what a command prints ----------------------------------------------------------------------

# Parts that differ from run to run, and the text that replaces them.
_CHANGING = {
    r"…": r".*",
    r"\b(?:[0-9A-F]{2} ){15}[0-9A-F]{2}\b.*": r"(?:[0-9A-F]{2} ){15}[0-9A-F]{2}\b.*",
    r"\b[0-9A-Fa-f]{12,}\b": r"[0-9A-Fa-f]+",
    r"\b[A-Za-z0-9+/]{40,}={0,2}": r"[A-Za-z0-9+/]+={0,2}",
    r"/dev/pts/\d+": r"/dev/pts/\d+",
    r"-?\d+(?:\.\d+)?": r"-?\d+(?:\.\d+)?",
    r"\s+": r"\s*",
    r" ?= ?": r" ?= ?",  # OpenSSL writes names with and without spaces
}
_CHANGES = re.compile("|".join(f"({pattern})" for pattern in _CHANGING))


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Return whether `printed` is the output in the README, except for figures, times and random
    values.

    "…" stands for any text.
    """
    pattern = r"\n".join(map(_pattern, shown))
    return re.fullmatch(pattern, "\n".join(line.strip() for line in printed)) is not None


def _pattern(line: str) -> str:
    parts, at = [], 0
    line = line.strip()
    for found in _CHANGES.finditer(line):
        parts.append(re.escape(line[at : found.start()]))
        parts.append(list(_CHANGING.values())[found.lastindex - 1])
        at = found.end()
    return "".join([*parts, re.escape(line[at:])])
