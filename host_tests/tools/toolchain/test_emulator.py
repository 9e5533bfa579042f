"""The emulator's packages: as locked, without scripts, complete or absent."""

import pytest
from setup_fakes import command, in_front, leftovers

from iotsafe_tools.toolchain import emulator, steps
from iotsafe_tools.toolchain.layout import Layout


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path / "checkout")
    layout.emulator_package.mkdir(parents=True)
    (layout.emulator_package / "package.json").write_text("{}")
    (layout.emulator_package / "package-lock.json").write_text("one")
    return layout


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """An npm that records its arguments and makes node_modules."""
    notes = tmp_path / "notes"
    tools = tmp_path / "tools"
    command(
        tools,
        "npm",
        f'echo "$@" >> {notes}\nmkdir node_modules; cp package-lock.json node_modules/x',
    )
    in_front(monkeypatch, tools)
    return notes


def test_packages_are_as_locked(layout, npm):
    emulator.ensure(layout)
    assert (layout.emulator / "node_modules" / "x").read_text() == "one"
    assert npm.read_text().startswith("ci --ignore-scripts ")
    assert leftovers(layout) == ["emulator"]


def test_only_another_lock_asks_again(layout, npm):
    emulator.ensure(layout)
    emulator.ensure(layout)
    assert len(npm.read_text().splitlines()) == 1
    (layout.emulator_package / "package-lock.json").write_text("two")
    emulator.ensure(layout)
    assert (layout.emulator / "node_modules" / "x").read_text() == "two"


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("npm error code ECONNREFUSED", "the server cannot be reached"),
        ("npm error code EAI_AGAIN", "the server cannot be reached"),
        ("npm error code EINTEGRITY", "another digest than the pinned one"),
        ("npm error code ETARGET", "does not have that version"),
        ("odd", "npm failed"),
    ],
)
def test_a_failure_is_one_line_and_leaves_nothing(layout, npm, tmp_path, output, advice):
    command(tmp_path / "tools", "npm", f"mkdir node_modules; echo {output}; exit 1")
    with pytest.raises(steps.SetupError, match=advice):
        emulator.ensure(layout)
    assert leftovers(layout) == []
