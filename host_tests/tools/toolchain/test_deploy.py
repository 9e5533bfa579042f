"""Files for a board that runs MicroPython: their choice, compilation and destination."""

import pytest
from setup_fakes import command

from iotsafe_tools.toolchain import boards, deploy, layout, steps

PLACE = layout.find()


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Record the calls of mpremote and mpy-cross; a function that sets the board's answer."""
    here = layout.Layout(tmp_path / "checkout")
    here.log.mkdir(parents=True)
    notes = tmp_path / "notes"
    notes.touch()

    def answers(line, status=0):
        command(
            here.python.parent,
            "python",
            f'echo "$@" | tr "\\n" " " >> {notes}; echo >> {notes}\necho "{line}"; exit {status}',
        )

    for folder in ("mpy-cross",):
        command(here.build / folder, "mpy-cross", f'echo "cross $1 $3" >> {notes}; touch "$5"')
    files = tmp_path / "files"
    files.mkdir()
    listing = [(files / name, name) for name in ("main.py", "boot.py", "app.py", "lib/a.py")]
    (files / "lib").mkdir()
    for path, _ in listing:
        path.touch()
    monkeypatch.setattr(deploy, "manifest_files", lambda *_args: iter(listing))
    board = boards.BoardBuild(tmp_path / "X", "", boards.PORTS["rp2"], {})
    return here, board, answers, notes


def run(fake, port=""):
    here, board, _, notes = fake
    deploy.run(here, here.root, here.root, board, port)
    return notes.read_text().splitlines()


def test_files_are_compiled_for_the_board_and_copied(fake, capsys):
    fake[2]("(4358, True, False)")
    lines = run(fake, "/dev/ttyACM0")
    assert lines[1:3] == ["cross -march=armv6m app.py", "cross -march=armv6m lib/a.py"]
    copies = [line for line in lines if " fs cp " in line]
    assert "connect /dev/ttyACM0 fs cp -r " in copies[0]
    assert copies[0].strip().endswith(":lib/")
    assert copies[0].count(".mpy") == 1  # app.mpy, and the folder lib
    assert copies[1].strip().endswith("main.py :/")
    assert "Reset the board" in capsys.readouterr().out


def test_what_is_frozen_already_is_replaced_from_the_root(fake):
    fake[2]("(4358, True, True)")
    copies = [line for line in run(fake) if " fs cp " in line]
    assert "connect auto" in copies[0]
    assert copies[0].strip().endswith(" :/")


def test_a_firmware_without_the_hook_is_told(fake, capsys):
    fake[2]("(4358, False, False)")
    run(fake)
    assert "cannot let a SIM sign" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["", "nothing", "(1, 2)", "[", "{"])
def test_an_odd_answer_ends_it(fake, line):
    fake[2](line)
    with pytest.raises(steps.SetupError, match="the board answers, but not as MicroPython would"):
        run(fake)


def test_no_answer_ends_it(fake):
    fake[2]("mpremote: no device found", 1)
    with pytest.raises(steps.SetupError, match="is the board plugged in"):
        run(fake)


@pytest.mark.parametrize(
    ("mpy", "flags"),
    [(0x0006, []), (0x1106, ["-march=armv6m"]), (0x2B06, ["-march=xtensawin"]), (0xFC06, [])],
)
def test_the_chip_decides_the_flags(mpy, flags):
    assert deploy.cross_flags(mpy) == flags


@pytest.mark.parametrize("mpy", [0, 5, 7])
def test_another_format_of_mpy_is_refused(mpy):
    with pytest.raises(steps.SetupError, match=f"version {mpy}, not 6"):
        deploy.cross_flags(mpy)


@pytest.mark.parametrize("name", ["WAVESHARE_PICO_SIM7080G", "LILYGO_T_SIM7080G_S3"])
def test_the_manifest_says_which_files(name):
    board = boards.find(PLACE, name)
    files = deploy.manifest_files(PLACE, PLACE.sources, PLACE.umqtt, board)
    found = [target for _, target in files]
    assert {"main.py", "boot.py", "board.py", "umqtt/simple.py", "iotsafe/__init__.py"} <= {*found}
    assert not [target for target in found if target.startswith(("asyncio", "_boot"))]


def test_a_broken_manifest_is_one_line(tmp_path):
    (tmp_path / "manifest.py").write_text("include('gone')")
    board = boards.BoardBuild(tmp_path, "", boards.PORTS["rp2"], {})
    with pytest.raises(steps.SetupError, match=r"manifest\.py: "):
        list(deploy.manifest_files(PLACE, PLACE.sources, PLACE.umqtt, board))
