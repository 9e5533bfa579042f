"""Small files that stay intact whatever happens during a write."""

import os

from expect import raises, replaced

from app import files


def test_what_is_saved_is_loaded():
    files.save("state", b"one")
    assert files.load("state", 10) == b"one"
    files.save("state", b"two, longer")
    assert files.load("state", 100) == b"two, longer"
    assert os.listdir() == ["state"]


def test_no_more_is_loaded_than_wanted():
    files.save("state", b"0123456789")
    assert files.load("state", 4) == b"0123"


def test_what_is_not_there_is_empty():
    assert files.load("state", 10) == b""
    files.remove("state")


class _BrokenOS:
    """`os` whose rename does not work."""

    def __init__(self, failures):
        self._failures = failures
        self.remove = os.remove

    def rename(self, old, new):
        if self._failures:
            self._failures -= 1
            raise OSError(17)
        os.rename(old, new)


def test_a_file_system_that_does_not_replace():
    files.save("state", b"old")
    with replaced(files, os=_BrokenOS(1)):
        files.save("state", b"new")
    assert files.load("state", 10) == b"new"


def test_a_power_cut_before_the_rename_leaves_the_old_file():
    files.save("state", b"old")
    # A power cut leaves the new file half written, and not renamed.
    with open("state.new", "wb") as file:
        file.write(b"ne")
    assert files.load("state", 10) == b"old"
    files.save("state", b"newer")
    assert files.load("state", 10) == b"newer"


def test_a_folder_that_does_not_exist_is_an_error():
    with raises(OSError):
        files.save("nowhere/state", b"x")


class _FailingOS:
    """`os` of a read-only file system, which has `free` blocks."""

    def __init__(self, free):
        self._free = free
        self.asked = []

    def remove(self, path):
        raise OSError(28)

    def statvfs(self, path):
        self.asked.append(path)
        return (4096, 4096, 352, self._free, self._free)


def test_flash_that_fails_is_given_up_before_data_is_written():
    files.save("state", b"old")
    with open("state.new", "wb") as file:
        file.write(b"left over")
    with replaced(files, os=_FailingOS(99)), raises(OSError) as caught:
        files.save("state", b"new")
    assert caught.error.args[0] == 28
    assert files.load("state", 10) == b"old"
    assert files.load("state.new", 10) == b"left over"


def test_the_cause_of_a_failed_write_is_named():
    for code in (28, 36):
        for path, folder in (("/crashes", "/"), ("/a/crashes", "/a/"), ("crashes", ".")):
            system = _FailingOS(0)
            with replaced(files, os=system):
                cause = files.write_problem(OSError(code), path)
            assert cause == "no space left: remove files"
            assert system.asked == [folder]
        with replaced(files, os=_FailingOS(100)):
            assert files.write_problem(OSError(code), "/crashes") == "the flash fails"
    assert files.write_problem(OSError(19), "/crashes") == "there is no file system"
    assert "5" in files.write_problem(OSError(5), "/crashes")
