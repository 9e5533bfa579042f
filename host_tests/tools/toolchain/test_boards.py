"""How a board is chosen, and the needs of a board of another port."""

import json
from pathlib import Path

import pytest

from iotsafe_tools.toolchain import boards, build, elf, other_ports, pins, rp2_sources, steps
from iotsafe_tools.toolchain.layout import Layout, find


@pytest.fixture
def layout(tmp_path):
    """A checkout with one board per port, and one board of no port."""
    for name, mcu, variants in (
        ("A_PICO", "rp2040", {"TWO": "Pico 2"}),
        ("B_ESP", "esp32s3", {}),
        ("C_STM", "stm32h7", {}),
        ("D_ODD", "z80", {}),
    ):
        folder = tmp_path / "boards" / name
        folder.mkdir(parents=True)
        (folder / "board.json").write_text(json.dumps({"mcu": mcu, "variants": variants}))
    (tmp_path / "boards" / "common").mkdir()
    (tmp_path / "boards" / "esp32_common").mkdir()
    return Layout(tmp_path)


def test_every_board_of_the_project_has_a_port():
    layout = find()
    names = [path.parent.name for path in layout.boards.glob("*/board.json")]
    ports = {boards.find(layout, name).port.name for name in names}
    assert boards.DEFAULT in names
    assert ports == {"rp2", "esp32", "stm32"}


def test_a_board_knows_its_name_and_what_it_shares(layout):
    assert boards.find(layout, "A_PICO").name == "A_PICO"
    assert boards.find(layout, "A_PICO", "TWO").name == "A_PICO-TWO"
    shared = boards.find(layout, "B_ESP").shared
    assert [path.name for path in shared] == ["common", "esp32_common"]


@pytest.mark.parametrize(
    ("name", "variant", "line"),
    [
        ("X", "", "BOARD=X is not known; there are A_PICO, B_ESP, C_STM, D_ODD"),
        ("common", "", "BOARD=common is not known"),
        ("../boards/A_PICO", "", "is not known"),
        ("A_PICO", "ONE", "VARIANT=ONE is not known: A_PICO has TWO"),
        ("B_ESP", "ONE", "VARIANT=ONE is not known: B_ESP has none"),
        ("D_ODD", "", "its mcu is none of rp2040, "),
    ],
)
def test_what_is_no_board_is_refused(layout, name, variant, line):
    with pytest.raises(steps.SetupError) as caught:
        boards.find(layout, name, variant)
    assert line in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mcu": []}', '{"mcu": null}'])
def test_a_broken_description_is_one_line(layout, text):
    (layout.boards / "A_PICO" / "board.json").write_text(text)
    with pytest.raises(steps.SetupError, match="its mcu is none of"):
        boards.find(layout, "A_PICO")


@pytest.fixture
def pinned(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".complete").touch()
    return tree


def test_the_container_has_the_pinned_commits():
    text = (find().boards / "Containerfile").read_text()
    for commit, name in zip(pins.COMMITS, ("MICROPYTHON", "MBEDTLS"), strict=True):
        assert f"ARG {name}={commit.commit}\n" in text


def test_without_esp_idf_one_line_says_so(layout, pinned, monkeypatch):
    monkeypatch.delenv("IDF_PATH", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(steps.SetupError) as caught:
        other_ports.check(boards.find(layout, "B_ESP"), pinned)
    assert str(caught.value) == (
        "B_ESP needs ESP-IDF (IDF_PATH is not set) and a git checkout of MicroPython with "
        'submodules (MICROPYTHON_DIR is not set): see boards/README.md, "To build one", or use '
        "boards/Containerfile"
    )


def test_an_own_tree_without_submodules_is_told_which(layout, tmp_path, monkeypatch):
    monkeypatch.setenv("IDF_PATH", "/idf")
    (tmp_path / "lib" / "tinyusb" / "src").mkdir(parents=True)
    with pytest.raises(steps.SetupError) as caught:
        other_ports.check(boards.find(layout, "B_ESP"), tmp_path)
    line = f"git -C {tmp_path} submodule update --init lib/berkeley-db-1.xx"
    assert str(caught.value).endswith(line)


def test_an_own_tree_with_all_it_takes_is_built(layout, tmp_path, monkeypatch):
    monkeypatch.setenv("IDF_PATH", "/idf")
    for name in boards.PORTS["esp32"].submodules:
        (tmp_path / name / "src").mkdir(parents=True)
    other_ports.check(boards.find(layout, "B_ESP"), tmp_path)


def test_an_own_tree_for_the_pico_is_taken_as_it_is(layout, tmp_path):
    with pytest.raises(steps.SetupError, match="has no lib/pico-sdk, lib/tinyusb: run git -C"):
        rp2_sources.ensure(layout, tmp_path)
    for name in boards.PORTS["rp2"].submodules:
        (tmp_path / name / "src").mkdir(parents=True)
    assert rp2_sources.ensure(layout, tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("name", "start", "setting"),
    [
        ("B_ESP", ["bash", "-c"], "IDFPY_FLAGS"),
        ("C_STM", ["make", "-C"], "MICROPY_MANIFEST_UMQTT_DIR=/umqtt"),
    ],
)
def test_the_ports_own_make_builds_it(layout, tmp_path, monkeypatch, name, start, setting):
    calls = []
    monkeypatch.setattr(build, "run", lambda command, *_, env, **__: calls.append((command, env)))
    board = boards.find(layout, name)
    objects = tmp_path / "objects" / "a"
    objects.mkdir(parents=True)
    other_ports.compile_board(layout, tmp_path, Path("/umqtt"), board, objects, tmp_path / "log")
    command, environment = calls[0]
    assert command[:2] == start
    assert f"BOARD_DIR={board.path}" in command
    assert setting in command or "UMQTT_DIR=/umqtt" in environment[setting]


def test_an_image_without_the_hook_is_refused(layout, tmp_path, monkeypatch):
    (tmp_path / "build").mkdir()
    (tmp_path / "out").mkdir()
    for name in ("micropython.elf", "firmware.bin"):
        (tmp_path / "build" / name).write_text(name)
    board = boards.find(layout, "B_ESP")
    monkeypatch.setattr(elf, "symbols", lambda _path: {"__wrap_mbedtls_ecdsa_write_signature": 1})
    assert other_ports.collect(board, tmp_path, tmp_path / "out") == "12 bytes"
    assert (tmp_path / "out" / "firmware.bin").read_text() == "firmware.bin"
    monkeypatch.setattr(elf, "symbols", lambda _path: {})
    with pytest.raises(steps.SetupError, match="no ELF with __wrap_mbedtls_ecdsa_write"):
        other_ports.collect(board, tmp_path, tmp_path / "out")
