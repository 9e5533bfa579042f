"""The names in the MicroPython source that a board folder may use."""

import ast
import functools
import json
import re
from collections import Counter
from pathlib import Path

# Kconfig symbols of ESP-IDF that no fragment of MicroPython 1.25 uses, and the file that defines
# them.
IDF_SYMBOLS = {
    "MBEDTLS_ECDSA_DETERMINISTIC": "components/mbedtls/Kconfig of ESP-IDF 5: bool, default y",
}

_C = ("*.c", "*.h", "*.cmake", "*.mk", "Makefile", "CMakeLists.txt")


@functools.cache
def words(folder: Path, patterns: tuple[str, ...] = _C) -> frozenset[str]:
    """Return every identifier in the files below `folder`."""
    found: set[str] = set()
    for pattern in patterns:
        for path in folder.rglob(pattern):
            found.update(re.findall(r"[A-Za-z_]\w+", path.read_text(errors="replace")))
    return frozenset(found)


def port_words(tree: Path, port: str) -> frozenset[str]:
    """Return every identifier of a port and of the sources that all ports share."""
    shared = ("py", "extmod", "shared", "drivers")
    return words(tree / "ports" / port).union(*(words(tree / name) for name in shared))


def defined(text: str) -> list[str]:
    """Return the macros that a C header defines or tests, in order, without its own guard."""
    names = re.findall(r"^\s*#\s*(?:define|undef|ifdef|ifndef)\s+(\w+)", text, re.MULTILINE)
    return [name for name in names if not name.startswith("MICROPY_INCLUDED")]


def included(text: str) -> list[str]:
    """Return the files that a C file includes by name in quotes."""
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE)


def cmake_names(text: str) -> tuple[set[str], set[str]]:
    """Return the variables that a CMake file sets or appends to, and those that it reads."""
    code = re.sub(r"#.*", "", text)
    written = set(re.findall(r"\b(?:set|list)\s*\(\s*(?:APPEND\s+)?(\w+)", code))
    return written, set(re.findall(r"\$\{(\w+)\}", code))


def kconfig(text: str) -> list[tuple[str, str]]:
    """Return (symbol, value) of an sdkconfig fragment; raises ValueError for any other line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r'CONFIG_([A-Z0-9_]+)=(y|n||\d+|0x[0-9A-Fa-f]+|"[^"\\]*")', line)
        if not match:
            raise ValueError(f"line {number} is no Kconfig assignment: {line}")
        found.append((match[1], match[2]))
    return found


def known_symbols(tree: Path) -> frozenset[str]:
    """Return the Kconfig symbols that some sdkconfig fragment of the esp32 port uses, and ours."""
    found = set(IDF_SYMBOLS)
    for path in (tree / "ports" / "esp32" / "boards").rglob("sdkconfig.*"):
        found.update(re.findall(r"CONFIG_([A-Z0-9_]+)", path.read_text()))
    return frozenset(found)


def valid_features(tree: Path) -> set[str]:
    """Return the features that upstream's download page accepts in board.json."""
    module = ast.parse((tree / "tools" / "autobuild" / "build-downloads.py").read_text())
    for node in module.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "VALID_FEATURES":
            return ast.literal_eval(node.value)
    raise ValueError("build-downloads.py has no VALID_FEATURES")


def board_fields(tree: Path, ports: tuple[str, ...]) -> tuple[set[str], set[str]]:
    """Return the fields of nearly every upstream board.json (95 %), and all fields that occur."""
    paths = [p for port in ports for p in (tree / "ports" / port / "boards").glob("*/board.json")]
    count = Counter(field for path in paths for field in json.loads(path.read_text()))
    return {field for field, n in count.items() if n >= 0.95 * len(paths)}, set(count)
