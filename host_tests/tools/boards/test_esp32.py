"""ESP32 boards, evaluated by the port's own CMakeLists.txt up to the missing ESP-IDF.

The tests also link the signing hook as the board's files request it, with real mbedTLS, and count
its calls.
"""

import os
import shutil
import subprocess

import pytest
from board_checks import cmake, folders
from board_checks.folders import BOARDS, SOURCES, BoardFolder

ESP32 = folders.find(("esp32",))
CASES = [(board, variant) for board in ESP32 for variant in board.variants]
HOOK = "iotsafe.cmake"

# Each board's Kconfig after all fragments.
_OCTAL = {"SPIRAM": "y", "SPIRAM_MODE_QUAD": "", "SPIRAM_MODE_OCT": "y"}
_QUAD = {"SPIRAM": "y", "SPIRAM_MODE_QUAD": "y"}
_16MIB = {
    "ESPTOOLPY_FLASHMODE_QIO": "y",
    "ESPTOOLPY_FLASHSIZE_4MB": "",
    "ESPTOOLPY_FLASHSIZE_16MB": "y",
    "PARTITION_TABLE_CUSTOM_FILENAME": '"partitions-16MiB.csv"',
}
_8MIB = {"PARTITION_TABLE_CUSTOM_FILENAME": '"partitions-8MiB.csv"'}
_4MIB = {
    "ESPTOOLPY_FLASHSIZE_4MB": "y",
    "PARTITION_TABLE_CUSTOM_FILENAME": '"partitions-4MiB.csv"',
}
_WANTED = {
    ("DPTECHNICS_WALTER", ""): ("esp32s3", _QUAD | _16MIB),
    ("ESP32_GENERIC_S3_MODEM", ""): ("esp32s3", _QUAD | _8MIB),
    ("ESP32_GENERIC_S3_MODEM", "SPIRAM_OCT"): ("esp32s3", _OCTAL | _8MIB),
    ("ESP32_GENERIC_S3_MODEM", "FLASH_4M"): ("esp32s3", _QUAD | _4MIB),
    ("LILYGO_T_SIM7000G", ""): ("esp32", {"SPIRAM": "y", "SPIRAM_CACHE_WORKAROUND": "y"} | _4MIB),
    ("LILYGO_T_SIM7080G_S3", ""): ("esp32s3", _OCTAL | _16MIB),
}


@pytest.fixture(scope="module")
def evaluations(tmp_path_factory):
    """Each board and variant, configured once."""
    made = {}

    def evaluation(board, variant):
        if (board.name, variant) not in made:
            folder = tmp_path_factory.mktemp("build")
            made[board.name, variant] = cmake.evaluate(board, SOURCES, folder, variant)
        return made[board.name, variant]

    return evaluation


def case_name(value):
    return value.name if isinstance(value, BoardFolder) else value or "plain"


each = pytest.mark.parametrize(("board", "variant"), CASES, ids=case_name)


@each
def test_configuration(evaluations, board, variant):
    found = evaluations(board, variant)
    target, wanted = _WANTED[board.name, variant]
    settings = found.settings()
    assert found.target == target
    assert {name: settings.get(name) for name in wanted} == wanted
    assert settings["MBEDTLS_ECDSA_DETERMINISTIC"] == "n"
    assert settings["ESP_DEFAULT_CPU_FREQ_MHZ_240"] == "y"
    assert settings["MBEDTLS_HAVE_TIME_DATE"] == "y"  # mbedTLS refuses expired certificates
    assert found.manifest == board.path / "manifest.py"
    assert (
        SOURCES / "ports/esp32" / settings["PARTITION_TABLE_CUSTOM_FILENAME"].strip('"')
    ).exists()


@each
def test_sources_exist_and_the_hook_is_on(evaluations, board, variant):
    found = evaluations(board, variant)
    assert found.sources
    assert all(path.is_file() for path in found.sources)
    assert "MICROPY_PY_SSL_ECDSA_SIGN_ALT=1" in found.definitions
    assert "-Wl,--wrap=mbedtls_ecdsa_write_signature" in found.link_options


@each
def test_a_signature_asks_the_hook_once(evaluations, board, variant):
    assert cmake.sign(evaluations(board, variant)) == "asked 1, result 0, 8 bytes"


# ---- each part of the hook is needed ------------------------------------------------------


def without(tmp_path, line):
    """Return a copy of the boards whose hook lacks each line that contains `line`."""
    copy = tmp_path / "boards"
    shutil.copytree(BOARDS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    hook = copy / "esp32_common" / HOOK
    lines = hook.read_text().splitlines(keepends=True)
    kept = [text for text in lines if line not in text or text.startswith("#")]
    assert len(kept) == len(lines) - 1
    hook.write_text("".join(kept))
    return BoardFolder(copy / "DPTECHNICS_WALTER", "esp32")


def test_without_wrap_the_hook_is_never_asked(tmp_path):
    board = without(tmp_path, "--wrap=")
    assert cmake.sign(cmake.evaluate(board, SOURCES, tmp_path / "out")).startswith("asked 0,")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("MICROPY_PY_SSL_ECDSA_SIGN_ALT=1", "must come from the command line"),
        ("ecdsa_sign_alt.c", "No SOURCES given|undefined reference|Cannot specify"),
    ],
)
def test_without_macro_or_wrapper_the_build_stops(tmp_path, line, error):
    board = without(tmp_path, line)
    with pytest.raises((RuntimeError, KeyError), match=error):
        cmake.sign(cmake.evaluate(board, SOURCES, tmp_path / "out"))


def test_an_unknown_variant_stops_cmake(tmp_path):
    with pytest.raises(RuntimeError, match="Invalid MICROPY_BOARD_VARIANT"):
        cmake.evaluate(ESP32[0], SOURCES, tmp_path, "NONE")


def test_a_missing_fragment_stops_cmake(tmp_path):
    copy = tmp_path / "boards"
    shutil.copytree(BOARDS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "esp32_common" / "sdkconfig.iotsafe").unlink()
    with pytest.raises(RuntimeError, match=r"sdkconfig\.iotsafe"):
        cmake.evaluate(BoardFolder(copy / "DPTECHNICS_WALTER", "esp32"), SOURCES, tmp_path / "out")


# ---- the port's Makefile ------------------------------------------------------------------


def test_makefile_hands_board_and_manifest_variables_to_idf(tmp_path):
    """Check with a stand-in for `idf.py` how the Makefile calls it."""
    fake = tmp_path / "idf.py"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$SEEN"\nexit 1\n')
    fake.chmod(0o755)
    seen = tmp_path / "seen"
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SEEN": str(seen),
        "IDFPY_FLAGS": "-D MICROPY_MANIFEST_UMQTT_DIR=/umqtt -D MICROPY_LIB_DIR=/library",
        "MAKEFLAGS": "",
    }
    board = ESP32[0]
    command = ["make", "-C", SOURCES / "ports/esp32", f"BOARD_DIR={board.path}", "BUILD=/out"]
    done = subprocess.run(command, env=environment, capture_output=True)
    assert done.returncode  # the stand-in builds nothing
    arguments = seen.read_text().split("\n")
    for argument in (
        f"MICROPY_BOARD={board.name}",
        f"MICROPY_BOARD_DIR={board.path}",
        "MICROPY_MANIFEST_UMQTT_DIR=/umqtt",
        "MICROPY_LIB_DIR=/library",
    ):
        assert argument in arguments


# ---- a tree newer than the pinned one -----------------------------------------------------


@pytest.fixture
def newer(tmp_path):
    """The pinned tree, with the esp32 port's boards laid out as from MicroPython 1.26 on."""
    tree = tmp_path / "newer"
    port = tree / "ports" / "esp32"
    (port / "boards").mkdir(parents=True)
    for name in ("lib", "py"):
        (tree / name).symlink_to(SOURCES / name)
    # There the wrapper's file ends with lines for ports with their own mbedTLS only.
    wrapper = tree / "extmod" / "mbedtls" / "mbedtls_alt.c"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_text(
        (SOURCES / "extmod/mbedtls/mbedtls_alt.c").read_text()
        + "#if MICROPY_PY_SSL && MICROPY_SSL_MBEDTLS\n"
        + '#include "mbedtls/mbedtls_config_port.h"\n#endif\n'
    )
    old = SOURCES / "ports" / "esp32"
    shutil.copy(old / "CMakeLists.txt", port)
    shutil.copytree(old / "boards" / "ESP32_GENERIC_S3", port / "boards" / "ESP32_GENERIC_S3")
    for name in ("base", "ble", "240mhz", "spiram_oct"):
        shutil.copy(old / "boards" / f"sdkconfig.{name}", port / "boards")
    shutil.copy(old / "boards/sdkconfig.spiram_sx", port / "boards/sdkconfig.spiram_quad")
    shutil.copy(old / "boards/sdkconfig.spiram", port / "boards/sdkconfig.spiram_esp32")
    for chip, extra in (("esp32s3", "boards/sdkconfig.spiram_quad"), ("esp32", "")):
        (port / "boards" / f"mpconfigboard_{chip}_common.cmake").write_text(
            f"set(IDF_TARGET {chip})\n"
            f"set(SDKCONFIG_DEFAULTS boards/sdkconfig.base boards/sdkconfig.ble {extra})\n"
        )
    return tree


@pytest.mark.parametrize("board", ESP32, ids=lambda board: board.name)
def test_a_newer_tree(newer, tmp_path, board):
    found = cmake.evaluate(board, newer, tmp_path / "out")
    target, wanted = _WANTED[board.name, ""]
    settings = found.settings()
    assert found.target == target
    # There the firmware finds out the flash's size: one partition table for all.
    wanted = {name: value for name, value in wanted.items() if "PARTITION" not in name}
    assert {name: settings.get(name) for name in wanted} == wanted
    if board.name != "ESP32_GENERIC_S3_MODEM":
        assert settings["PARTITION_TABLE_CUSTOM_FILENAME"] == '"partitions-4MiB.csv"'
    assert cmake.sign(found) == "asked 1, result 0, 8 bytes"
