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
}
_QIO = {"ESPTOOLPY_FLASHMODE_QIO": "y"}
_4MIB = {"ESPTOOLPY_FLASHSIZE_4MB": "y"}
_WANTED = {
    ("DPTECHNICS_WALTER", ""): ("esp32s3", _QUAD | _16MIB),
    ("ESP32_GENERIC_S3_MODEM", ""): ("esp32s3", _QUAD | _QIO),
    ("ESP32_GENERIC_S3_MODEM", "SPIRAM_OCT"): ("esp32s3", _OCTAL | _QIO),
    ("ESP32_GENERIC_S3_MODEM", "FLASH_4M"): ("esp32s3", _QUAD | _QIO | _4MIB),
    ("LILYGO_T_SIM7000G", ""): ("esp32", {"SPIRAM": "y", "SPIRAM_CACHE_WORKAROUND": "y"} | _4MIB),
    ("LILYGO_T_SIM7080G_S3", ""): ("esp32s3", _OCTAL | _16MIB),
}
# The partition table, where the port has one for each size: up to MicroPython 1.25. From 1.26 on
# the firmware finds out the flash's size, and one table is for all.
_PARTITIONS = {
    ("DPTECHNICS_WALTER", ""): "partitions-16MiB.csv",
    ("ESP32_GENERIC_S3_MODEM", ""): "partitions-8MiB.csv",
    ("ESP32_GENERIC_S3_MODEM", "SPIRAM_OCT"): "partitions-8MiB.csv",
    ("ESP32_GENERIC_S3_MODEM", "FLASH_4M"): "partitions-4MiB.csv",
    ("LILYGO_T_SIM7000G", ""): "partitions-4MiB.csv",
    ("LILYGO_T_SIM7080G_S3", ""): "partitions-16MiB.csv",
}
_ONE_TABLE = "partitions-4MiBplus.csv"


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


def check(found, tree, board, variant):
    """Compare an evaluation with `_WANTED` and `_PARTITIONS`."""
    target, wanted = _WANTED[board.name, variant]
    settings = found.settings()
    assert found.target == target
    assert {name: settings.get(name) for name in wanted} == wanted
    assert settings["MBEDTLS_ECDSA_DETERMINISTIC"] == "n"
    assert settings["ESP_DEFAULT_CPU_FREQ_MHZ_240"] == "y"
    assert settings["MBEDTLS_HAVE_TIME_DATE"] == "y"  # mbedTLS refuses expired certificates
    assert found.manifest == board.path / "manifest.py"
    port = tree / "ports" / "esp32"
    table = _PARTITIONS[board.name, variant]
    expected = _ONE_TABLE if (port / _ONE_TABLE).exists() else table
    assert settings["PARTITION_TABLE_CUSTOM_FILENAME"] == f'"{expected}"'
    assert (port / expected).is_file()


@each
def test_configuration(evaluations, board, variant):
    check(evaluations(board, variant), SOURCES, board, variant)


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


# ---- other releases -----------------------------------------------------------------------

OTHERS = {name: tree for name, tree in folders.trees().items() if tree != SOURCES}


@pytest.mark.parametrize("name", OTHERS)
@each
def test_another_release(tmp_path, name, board, variant):
    found = cmake.evaluate(board, OTHERS[name], tmp_path / "out", variant)
    check(found, OTHERS[name], board, variant)
    assert all(path.is_file() for path in found.sources)


@pytest.mark.parametrize("name", OTHERS)
def test_the_hook_in_another_release(tmp_path, name):
    found = cmake.evaluate(ESP32[0], OTHERS[name], tmp_path / "out")
    assert cmake.sign(found) == "asked 1, result 0, 8 bytes"


# What later releases changed in the esp32 port, as functions of its folder, oldest first. The
# layout of a release has all changes up to it.
def _one_partition_table(port):
    for size in (8, 16):
        (port / f"partitions-{size}MiB.csv").unlink()
    (port / "partitions-4MiB.csv").rename(port / _ONE_TABLE)
    base = port / "boards" / "sdkconfig.base"
    base.write_text(base.read_text().replace("partitions-4MiB.csv", _ONE_TABLE))
    generic = port / "boards" / "ESP32_GENERIC_S3"
    (generic / "sdkconfig.flash_4m").unlink()
    lines = (generic / "sdkconfig.board").read_text().splitlines(keepends=True)
    kept = [line for line in lines if "FLASHSIZE" not in line and "PARTITION" not in line]
    (generic / "sdkconfig.board").write_text("".join(kept))


def _no_usb_fragment(port):
    (port / "boards" / "sdkconfig.usb").unlink()


def _common_files(port):
    boards = port / "boards"
    (boards / "ESP32_GENERIC_S3" / "sdkconfig.board").rename(boards / "sdkconfig.flash_qio_80m")
    (boards / "sdkconfig.spiram_sx").rename(boards / "sdkconfig.spiram_quad")
    (boards / "sdkconfig.spiram").rename(boards / "sdkconfig.spiram_esp32")
    for chip, extra in (("esp32s3", "boards/sdkconfig.spiram_quad"), ("esp32", "")):
        (boards / f"mpconfigboard_{chip}_common.cmake").write_text(
            f"set(IDF_TARGET {chip})\n"
            f"set(SDKCONFIG_DEFAULTS boards/sdkconfig.base boards/sdkconfig.ble {extra})\n"
        )


CHANGES = {
    "1.26": _one_partition_table,
    "1.27": lambda port: None,
    "1.28": _no_usb_fragment,
    "1.29": _common_files,
}


@pytest.fixture(scope="module", params=CHANGES)
def later(request, tmp_path_factory):
    """The pinned tree with the esp32 port's files laid out as in a later release."""
    tree = tmp_path_factory.mktemp("later")
    port = tree / "ports" / "esp32"
    old = SOURCES / "ports" / "esp32"
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
    shutil.copytree(old / "boards" / "ESP32_GENERIC_S3", port / "boards" / "ESP32_GENERIC_S3")
    for path in [old / "CMakeLists.txt", *old.glob("*.csv"), *old.glob("boards/sdkconfig.*")]:
        shutil.copy(path, port / path.relative_to(old))
    for name, change in CHANGES.items():
        change(port)
        if name == request.param:
            break
    return tree


@each
def test_a_later_layout(later, tmp_path, board, variant):
    check(cmake.evaluate(board, later, tmp_path / "out", variant), later, board, variant)


@pytest.mark.parametrize("later", list(CHANGES)[-1:], indirect=True)
def test_the_hook_in_the_latest_layout(later, tmp_path):
    found = cmake.evaluate(ESP32[0], later, tmp_path / "out")
    assert cmake.sign(found) == "asked 1, result 0, 8 bytes"


@pytest.mark.parametrize("later", list(CHANGES)[-1:], indirect=True)
def test_a_release_without_a_fragment_that_is_needed_stops_cmake(later, tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(later, tree, symlinks=True)
    (tree / "ports" / "esp32" / "boards" / "sdkconfig.240mhz").unlink()
    with pytest.raises(RuntimeError, match=r"none of sdkconfig\.240mhz"):
        cmake.evaluate(ESP32[0], tree, tmp_path / "out")
