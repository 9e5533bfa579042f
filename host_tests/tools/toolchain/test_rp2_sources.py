"""The Pico's sources: a copy with the SDK inside, complete or absent; no other tree changes."""

import shutil

import pytest
from setup_fakes import apt_get, command, in_front, leftovers

from iotsafe_tools.toolchain import debian, linked, pins, rp2_sources, sources, steps
from iotsafe_tools.toolchain.layout import Layout


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "checkout").mkdir()
    return Layout(tmp_path / "checkout")


@pytest.fixture
def tree(tmp_path):
    """A small pinned MicroPython tree."""
    folder = tmp_path / "micropython"
    for part in rp2_sources._PARTS:
        (folder / part).mkdir(parents=True)
        (folder / part / "file").write_text(part)
    (folder / "lib" / "pico-sdk").mkdir()
    (folder / "docs").mkdir()
    (folder / ".complete").write_text("pinned")
    return folder


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """An apt that offers two pinned packages, and a dpkg-deb that unpacks them."""
    folder = tmp_path / "offered"
    folder.mkdir()
    rows = []
    for name in ("pico-sdk", "tinyusb"):
        (folder / f"{name}.deb").write_text(name)
        digest = debian.sha256(folder / f"{name}.deb")
        rows.append(
            pins.Package(name, "1-1", f"{name}.deb", digest, f"usr/src/{name}", f"lib/{name}")
        )
    monkeypatch.setattr(pins, "RP2_PACKAGES", tuple(rows))
    monkeypatch.setattr(debian, "_mirror", lambda: "http://127.0.0.1:9/debian")
    tools = tmp_path / "tools"
    apt_get(tools, "1-1", f"{folder}/${{last%=*}}.deb")
    command(
        tools, "dpkg-deb", 'n=$(cat "$2"); mkdir -p "$3/usr/src/$n"; cp "$2" "$3/usr/src/$n/a.c"'
    )
    in_front(monkeypatch, tools)
    return folder


def test_the_copy_has_the_sdk_and_the_tree_has_not(layout, tree, offered):
    copy = rp2_sources.ensure(layout, tree)
    assert (copy / "lib" / "pico-sdk" / "a.c").read_text() == "pico-sdk"
    assert (copy / "lib" / "tinyusb" / "a.c").read_text() == "tinyusb"
    assert (copy / "ports" / "rp2" / "file").exists()
    assert not (copy / "docs").exists()
    assert sources.is_pinned(copy)
    assert not list((tree / "lib" / "pico-sdk").iterdir())
    assert leftovers(layout) == ["rp2"]


def test_the_second_run_does_nothing(layout, tree, offered, capsys):
    rp2_sources.ensure(layout, tree)
    shutil.rmtree(offered)
    capsys.readouterr()
    rp2_sources.ensure(layout, tree)
    assert capsys.readouterr().out == ""


def test_another_tree_makes_another_copy(layout, tree, offered):
    stale = rp2_sources.ensure(layout, tree) / "stale"
    stale.touch()
    (tree / ".complete").write_text("another")
    rp2_sources.ensure(layout, tree)
    assert not stale.exists()


@pytest.mark.parametrize("is_git", [False, True])
def test_a_tarball_without_the_sdk_is_lent_it(
    layout, tree, offered, tmp_path, monkeypatch, is_git
):
    own = tmp_path / "own"
    own.mkdir()
    if is_git:
        (own / ".git").mkdir()
    links = tmp_path / "links"
    links.mkdir()
    (links / linked.STAMP).write_text(f"{own}\n")
    monkeypatch.setattr(sources, "ensure", lambda _layout: tree)
    if is_git:
        with pytest.raises(steps.SetupError, match=f"{own} has no lib/pico-sdk, lib/tinyusb"):
            rp2_sources.ensure(layout, links)
        return
    assert rp2_sources.ensure(layout, links) == links
    assert (links / "lib" / "pico-sdk" / "a.c").read_text() == "pico-sdk"
    assert (links / "lib" / "tinyusb" / "a.c").read_text() == "tinyusb"
    assert not list(own.iterdir())


def test_a_wrong_digest_ends_it(layout, tree, offered):
    (offered / "tinyusb.deb").write_text("tampered")
    with pytest.raises(steps.SetupError, match=r"tinyusb\.deb has the SHA-256 .* do not use"):
        rp2_sources.ensure(layout, tree)
    assert leftovers(layout) == []


def test_an_unreachable_archive_ends_it(layout, tree, offered, tmp_path):
    command(tmp_path / "tools", "apt-get", 'echo "W: Failed to fetch x"; exit 100')
    with pytest.raises(steps.SetupError, match="apt-get update: the server cannot be reached"):
        rp2_sources.ensure(layout, tree)
    assert leftovers(layout) == []


@pytest.mark.parametrize(
    "apt",
    [
        "case $* in *update) echo does not have a Release file; exit 100 ;; esac",
        "case $* in *update) ;; *) echo \"Version '1-1' for 'x' was not found\"; exit 100 ;; esac",
    ],
)
def test_what_apt_does_not_offer_comes_from_git(
    layout, tree, offered, tmp_path, monkeypatch, capsys, apt
):
    asked = []
    monkeypatch.setattr(sources, "from_git", lambda *given: asked.append(given))
    command(tmp_path / "tools", "apt-get", apt)
    rp2_sources.ensure(layout, tree)
    assert asked[0][2] is pins.RP2_COMMITS
    assert "using upstream's git" in capsys.readouterr().out
