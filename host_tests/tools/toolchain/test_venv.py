"""The virtual environment: locked, verified, complete or absent."""

import pytest
from setup_fakes import leftovers, only_index, package_index, publish

from iotsafe_tools.toolchain import steps, venv
from iotsafe_tools.toolchain.layout import Layout

WHEEL = "thing-1.0-py3-none-any.whl"


@pytest.fixture
def layout(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '0'\n")
    lock(root, "0" * 64)
    return Layout(root)


def lock(root, digest):
    (root / "requirements.lock").write_text(f"thing==1.0 --hash=sha256:{digest}\n")


def test_a_wrong_digest_leaves_no_environment(layout, tmp_path, monkeypatch):
    publish(tmp_path / "index", "thing", WHEEL, b"not what was locked")
    with package_index(tmp_path / "index") as address:
        only_index(monkeypatch, address)
        with pytest.raises(steps.SetupError, match="another digest than the pinned one"):
            venv.ensure(layout)
    assert leftovers(layout) == []


def test_an_index_without_the_version_leaves_no_environment(layout, tmp_path, monkeypatch):
    publish(tmp_path / "index", "thing", "thing-0.9-py3-none-any.whl", b"old")
    with package_index(tmp_path / "index") as address:
        only_index(monkeypatch, address)
        with pytest.raises(steps.SetupError, match="does not have that version"):
            venv.ensure(layout)
    assert leftovers(layout) == []


def test_an_unreachable_index_leaves_no_environment(layout, tmp_path, monkeypatch):
    with package_index(tmp_path) as address:
        pass  # its port is closed again
    only_index(monkeypatch, address)
    with pytest.raises(steps.SetupError, match="the server cannot be reached"):
        venv.ensure(layout)
    assert leftovers(layout) == []


@pytest.fixture
def made(monkeypatch):
    """Replace the making of the environment, as only its moment matters. A list of `keep`
    values."""
    calls = []

    def make(layout, *, keep):
        calls.append(keep)
        layout.python.parent.mkdir(parents=True, exist_ok=True)
        layout.python.touch()

    monkeypatch.setattr(venv, "_make", make)
    return calls


def test_a_fitting_environment_is_left_alone(layout, made):
    venv.ensure(layout)
    venv.ensure(layout)
    assert made == [False]


def test_another_lock_brings_it_up_to_date(layout, made):
    venv.ensure(layout)
    lock(layout.root, "1" * 64)
    venv.ensure(layout)
    assert made == [False, True]


def test_a_new_package_of_ours_brings_it_up_to_date(layout, made):
    venv.ensure(layout)
    (layout.root / "lib" / "new").mkdir(parents=True)
    (layout.root / "lib" / "new" / "__init__.py").touch()
    venv.ensure(layout)
    assert made == [False, True]


def test_what_a_killed_run_left_is_not_kept(layout, made):
    layout.python.parent.mkdir(parents=True)
    layout.python.touch()
    venv.ensure(layout)
    assert made == [False]


def test_an_update_that_fails_is_not_taken_for_complete(layout, made, monkeypatch):
    venv.ensure(layout)
    lock(layout.root, "1" * 64)
    with monkeypatch.context() as patch:

        def broken(*_args, **_options):
            raise steps.SetupError("pip")

        patch.setattr(venv, "_make", broken)
        with pytest.raises(steps.SetupError):
            venv.ensure(layout)
    venv.ensure(layout)
    assert made == [False, False]


# ---- PC/SC -----------------------------------------------------------------------------------


@pytest.fixture
def installed(layout, made, monkeypatch):
    """A complete environment and a lock for PC/SC; a list of pip's commands."""
    commands = []
    (layout.root / "requirements-pcsc.lock").write_text("pyscard==1 --hash=sha256:0\n")
    monkeypatch.setattr(venv.steps, "run", lambda argv, **_: commands.append(argv[1:]))
    venv.ensure(layout)
    return commands


def test_the_pcsc_package_is_added_once(layout, installed):
    venv.ensure_pcsc(layout)
    venv.ensure_pcsc(layout)
    (command,) = installed
    assert command[-2:] == ["-r", "requirements-pcsc.lock"]
    assert "--require-hashes" in command
    assert "--no-build-isolation" in command  # or pip would fetch what is not locked
    assert command[command.index("--no-binary") + 1] == "pyscard"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-pcsc.lock"])
def test_another_lock_adds_the_pcsc_package_again(layout, installed, name):
    venv.ensure_pcsc(layout)
    lock_file = layout.root / name
    lock_file.write_text(lock_file.read_text() + "# another\n")
    venv.ensure(layout)
    venv.ensure_pcsc(layout)
    assert len(installed) == 2


def test_a_pcsc_package_that_cannot_be_built_is_not_taken_for_there(
    layout, installed, monkeypatch
):
    def broken(*_args, **_options):
        raise steps.SetupError("gcc")

    with monkeypatch.context() as patch:
        patch.setattr(venv.steps, "run", broken)
        with pytest.raises(steps.SetupError):
            venv.ensure_pcsc(layout)
    venv.ensure_pcsc(layout)
    assert len(installed) == 1
