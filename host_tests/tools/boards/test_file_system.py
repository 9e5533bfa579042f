"""The Pico's file system at start: it is mounted, created, or left for another try."""

import importlib.util
import sys
import time
from types import SimpleNamespace

import pytest

from iotsafe_tools.testbed import ROOT

PLACE = ROOT / "boards" / "WAVESHARE_PICO_SIM7080G" / "file_system.py"


class Flash:
    """A block device on which the next `failures` mounts fail; its first blocks hold `head`."""

    def __init__(self, head, failures=0):
        self.head = head
        self.failures = failures
        self.done = []

    def readblocks(self, block, buf, offset):
        assert block in (0, 1)
        assert offset == 0
        buf[:] = self.head[block] * len(buf)

    def driver(self, flash, progsize):
        assert flash is self
        assert 256 % progsize == 0, "programs would cross pages"
        if self.failures:
            self.failures -= 1
            raise OSError(84)
        return self


@pytest.fixture
def mount(monkeypatch, tmp_path):
    """Run `mount` on a Flash; return the actions and the crash log, None if there is none."""
    monkeypatch.setattr(time, "sleep_ms", lambda ms: None, raising=False)

    def run(flash):
        def mkfs(device, progsize):
            flash.done.append("make")
            flash.failures = 0

        class VfsLfs2:
            def __new__(cls, device, progsize):
                return flash.driver(device, progsize)

        VfsLfs2.mkfs = staticmethod(mkfs)
        vfs = SimpleNamespace(
            VfsLfs2=VfsLfs2, mount=lambda system, place: flash.done.append(f"mount {place}")
        )
        monkeypatch.setitem(sys.modules, "vfs", vfs)
        spec = importlib.util.spec_from_file_location("file_system", PLACE)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        log = tmp_path / "crash.log"
        module._LOG = str(log)
        module.mount(flash)
        return flash.done, log.read_text() if log.exists() else None

    return run


NEW, USED = (b"\xff", b"\xff"), (b"\xff", b"\x00")


def test_a_good_one_is_mounted(mount):
    assert mount(Flash(USED)) == (["mount /"], None)


def test_a_new_board_gets_one_without_a_word(mount):
    assert mount(Flash(NEW, failures=1)) == (["make", "mount /"], None)


@pytest.mark.parametrize("failures", [1, 2])
def test_one_that_mounts_after_a_while_is_kept(mount, failures):
    assert mount(Flash(USED, failures)) == (["mount /"], None)


@pytest.mark.parametrize("head", [USED, USED[::-1]])
def test_one_that_never_mounts_is_made_anew_and_that_is_noted(mount, head):
    done, log = mount(Flash(head, failures=3))
    assert done == ["make", "mount /"]
    assert "could not be mounted (OSError(84" in log
    assert "config and state are gone" in log
