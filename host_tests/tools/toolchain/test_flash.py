"""Writing an image: the tool and its arguments, or one line that says what to do."""

from pathlib import Path

import pytest
from setup_fakes import command

from iotsafe_tools.toolchain import boards, flash, steps
from iotsafe_tools.toolchain.layout import Layout


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A checkout, an image, and no tool in the path except those that a test makes."""
    layout = Layout(tmp_path / "checkout")
    command(layout.python.parent, "python", f'echo "python $@" >> {tmp_path}/notes')
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    monkeypatch.setattr(flash, "_MOUNTS", (str(tmp_path / "media" / "{}"),))
    monkeypatch.setattr(flash.shutil, "which", lambda name: _which(tmp_path / "tools" / name))
    image = layout.firmware / "X" / "image"
    image.parent.mkdir(parents=True)
    image.write_text("image")
    return layout


def _which(path: Path) -> str | None:
    return str(path) if path.exists() else None


def write(layout, port, name="X", where="", **description):
    board = boards.BoardBuild(Path(name), "", boards.PORTS[port], description)
    flash.run(layout, board, layout.firmware / "X" / "image", where)


def tool(tmp_path, name, status=0):
    command(tmp_path / "tools", name, f'echo "{name} $@" >> {tmp_path}/notes; exit {status}')


def notes(tmp_path):
    return (tmp_path / "notes").read_text().splitlines()


def test_a_pico_gets_its_file_by_its_drive(layout, tmp_path):
    (tmp_path / "media" / "RP2350").mkdir(parents=True)
    write(layout, "rp2")
    assert (tmp_path / "media" / "RP2350" / "image").read_text() == "image"


def test_without_a_drive_the_user_is_told_how_to_get_one(layout):
    with pytest.raises(steps.SetupError, match="hold BOOTSEL while plugging the board in"):
        write(layout, "rp2")


def test_picotool_is_used_where_there_is_one(layout, tmp_path):
    tool(tmp_path, "picotool")
    write(layout, "rp2", where="/dev/ttyACM0")
    image = layout.firmware / "X" / "image"
    assert notes(tmp_path) == [
        "python -m mpremote connect /dev/ttyACM0 bootloader",
        f"picotool load -v -x -f {image}",
    ]


@pytest.mark.parametrize("name", ["esptool", "esptool.py"])
def test_an_esp32_gets_its_image_at_its_offset(layout, tmp_path, name):
    tool(tmp_path, name)
    options = {"mcu": "esp32", "deploy_options": {"flash_offset": "0x1000"}}
    write(layout, "esp32", where="/dev/ttyUSB0", **options)
    image = layout.firmware / "X" / "image"
    assert notes(tmp_path) == [
        f"{name} --chip esp32 --port /dev/ttyUSB0 --baud 460800 write_flash 0x1000 {image}"
    ]


def test_a_portenta_gets_its_image_by_dfu(layout, tmp_path):
    tool(tmp_path, "dfu-util")
    write(layout, "stm32", "ARDUINO_PORTENTA_H7_CATM1")
    assert notes(tmp_path) == [f"dfu-util -a 0 -d 2341:035b -D {layout.firmware / 'X' / 'image'}"]


@pytest.mark.parametrize(
    ("port", "advice"), [("esp32", "pip install esptool"), ("stm32", "apt-get install dfu-util")]
)
def test_a_missing_tool_is_named(layout, port, advice):
    with pytest.raises(steps.SetupError, match=advice):
        write(layout, port)


def test_a_tool_that_fails_is_one_line(layout, tmp_path):
    tool(tmp_path, "picotool", status=1)
    with pytest.raises(steps.SetupError, match="picotool could not write X: is it plugged in"):
        write(layout, "rp2")


def test_a_board_that_does_not_answer_is_named(layout, tmp_path):
    command(layout.python.parent, "python", "exit 1")
    with pytest.raises(
        steps.SetupError, match="the board at /dev/ttyACM9: no MicroPython answers"
    ):
        write(layout, "rp2", where="/dev/ttyACM9")
