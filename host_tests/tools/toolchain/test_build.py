"""The build: when it runs, and what a failed one leaves (the last good binary, and one line)."""

import pytest

from iotsafe_tools.toolchain import build, steps
from iotsafe_tools.toolchain.layout import Layout


@pytest.fixture
def layout(tmp_path):
    root = tmp_path / "checkout"
    (root / "boards" / "unix").mkdir(parents=True)
    for name in build._CONFIGURATION:
        (root / "boards" / name).parent.mkdir(exist_ok=True)
        (root / "boards" / name).write_text(name)
    (root / "lib" / "part").mkdir(parents=True)
    (root / "lib" / "part" / "a.py").write_text("A = 1\n")
    return Layout(root)


@pytest.fixture
def tree(tmp_path):
    """A pinned source tree."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".complete").write_text("pinned")
    return tmp_path / "tree"


@pytest.fixture
def make(monkeypatch):
    """Replace make by a function that writes a binary with the next number; a list of folders
    made."""
    calls = []

    def fake(_tree, folder, options, _log):
        calls.append(folder)
        target = next(item for item in options if item.startswith("BUILD="))[6:]
        name = "mpy-cross" if folder == "mpy-cross" else "micropython"
        steps.replace_file(f"binary {len(calls)}", Layout(build.Path(target)).root / name)

    monkeypatch.setattr(build, "_make", fake)
    return calls


def broken(output):
    def fake(*_args):
        raise steps.SetupError("building ports/unix: it failed", output)

    return fake


def test_nothing_is_built_twice(layout, tree, make, tmp_path):
    build.ensure(layout, tree, tmp_path)
    build.ensure(layout, tree, tmp_path)
    assert make == ["mpy-cross", "ports/unix"]
    assert layout.micropython.read_text() == "binary 2"
    assert layout.mpy_cross.read_text() == "binary 1"


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_a_change_of_our_packages_builds_again(layout, tree, make, tmp_path, change):
    file = layout.root / "lib" / "part" / "a.py"
    build.ensure(layout, tree, tmp_path)
    if change == "edit":
        file.write_text("A = 2\n")
    elif change == "add":
        file.with_name("b.py").touch()
    else:
        file.unlink()
    build.ensure(layout, tree, tmp_path)
    assert make == ["mpy-cross", "ports/unix", "ports/unix"]


def test_a_change_of_the_configuration_builds_everything(layout, tree, make, tmp_path):
    build.ensure(layout, tree, tmp_path)
    (layout.variant / "mpconfigvariant.mk").write_text("OPTION = 1\n")
    build.ensure(layout, tree, tmp_path)
    assert make == ["mpy-cross", "ports/unix"] * 2
    assert len(list(layout.objects.iterdir())) == 1


def test_a_tree_of_the_users_is_always_handed_to_its_make(layout, tree, make, tmp_path):
    (tree / ".complete").unlink()
    build.ensure(layout, tree, tmp_path)
    build.ensure(layout, tree, tmp_path)
    assert make == ["mpy-cross", "ports/unix", "ports/unix"]


def test_objects_of_a_build_that_was_cut_short_are_not_used(
    layout, tree, make, tmp_path, monkeypatch
):
    build.ensure(layout, tree, tmp_path)
    (layout.root / "lib" / "part" / "a.py").write_text("A = 2\n")
    with monkeypatch.context() as patch:
        patch.setattr(build, "_make", broken("Killed"))
        with pytest.raises(steps.SetupError):
            build.ensure(layout, tree, tmp_path)
    assert layout.micropython.read_text() == "binary 2"
    build.ensure(layout, tree, tmp_path)
    assert make == ["mpy-cross", "ports/unix"] * 2


def test_a_file_of_ours_that_does_not_compile_costs_no_full_build(
    layout, tree, make, tmp_path, monkeypatch
):
    build.ensure(layout, tree, tmp_path)
    (layout.root / "lib" / "part" / "a.py").write_text("A = (\n")
    with monkeypatch.context() as patch:
        patch.setattr(build, "_make", broken("error compiling part/a.py:\nSyntaxError: oh\n"))
        with pytest.raises(steps.SetupError):
            build.ensure(layout, tree, tmp_path)
    build.ensure(layout, tree, tmp_path)
    assert make == ["mpy-cross", "ports/unix", "ports/unix"]


def test_the_file_that_stops_a_build_is_named():
    output = 'error compiling part/a.py:\nTraceback:\n  File "x", line 3\nSyntaxError: oh no\n'
    assert build.explain(output) == "part/a.py cannot be frozen: SyntaxError: oh no"
    assert build.explain('freeze error executing "m.py": gone') == (
        'freeze error executing "m.py": gone'
    )
    assert build.explain("something else") == ""
