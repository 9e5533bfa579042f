"""`make deploy` onto the image that a user flashes: the board runs the copied files."""

import pytest

from iotsafe_tools.toolchain import boards as known_boards
from iotsafe_tools.toolchain import deploy, layout, steps

PLACE = layout.find()
BOARD = known_boards.find(PLACE, "WAVESHARE_PICO_SIM7080G")


def test_the_files_are_there_and_go_before_the_frozen_ones(boards, capsys):
    pico = boards()
    pico.wait_console()
    files = [n for _, n in deploy.manifest_files(PLACE, PLACE.sources, PLACE.umqtt, BOARD)]
    deploy.run(PLACE, PLACE.sources, PLACE.umqtt, BOARD, pico.console)
    assert "cannot let a SIM sign" not in capsys.readouterr().out
    code = (
        "import os\ndef walk(p):\n for e in os.ilistdir(p):\n  q = p + '/' + e[0]\n"
        "  walk(q) if e[1] == 0x4000 else print(q)\nwalk('/lib')"
    )
    starts = {"boot.py", "main.py"}
    wanted = {f"/lib/{name.removesuffix('.py')}.mpy" for name in {*files} - starts}
    assert {*pico.exec(code).split()} == wanted
    assert starts <= {*pico.exec("import os; print(*os.listdir('/'))").split()}
    names = ("app", "board", "cellular", "iotsafe", "telemetry", "ticks")
    code = f"import {', '.join(names)}\nfor m in ({', '.join(names)}): print(m.__file__)"
    places = pico.mpremote("exec", code).split()
    assert places == [
        "/lib/board.mpy" if name == "board" else f"/lib/{name}/__init__.mpy" for name in names
    ]


def test_no_board_is_one_line(boards):
    pico = boards()
    console = pico.console
    pico.stop()
    with pytest.raises(steps.SetupError, match="is the board plugged in"):
        deploy.run(PLACE, PLACE.sources, PLACE.umqtt, BOARD, console)
