"""Small files that are whole whatever happens while they are written."""

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
    # What a cut leaves: the new file half written, not renamed.
    with open("state.new", "wb") as file:
        file.write(b"ne")
    assert files.load("state", 10) == b"old"
    files.save("state", b"newer")
    assert files.load("state", 10) == b"newer"


def test_a_folder_that_does_not_exist_is_an_error():
    with raises(OSError):
        files.save("nowhere/state", b"x")
