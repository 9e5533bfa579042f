"""Every name that a board folder uses exists in the MicroPython source that it is built with."""

import re
import shutil
import subprocess
import sys

import pytest
from board_checks import folders, freeze, source
from board_checks.folders import BOARDS, SOURCES

ALL = folders.find()
ESP32 = [board for board in ALL if board.port == "esp32"]

# GPIOs that a program cannot use: not bonded out, or wired to flash and PSRAM inside the module.
_NO_PIN = {
    "esp32": {*range(6, 12), 16, 17, 20, 24, *range(28, 32), *range(37, 49)},
    "esp32s3": {*range(22, 33)},
}
_OCTAL_PSRAM = {35, 36, 37}


def each(boards=ALL):
    return pytest.mark.parametrize("board", boards, ids=lambda board: board.name)


def test_the_boards_are_found():
    assert [(board.name, board.port) for board in ALL] == [
        ("ARDUINO_PORTENTA_H7_CATM1", "stm32"),
        ("DPTECHNICS_WALTER", "esp32"),
        ("ESP32_GENERIC_S3_MODEM", "esp32"),
        ("LILYGO_T_SIM7000G", "esp32"),
        ("LILYGO_T_SIM7080G_S3", "esp32"),
    ]


@each()
def test_macros_exist(board):
    known = source.port_words(SOURCES, board.port)
    ours = {"MICROPY_INCLUDED_MBEDTLS_CONFIG_BOARD_H", "IOTSAFE_MBEDTLS_H"}
    for path, text in [*board.texts("*.h"), *board.texts("*.c")]:
        for macro in source.defined(text):
            words = source.words(SOURCES / "lib" / "mbedtls" / "include")
            words = words | source.words(SOURCES / "lib" / "mbedtls" / "library")
            assert macro in known | words | ours, f"{path}: {macro}"


@each()
def test_compiler_definitions_exist(board):
    known = source.port_words(SOURCES, board.port)
    for path, text in board.texts("*.cmake"):
        for macro in re.findall(r"\b(MICROPY_[A-Z0-9_]+)=", text):
            assert macro in known, f"{path}: {macro}"


@each()
def test_included_files_exist(board):
    mbedtls = SOURCES / "lib" / "mbedtls" / "include"
    roots = (SOURCES, SOURCES / "ports" / board.port, mbedtls, board.path)
    for path, text in [*board.texts("*.h"), *board.texts("*.c")]:
        for name in source.included(text):
            assert any((root / name).is_file() for root in roots), f"{path}: {name}"


@each(ESP32)
def test_cmake_variables_exist(board):
    port = "".join(
        path.read_text()
        for path in (
            SOURCES / "ports/esp32/CMakeLists.txt",
            SOURCES / "ports/esp32/esp32_common.cmake",
            SOURCES / "py/mkrules.cmake",
        )
    )
    _, read_by_port = source.cmake_names(port)
    texts = dict(board.texts("*.cmake"))
    written = {name for text in texts.values() for name in source.cmake_names(text)[0]}
    # ESP-IDF's project.cmake reads this variable; the port's boards all set it.
    for name in written - {"IDF_TARGET"}:
        assert name in read_by_port or name.startswith("IOTSAFE_"), name
    for path, text in texts.items():
        for name in source.cmake_names(text)[1]:
            given = name in written or name in read_by_port or name.startswith("CMAKE_")
            given = given or name in ("ARGN", "IOTSAFE_NAME", "name")  # of a macro
            assert given, f"{path}: {name}"


@pytest.mark.parametrize(
    ("command", "target", "variable"),
    [
        ("target_compile_definitions", "${MICROPY_TARGET}", "${MICROPY_DEF_BOARD}"),
        ("idf_component_register", "SRCS", "${MICROPY_SOURCE_BOARD}"),
        ("list", "MICROPY_SOURCE_QSTR", "${MICROPY_SOURCE_BOARD}"),
    ],
)
def test_the_port_uses_what_a_board_collects(command, target, variable):
    text = (SOURCES / "ports/esp32/esp32_common.cmake").read_text()
    commands = re.findall(rf"^{command}\((.*?)^\)", text, re.MULTILINE | re.DOTALL)
    assert any(target in body.split() and variable in body.split() for body in commands)


@each(ESP32)
def test_kconfig_symbols_are_known(board):
    known = source.known_symbols(SOURCES)
    for path, text in board.texts("sdkconfig.*"):
        for symbol, _ in source.kconfig(text):
            assert symbol in known, f"{path}: CONFIG_{symbol}"


@each(ESP32)
def test_fragments_can_be_joined(board):
    for _, text in board.texts("sdkconfig.*"):
        source.kconfig(text)
        assert text.endswith("\n")  # the build joins the fragments end to end


@pytest.mark.parametrize("line", ["MBEDTLS_X=y", "CONFIG_X=yes", "CONFIG_X", 'CONFIG_X="a'])
def test_a_fragment_with_a_bad_line_is_refused(line):
    with pytest.raises(ValueError, match="line 2"):
        source.kconfig("# good\n" + line + "\n")


# ---- board.json ---------------------------------------------------------------------------


@each()
def test_board_json_has_upstreams_fields(board):
    always, some = source.board_fields(SOURCES, ("esp32", "stm32"))
    fields = board.describe()
    assert always <= set(fields) <= some
    assert set(fields["features"]) <= source.valid_features(SOURCES)
    for name in ("product", "vendor", "mcu"):
        assert fields[name], name
    assert set(fields.get("variants", {})) == set(board.variants) - {""}


@each()
def test_deploy_text_can_be_formatted_as_the_download_page_does(board):
    fields = board.describe()
    for name in fields["deploy"]:
        text = (board.path / name).read_text()
        assert "{" not in text.format(**fields, id=board.name)


@each(ESP32)
def test_flash_offset_fits_the_chip(board):
    fields = board.describe()
    assert (
        fields["deploy_options"]["flash_offset"]
        == {"esp32": "0x1000", "esp32s3": "0"}[fields["mcu"]]
    )


# ---- pins ---------------------------------------------------------------------------------


@each()
def test_pins_parse_with_the_ports_own_script(board, tmp_path):
    if not board.pins():
        assert board.name == "ESP32_GENERIC_S3_MODEM"  # its pins come from the config
        return
    subprocess.run(_make_pins(board, tmp_path), check=True)
    made = (tmp_path / "pins.c").read_text() + (tmp_path / "pins.h").read_text()
    for name in board.pins():
        assert name in made, name


@each([board for board in ALL if board.pins()])
def test_the_ports_script_refuses_a_bad_pin(board, tmp_path):
    copy = tmp_path / board.name
    shutil.copytree(board.path, copy)
    with (copy / "pins.csv").open("a") as file:
        file.write("WRONG,GPIO99\n" if board.port == "esp32" else "WRONG,PZ99\n")
    command = _make_pins(folders.BoardFolder(copy, board.port), tmp_path)
    assert subprocess.run(command, capture_output=True).returncode


def _make_pins(board, tmp_path):
    port = SOURCES / "ports" / board.port / "boards"
    extra = {
        "esp32": ["--prefix", port / "pins_prefix.c"],
        "stm32": [
            *("--prefix", port / "stm32f4xx_prefix.c"),
            *("--af-csv", port / "stm32h743_af.csv"),
            *("--output-af-const", tmp_path / "af_const.h"),
            *("--output-af-defs", tmp_path / "af_defs.h"),
        ],
    }[board.port]
    outputs = ["--output-source", tmp_path / "pins.c", "--output-header", tmp_path / "pins.h"]
    return [
        sys.executable,
        port / "make-pins.py",
        *("--board-csv", board.path / "pins.csv"),
        *extra,
        *outputs,
    ]


@each(ESP32)
def test_no_gpio_has_two_functions(board):
    used = list(board.pins().values())
    assert len(used) == len(set(used)), sorted(pin for pin in used if used.count(pin) > 1)


@each(ESP32)
def test_every_gpio_exists_on_the_module(board):
    no_pin = set(_NO_PIN[board.describe()["mcu"]])
    if "spiram_oct" in (board.path / "mpconfigboard.cmake").read_text():
        no_pin |= _OCTAL_PSRAM
    for name, pin in board.pins().items():
        assert int(pin.removeprefix("GPIO")) not in no_pin, name


@each(ESP32)
def test_default_bus_pins_are_the_named_ones(board):
    text = (board.path / "mpconfigboard.h").read_text()
    named = {int(pin.removeprefix("GPIO")): name for name, pin in board.pins().items()}
    for macro, pin in re.findall(r"#define\s+MICROPY_HW_I2C0_(SCL|SDA)\s+\((\d+)\)", text):
        assert named[int(pin)].endswith(macro)


# ---- manifests ----------------------------------------------------------------------------


@each()
def test_manifest_is_frozen_for_the_architecture(board, tmp_path):
    modules = freeze.freeze(board, SOURCES, tmp_path)
    package_files = {
        f"{name}/{path.stem}.mpy"
        for name in ("ticks", "iotsafe", "cellular", "telemetry")
        for path in (folders.ROOT / "lib" / name).glob("*.py")
        if path.stem != "manifest"
    }
    assert package_files <= set(modules)
    wanted = {"board.mpy", "board_common.mpy", "boot.mpy", "main.mpy", "app/__init__.mpy"}
    assert wanted | {"umqtt/simple.mpy", "asyncio/core.mpy"} <= set(modules)
    if board.port == "esp32":
        assert {"_boot.mpy", "inisetup.mpy", "esp32_board.mpy"} <= set(modules)
    own = {path.stem + ".mpy" for path in board.path.glob("*.py") if path.stem != "manifest"}
    assert own <= set(modules)


def test_a_module_that_the_device_cannot_compile_is_refused(tmp_path):
    copy = tmp_path / "boards" / "DPTECHNICS_WALTER"
    shutil.copytree(BOARDS / "DPTECHNICS_WALTER", copy)
    (copy / "board.py").write_text("match 1:\n    case 1: pass\n")
    (copy / "manifest.py").write_text('module("board.py")\n')
    with pytest.raises(RuntimeError, match="invalid syntax"):
        freeze.freeze(folders.BoardFolder(copy, "esp32"), SOURCES, tmp_path / "out")
