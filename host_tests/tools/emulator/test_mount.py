"""`make mount`: edit on the host, import on the board, where modules of the same name are
frozen."""

import re
import sys

import pytest
from pty_terminal import PtyTerminal

from iotsafe_tools.emulator.__main__ import sources
from iotsafe_tools.testbed import ROOT

CONTROL_D, CONTROL_X = "\x04", "\x18"
EMULATOR = [sys.executable, "-m", "iotsafe_tools.emulator"]
ASK = "import ticks; print('answer', ticks.answer)\r"


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a module that is also frozen."""
    (tmp_path / "mounted" / "ticks").mkdir(parents=True)
    return tmp_path / "mounted"


def write(folder, answer):
    (folder / "ticks" / "__init__.py").write_text(f"answer = {answer}\n")


def test_what_was_edited_is_seen_at_the_next_call(pico, folder):
    for answer in (1, 22):
        write(folder, answer)
        code = "import ticks; print(ticks.answer)"
        output = pico.mpremote("mount", str(folder), "exec", code)
        assert output.splitlines()[-1] == str(answer)
    assert pico.mpremote("exec", "import ticks; print(hasattr(ticks, 'answer'))") == "False\n"


def test_what_was_edited_is_seen_after_a_soft_reset_at_the_prompt(pico, folder):
    write(folder, 1)
    with PtyTerminal([*EMULATOR, "mount", "--port", pico.console, str(folder)]) as terminal:
        terminal.wait_for(">>> ")
        terminal.wait_for("answer 1", terminal.type(ASK))
        write(folder, 22)
        terminal.wait_for("answer 1", terminal.type(ASK))  # imported once
        for answer in (22, 333):
            write(folder, answer)
            mark = terminal.type(CONTROL_D)
            terminal.wait_for("mounted the folder again", mark)
            terminal.wait_for(">>> ", mark)
            terminal.wait_for(f"answer {answer}", terminal.type(ASK))
        assert "IoT SAFE telemetry on" not in terminal.shown  # the application did not start
        terminal.type(CONTROL_X)
        assert terminal.wait() == 0


def test_the_sources_are_mounted_all_of_them(pico, tmp_path):
    place = sources(tmp_path / "links")
    names = ["app", "cellular", "iotsafe", "telemetry", "ticks"]
    assert sorted(path.name for path in place.iterdir()) == names
    assert (place / "app" / "config.py").samefile(ROOT / "firmware" / "app" / "config.py")
    code = "import os, ticks; print(len(open(ticks.__file__).read())); print(sorted(os.listdir()))"
    output = pico.mpremote("mount", "--unsafe-links", str(place), "exec", code).splitlines()
    size = len((ROOT / "lib" / "ticks" / "__init__.py").read_text(encoding="utf-8"))
    assert output[-2:] == [str(size), str(names)]


def test_a_prompt_with_modem_sim_broker_and_config(tmp_path):
    """`make repl`: a user can type there what it says."""
    flash = tmp_path / "repl.img"
    with PtyTerminal([*EMULATOR, "repl", "--flash", str(flash)]) as terminal:
        terminal.wait_for(f"rm {flash}")  # how to start anew
        terminal.wait_for(">>> ")
        mark = terminal.type("import app; app.run(1)\r")
        terminal.wait_for("delivered {", mark)
        terminal.wait_for(">>> ", mark)
        temperature = re.search(r"'temp': ([\d.]+)", terminal.shown)
        assert 20 < float(temperature[1]) < 23, temperature
        terminal.type(CONTROL_X)
        assert terminal.wait() == 0
