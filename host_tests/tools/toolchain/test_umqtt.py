"""umqtt.simple: the pinned archive from an index on loopback, or a folder of the user's."""

import io
import sys
import tarfile

import pytest
from setup_fakes import only_index, package_index, publish

from iotsafe_tools.toolchain import pins, steps, umqtt
from iotsafe_tools.toolchain.layout import Layout

FILES = {
    "umqtt/simple.py": "class MQTTClient: pass\n",
    "setup.cfg": "",
    "umqtt/../../escape.py": "",
}


def archive() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as tar:
        for name, text in FILES.items():
            member = tarfile.TarInfo("micropython-umqtt.simple-1.3.4/" + name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return sink.getvalue()


@pytest.fixture
def layout(tmp_path):
    """A checkout whose environment is the one that runs this test."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / ".venv").symlink_to(sys.prefix)
    return Layout(root)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """An index that offers the archive, which is pinned."""
    digest = publish(
        tmp_path / "index", "micropython-umqtt-simple", pins.UMQTT_FILENAME, archive()
    )
    monkeypatch.setattr(pins, "UMQTT_SHA256", digest)
    with package_index(tmp_path / "index") as address:
        only_index(monkeypatch, address)
        yield address


def state(layout) -> list[str]:
    return sorted(path.name for path in layout.build.glob("*") if path.name not in ("log", "tmp"))


def test_the_module_is_taken_and_nothing_else(layout, index):
    folder = umqtt.ensure(layout)
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))
    assert found == ["umqtt/simple.py"]
    assert state(layout) == ["downloads", "umqtt"]


def test_the_second_run_needs_no_index(layout, index, monkeypatch):
    umqtt.ensure(layout)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    assert umqtt.ensure(layout) == layout.umqtt


def test_a_wrong_digest_ends_it(layout, index, monkeypatch):
    monkeypatch.setattr(pins, "UMQTT_SHA256", "0" * 64)
    with pytest.raises(steps.SetupError, match="instead of the pinned 0000"):
        umqtt.ensure(layout)
    assert state(layout) == []


def test_an_index_without_it_ends_it(layout, index, tmp_path):
    (tmp_path / "index" / "micropython-umqtt-simple" / "index.html").write_text("<html></html>")
    with pytest.raises(steps.SetupError, match="package index") as caught:
        umqtt.ensure(layout)
    assert "\n" not in str(caught.value)
    assert state(layout) == []


def test_an_unreachable_index_ends_it(layout, tmp_path, monkeypatch):
    with package_index(tmp_path) as address:
        pass
    only_index(monkeypatch, address)
    with pytest.raises(steps.SetupError, match="the server cannot be reached"):
        umqtt.ensure(layout)
    assert state(layout) == []


def test_an_own_folder_is_taken_as_it_is(layout, tmp_path):
    (tmp_path / "mine" / "umqtt").mkdir(parents=True)
    (tmp_path / "mine" / "umqtt" / "simple.py").touch()
    assert umqtt.ensure(layout, str(tmp_path / "mine")) == tmp_path / "mine"


def test_an_own_folder_without_the_module_is_refused(layout, tmp_path):
    with pytest.raises(steps.SetupError, match=r"has no umqtt/simple\.py"):
        umqtt.ensure(layout, str(tmp_path))
