"""`make firmware`: the image of a real board in `build/firmware/<BOARD>[-<VARIANT>]`."""

import shutil
import subprocess
from pathlib import Path

from . import boards, build, debian, linked, other_ports, pins, rp2, rp2_sources, sources, steps
from .layout import Layout

_MEGABYTES = 150


def ensure(
    layout: Layout, tree: Path, umqtt: Path, board: boards.BoardBuild, *, show: bool = False
) -> Path:
    """Bring `board`'s firmware up to date with `tree`, its folder and our packages; return it.

    Compares contents, not dates. Requires mpy-cross. The folder of the image appears complete or
    stays unchanged. `show`: print its place even if there was nothing to do. Raises SetupError.
    """
    if board.port.name == "rp2":
        tree = rp2_sources.ensure(layout, tree)
        builder, compiler = rp2, _version("arm-none-eabi-gcc")
    else:
        if board.port.name == "esp32":
            tree = linked.original(tree)  # ESP-IDF brings its own mbedTLS
        other_ports.check(board, tree)
        builder, compiler = other_ports, ""
    configuration = build.digest([compiler, _identity(tree), *builder.configuration(board, tree)])
    frozen = [f"{path} {debian.sha256(path)}" for path in frozen_files(layout, umqtt, board)]
    contents = build.digest([configuration, *frozen])
    target = layout.firmware / board.name
    image = target / board.port.image
    stamp = target / ".complete"
    current = stamp.exists() and stamp.read_text() == contents and image.exists()
    if not (current and sources.is_pinned(tree)):
        steps.require_space(layout.build, _MEGABYTES)
        line = _build(layout, tree, umqtt, board, builder, configuration, contents)
        print(f"{board.name}: {line}")
    if show:
        print(image.relative_to(layout.root))
    return image


def _build(layout, tree, umqtt, board, builder, configuration, contents) -> str:
    """Compile in the objects of this configuration, then install the image."""
    parent = layout.board_objects / board.name
    objects = parent / configuration[:12]
    trusted = objects / ".complete"
    if not trusted.exists():  # another configuration, or an interrupted build
        shutil.rmtree(parent, ignore_errors=True)
    objects.mkdir(parents=True, exist_ok=True)
    log = layout.log / f"{board.name}.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    was_trusted = trusted.exists()
    trusted.unlink(missing_ok=True)
    try:
        with steps.step(f"Build MicroPython ({board.name}, our packages frozen)"):
            builder.compile_board(layout, tree, umqtt, board, objects, log)
    except steps.SetupError as error:
        if was_trusted and build.explain(error.output):
            trusted.touch()  # the fault is in one of our own files, not in an object
        raise
    trusted.touch()
    with steps.scratch(layout.scratch) as folder:
        new = folder / board.name
        new.mkdir()
        line = builder.collect(board, objects, new)
        (new / ".complete").write_text(contents)
        steps.replace_folder(new, layout.firmware / board.name)
    return line


def frozen_files(layout: Layout, umqtt: Path, board: boards.BoardBuild) -> list[Path]:
    """Return every file of ours that the firmware may freeze."""
    folders = [layout.root / "lib", layout.root / "firmware", umqtt / "umqtt"]
    folders += [board.path, *board.shared]
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def _identity(tree: Path) -> str:
    pinned = repr(pins.BUILD_ENVIRONMENT) if sources.is_pinned(tree) else ""
    return sources.identity(tree) + pinned


def _version(compiler: str) -> str:
    """Return the version that `compiler` prints."""
    found = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return found.stdout
