"""mpremote with the emulated board, used like with a real one."""

import pytest

from iotsafe_tools.emulator import MpremoteError


def test_boots_to_the_prompt(pico):
    assert pico.mpremote("exec", "print(6 * 7)") == "42\n"
    assert pico.events[1] == {"event": "reset", "cause": "power", "us": 0}


def test_eval(pico):
    assert pico.mpremote("eval", "__import__('sys').platform") == "rp2\n"


def test_run(pico, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("for i in range(3):\n    print('line', i)\n")
    assert pico.mpremote("run", str(script)) == "line 0\nline 1\nline 2\n"


def test_an_exception_of_the_board_is_an_error_of_mpremote(pico):
    with pytest.raises(MpremoteError, match="exit status 1; ValueError: seen") as caught:
        pico.mpremote("exec", "raise ValueError('seen')")
    assert caught.value.status == 1


def test_files(pico, tmp_path):
    content = bytes(range(256)) * 40
    (tmp_path / "there").write_bytes(content)
    pico.mpremote("fs", "cp", str(tmp_path / "there"), ":copied")
    assert f"{len(content)} copied\n" in pico.mpremote("fs", "ls")
    pico.mpremote("fs", "cp", ":copied", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content
    pico.mpremote("fs", "rm", ":copied")
    assert "copied" not in pico.mpremote("fs", "ls")


def test_a_folder_with_folders_in_it(pico, tmp_path):
    tree = {"one.txt": b"1", "sub/two.txt": b"22", "sub/deep/three.bin": bytes(range(256))}
    for name, content in tree.items():
        (tmp_path / "there" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / name).write_bytes(content)
    pico.mpremote("fs", "cp", "-r", str(tmp_path / "there"), ":")
    (tmp_path / "back").mkdir()
    pico.mpremote("fs", "cp", "-r", ":there", str(tmp_path / "back"))
    back = tmp_path / "back" / "there"
    files = [path for path in back.rglob("*") if path.is_file()]
    assert {str(path.relative_to(back)): path.read_bytes() for path in files} == tree
    pico.mpremote("fs", "rm", "-r", ":there")
    assert "there" not in pico.mpremote("fs", "ls")


def test_mount(pico, tmp_path):
    (tmp_path / "mounted_module.py").write_text("answer = 'from the host'\n")
    code = "import mounted_module; print(mounted_module.answer)"
    output = pico.mpremote("mount", str(tmp_path), "exec", code)
    assert output.splitlines()[-1] == "from the host"


def test_soft_reset_forgets_variables_and_is_no_chip_reset(pico):
    pico.exec("kept = 1")
    assert pico.exec("print(kept)") == "1\n"
    mark = pico.mark
    pico.mpremote("soft-reset")
    assert pico.exec("print('kept' in globals())") == "False\n"
    assert not [e for e in pico.events[mark:] if e["event"] == "reset"]


def test_reset(pico):
    mark = pico.mark
    pico.mpremote("reset")
    pico.wait_event("reset", after=mark, cause="watchdog")
    assert pico.exec("print('back')") == "back\n"


def test_control_c_stops_a_program(pico):
    mark = pico.mark
    code = (
        "import machine, time; p = machine.Pin(16, machine.Pin.OUT, value=1)\n"
        "try:\n while True: time.sleep(1)\nexcept KeyboardInterrupt: p.value(0)"
    )
    pico.mpremote("exec", "--no-follow", code)
    pico.gpio.wait(16, 1, after=mark)
    assert pico.exec("print('free')") == "free\n"  # mpremote begins with Ctrl-C
    pico.gpio.wait(16, 0, after=mark)


def test_a_program_that_does_not_end_ends_in_a_time_out_and_leaves_the_board_usable(pico):
    for timeout in (3, 12, 48):  # on a busy host the program starts late
        with pytest.raises(MpremoteError, match=f"did not end within {timeout} s") as caught:
            pico.mpremote("exec", "print('started')\nwhile True: pass", timeout=timeout)
        assert caught.value.status is None
        if caught.value.output:
            break
    assert str(caught.value).endswith("; started")
    assert pico.exec("print('free')") == "free\n"


def test_much_output_arrives_whole(pico):
    output = pico.exec("for i in range(2000): print('line %d of the output' % i)")
    assert output == "".join(f"line {i} of the output\n" for i in range(2000))


def test_two_boards_at_once_are_two(boards):
    first = boards("a", uid="0011223344556677")
    second = boards("b", uid="8899aabbccddeeff")
    code = "import machine; print(machine.unique_id().hex()); print(x) if 'x' in globals() else 0"
    first.exec("x = 1")
    assert first.exec(code) == "0011223344556677\n1\n"
    assert second.exec(code) == "8899aabbccddeeff\n"
    assert first.console != second.console
