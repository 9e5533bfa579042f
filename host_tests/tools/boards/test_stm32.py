"""The Portenta, evaluated by the STM32 port's own Makefile.

Without ST's library the firmware cannot be compiled; mbedTLS with the board's configuration and
the signing hook can, for its processor.
"""

import re
import shutil

import pytest
from board_checks import folders, make
from board_checks.folders import BOARDS, SOURCES, BoardFolder

(PORTENTA,) = folders.find(("stm32",))
UPSTREAM = SOURCES / "ports" / "stm32" / "boards" / "ARDUINO_PORTENTA_H7"


@pytest.fixture(scope="module")
def variables():
    return make.variables(
        PORTENTA,
        SOURCES,
        *("CFLAGS", "CFLAGS_EXTMOD", "FROZEN_MANIFEST", "GIT_SUBMODULES", "LD_FILES"),
        *("LDFLAGS_EXTMOD", "MBEDTLS_CONFIG_FILE", "MPY_CROSS_FLAGS", "SRC_C", "SRC_EXTMOD_C"),
        *("TEXT0_ADDR", "BOOTLOADER_DFU_USB_PID"),
    )


def test_makefile_takes_our_files(variables):
    assert variables["FROZEN_MANIFEST"] == str(PORTENTA.path / "manifest.py")
    assert variables["MBEDTLS_CONFIG_FILE"].strip("'\"") == str(
        PORTENTA.path / "mbedtls_config_board.h"
    )
    for name in ("bdev.c", "board_init.c"):
        assert str(PORTENTA.path / name) in variables["SRC_C"].split()


def test_makefile_takes_the_ports_portenta(variables):
    assert "-DSTM32H747xx" in variables["CFLAGS"]
    assert "-mcpu=cortex-m7" in variables["CFLAGS"]
    assert variables["TEXT0_ADDR"] == "0x08040000"
    assert variables["BOOTLOADER_DFU_USB_PID"] == "0x035b"
    assert (SOURCES / "ports" / "stm32" / variables["LD_FILES"]).is_file()
    # The board leaves out Arduino's library, and has everything else of the port's board.
    upstream = make.variables(BoardFolder(UPSTREAM, "stm32"), SOURCES, "GIT_SUBMODULES")
    ours = set(variables["GIT_SUBMODULES"].split())
    assert set(upstream["GIT_SUBMODULES"].split()) - ours == {"lib/arduino-lib"}


def test_hook_is_on(variables):
    assert "-DMICROPY_PY_SSL_ECDSA_SIGN_ALT=1" in variables["CFLAGS_EXTMOD"]
    assert "--wrap=mbedtls_ecdsa_write_signature" in variables["LDFLAGS_EXTMOD"]
    assert "extmod/mbedtls/mbedtls_alt.c" in variables["SRC_EXTMOD_C"].split()


def test_bytecode_is_made_for_the_same_processor(variables):
    assert " ".join(PORTENTA.cross_flags) == variables["MPY_CROSS_FLAGS"]


def test_every_pin_that_the_ports_configuration_names_is_in_pins_csv():
    pins = PORTENTA.pins()
    text = "".join(path.read_text() for path in UPSTREAM.glob("*.[ch]"))
    text += (PORTENTA.path / "mpconfigboard.h").read_text()
    for name in set(re.findall(r"\bpyb_pin_(\w+)", text)):
        assert name in pins, name
    for name in set(re.findall(r"\bpin_([A-K]\d+)\b", text)):
        assert f"P{name}" in pins, name


def test_pins_are_upstreams():
    upstream = BoardFolder(UPSTREAM, "stm32").pins()
    ours = PORTENTA.pins()
    for name in set(ours) & set(upstream):
        assert ours[name] == upstream[name], name
    assert {name for name in ours if name not in upstream} == {
        *("MODEM_TX", "MODEM_RX", "MODEM_RTS", "MODEM_CTS", "MODEM_RESET", "MODEM_ON")
    }


def test_the_modems_pins_can_be_uart4():
    table = (SOURCES / "ports/stm32/boards/stm32h743_af.csv").read_text().splitlines()
    rows = [[cell.strip() for cell in row.split(",")] for row in table]
    functions = {row[1]: row for row in rows}
    for name, function in (("MODEM_TX", "UART4_TX"), ("MODEM_RX", "UART4_RX")):
        assert function in functions[PORTENTA.pins()[name]]
    text = (PORTENTA.path / "mpconfigboard.h").read_text()
    assert re.search(r"MICROPY_HW_UART4_TX\s+\(pin_A0\)", text)
    assert re.search(r"MICROPY_HW_UART4_RX\s+\(pin_I9\)", text)
    # The port's own configuration uses these pins neither for a UART nor for anything else.
    upstream = (UPSTREAM / "mpconfigboard.h").read_text()
    users = re.findall(r"#define\s+(\w+)\s+\(pin_(?:A0|I9|I10|I13|J7|J10)\)", upstream)
    assert users == ["MICROPY_HW_USRSW_PIN"]
    assert re.search(r"#define MICROPY_HW_HAS_SWITCH\s+\(0\)", upstream)


def test_a_signature_goes_to_the_hook(tmp_path):
    code = make.link_probe(PORTENTA, SOURCES, tmp_path)
    calls = re.findall(r"\sbl?\.?[wn]?\s+\w+ <((?:__wrap_)?mbedtls_ecdsa_write_signature)>", code)
    assert calls == ["__wrap_mbedtls_ecdsa_write_signature"]


def test_without_the_option_nothing_is_wrapped(tmp_path):
    copy = tmp_path / "boards" / PORTENTA.name
    shutil.copytree(BOARDS / PORTENTA.name, copy)
    with (copy / "mpconfigboard.mk").open("a") as file:
        file.write("MICROPY_PY_SSL_ECDSA_SIGN_ALT = 0\n")
    code = make.link_probe(BoardFolder(copy, "stm32"), SOURCES, tmp_path / "out")
    assert "__wrap_mbedtls_ecdsa_write_signature" not in code
    assert re.search(r"\sb\S*\s+\w+ <mbedtls_ecdsa_write_signature>", code)


def test_the_boards_mbedtls_configuration_compiles(tmp_path):
    """Compile all of mbedTLS that the firmware contains."""
    sources = make.variables(PORTENTA, SOURCES, "SRC_THIRDPARTY_C")["SRC_THIRDPARTY_C"].split()
    wanted = [name for name in sources if name.startswith("lib/mbedtls/library/")]
    assert len(wanted) > 50
    make.compile_objects(PORTENTA, SOURCES, tmp_path, wanted)
