"""The npm packages of the board emulator, as its lock file names them."""

from . import build, debian, steps
from .layout import Layout

_FILES = ("package.json", "package-lock.json")
_MEGABYTES = 20


def ensure(layout: Layout) -> None:
    """Bring `build/emulator/node_modules` up to date with the lock file. Raises SetupError.

    npm checks each package against the digest in the lock file, and runs no script of a package.
    """
    files = [layout.emulator_package / name for name in _FILES]
    wanted = build.digest(debian.sha256(path) for path in files)
    stamp = layout.emulator / ".complete"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    steps.require_space(layout.build, _MEGABYTES)
    with steps.step("Board emulator (npm)"), steps.scratch(layout.scratch) as folder:
        new = folder / "emulator"
        new.mkdir()
        for path in files:
            (new / path.name).write_bytes(path.read_bytes())
        steps.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=2"],
            cwd=new,
            log=layout.log / "emulator.log",
            what="the emulator's npm packages",
            hint="npm failed",
        )
        (new / ".complete").write_text(wanted)
        steps.replace_folder(new, layout.emulator)
