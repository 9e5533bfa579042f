"""A board's image: when it is built, its properties, and what a failed build leaves."""

import json
import struct

import pytest

from iotsafe_tools.toolchain import boards, elf, firmware, reproduce, rp2, rp2_sources, steps
from iotsafe_tools.toolchain.layout import Layout

SYMBOLS = {
    "__wrap_mbedtls_ecdsa_write_signature": 0x10000101,
    "__wrap_mbedtls_hardware_poll": 0x10000201,
    "__firmware_area__": 1000,
    "__bss_end__": 0x20000400,
}


def elf_file(symbols, undefined=()):
    """Return an ELF file of three sections: none, symbols, their names."""
    names, rows = b"\0", bytes(16)
    for name, value in [*symbols.items(), *((name, 0) for name in undefined)]:
        section = 0 if name in undefined else 1
        rows += struct.pack("<IIIBBH", len(names), value, 0, 0x12, 0, section)
        names += name.encode() + b"\0"
    start = 52
    sections = bytes(40)
    sections += struct.pack("<10I", 0, 2, 0, 0, start, len(rows), 2, 1, 4, 16)
    sections += struct.pack("<10I", 0, 3, 0, 0, start + len(rows), len(names), 0, 0, 1, 0)
    header = struct.pack(
        "<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01", 2, 40, 1, 0, 0,
        start + len(rows) + len(names), 0, 52, 0, 0, 40, 3, 2,
    )  # fmt: skip
    return header + rows + names + sections


@pytest.fixture
def layout(tmp_path):
    root = tmp_path / "checkout"
    folder = root / "boards" / "PICO"
    folder.mkdir(parents=True)
    (folder / "board.json").write_text('{"mcu": "rp2040"}')
    (folder / "mpconfigboard.h").write_text("#define X 1\n")
    (folder / "board.py").write_text("NAME = 1\n")
    (root / "lib" / "part").mkdir(parents=True)
    (root / "lib" / "part" / "a.py").write_text("A = 1\n")
    return Layout(root)


@pytest.fixture
def board(layout):
    return boards.find(layout, "PICO")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """The pinned tree of the port."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / ".complete").write_text("pinned")
    monkeypatch.setattr(rp2_sources, "ensure", lambda _layout, given: given)
    return folder


@pytest.fixture
def compiled(monkeypatch):
    """Replace the compiler; a list of (whether objects existed, the image made)."""
    calls = []

    def fake(_layout, _tree, _umqtt, _board, objects, _log):
        calls.append(((objects / "kept").exists(), f"image {len(calls) + 1}"))
        (objects / "kept").touch()
        (objects / "CMakeCache.txt").write_text("PICO_PLATFORM:STRING=rp2040\n")
        (objects / "firmware.bin").write_bytes(calls[-1][1].encode())
        (objects / "firmware.elf").write_bytes(elf_file(SYMBOLS))

    monkeypatch.setattr(rp2, "compile_board", fake)
    monkeypatch.setattr(firmware, "_version", lambda compiler: "12")
    return calls


def test_the_image_is_there_and_its_size_is_said(layout, board, tree, compiled, tmp_path, capsys):
    image = firmware.ensure(layout, tree, tmp_path, board, show=True)
    assert image == layout.firmware / "PICO" / "firmware.uf2"
    assert image.read_bytes()[32:39] == b"image 1"
    sizes = json.loads(image.with_name("sizes.json").read_text())
    assert sizes == {"flash": 7, "flash_free": 993, "static_ram": 0x400, "uf2": 512}
    printed = capsys.readouterr().out
    assert "7 bytes of flash, 993 bytes left for firmware, 1024 bytes of static RAM" in printed
    assert "build/firmware/PICO/firmware.uf2" in printed


def test_nothing_is_built_twice(layout, board, tree, compiled, tmp_path):
    firmware.ensure(layout, tree, tmp_path, board)
    firmware.ensure(layout, tree, tmp_path, board)
    assert len(compiled) == 1


@pytest.mark.parametrize("file", ["lib/part/a.py", "lib/part/b.py", "boards/PICO/board.py"])
def test_another_frozen_file_uses_the_objects_again(layout, board, tree, compiled, tmp_path, file):
    firmware.ensure(layout, tree, tmp_path, board)
    (layout.root / file).write_text("A = 2\n")
    firmware.ensure(layout, tree, tmp_path, board)
    assert compiled == [(False, "image 1"), (True, "image 2")]


@pytest.mark.parametrize("cause", ["header", "compiler", "tree"])
def test_another_configuration_builds_everything(
    layout, board, tree, compiled, tmp_path, monkeypatch, cause
):
    firmware.ensure(layout, tree, tmp_path, board)
    if cause == "header":
        (board.path / "mpconfigboard.h").write_text("#define X 2\n")
    elif cause == "compiler":
        monkeypatch.setattr(firmware, "_version", lambda compiler: "13")
    else:
        (tree / ".complete").write_text("another")
    firmware.ensure(layout, tree, tmp_path, board)
    assert compiled == [(False, "image 1"), (False, "image 2")]
    assert len(list((layout.board_objects / "PICO").iterdir())) == 1


def test_a_build_that_was_cut_short_keeps_the_image_and_no_object(
    layout, board, tree, compiled, tmp_path, monkeypatch
):
    image = firmware.ensure(layout, tree, tmp_path, board)
    before = image.read_bytes()
    (layout.root / "lib" / "part" / "a.py").write_text("A = 2\n")
    with monkeypatch.context() as patch:

        def killed(*_args):
            raise steps.SetupError("building: it failed", "Killed")

        patch.setattr(rp2, "compile_board", killed)
        with pytest.raises(steps.SetupError):
            firmware.ensure(layout, tree, tmp_path, board)
    assert image.read_bytes() == before
    firmware.ensure(layout, tree, tmp_path, board)
    assert compiled[-1][0] is False


def collect(board, tmp_path, symbols, image=b"x", undefined=()):
    objects, folder = tmp_path / "objects", tmp_path / "out"
    objects.mkdir()
    folder.mkdir()
    (objects / "firmware.elf").write_bytes(elf_file(symbols, undefined))
    (objects / "firmware.bin").write_bytes(image)
    (objects / "CMakeCache.txt").write_text("PICO_PLATFORM:STRING=rp2350-arm-s\n")
    rp2.collect(board, objects, folder)
    return folder


def test_the_chip_is_the_one_that_cmake_was_told(board, tmp_path):
    file = (collect(board, tmp_path, SYMBOLS) / "firmware.uf2").read_bytes()
    assert file[540:544] == bytes.fromhex("59ff8be4")


@pytest.mark.parametrize("name", list(SYMBOLS)[:2])
def test_a_firmware_without_its_hooks_is_refused(board, tmp_path, name):
    symbols = {key: value for key, value in SYMBOLS.items() if key != name}
    with pytest.raises(steps.SetupError, match=f"has no {name}"):
        collect(board, tmp_path, symbols, undefined=(name,))


def test_a_firmware_that_would_erase_itself_is_refused(board, tmp_path):
    with pytest.raises(steps.SetupError, match="is 1 bytes larger than its 1000 bytes of flash"):
        collect(board, tmp_path, SYMBOLS, image=bytes(1001))


@pytest.mark.parametrize("length", [0, 10, 60, -1, -100])
def test_a_file_that_is_no_elf_is_refused(tmp_path, length):
    (tmp_path / "x").write_bytes(elf_file(SYMBOLS)[:length])
    with pytest.raises(ValueError, match="is not an ELF file, or cut off"):
        elf.symbols(tmp_path / "x")


def test_two_builds_are_compared(layout, board, tree, compiled, tmp_path, capsys, monkeypatch):
    for name in ("lib", "firmware"):
        (layout.root / name).mkdir(exist_ok=True)
    (tmp_path / "umqtt").mkdir()
    layout.mpy_cross.parent.mkdir(parents=True)
    layout.mpy_cross.touch()
    image = firmware.ensure(layout, tree, tmp_path, board)
    with pytest.raises(steps.SetupError, match="PICO: two builds differ"):
        reproduce.run(layout, tree, tmp_path / "umqtt", board, image)
    compiled.clear()
    reproduce.run(layout, tree, tmp_path / "umqtt", board, image)
    assert "two builds, one digest" in capsys.readouterr().out
