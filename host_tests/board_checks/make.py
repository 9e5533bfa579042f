"""Evaluates an STM32 board with the port's own Makefile, as far as possible without ST's code."""

import os
import re
import subprocess
from pathlib import Path

from . import probe
from .folders import BoardFolder

_MAKE = {"MAKEFLAGS": "", "MAKELEVEL": "", "MFLAGS": ""}


def variables(board: BoardFolder, tree: Path, *names: str) -> dict[str, str]:
    """Return the port's Makefile's values of these variables for `board`.

    The Makefile asks git about submodules; the environment keeps git away from the checkout around
    the tree.
    """
    # A rule of ours writes it, so that make builds nothing of the port's own.
    rule = "show: ; " + " ".join(f"$(info @{name}=$(strip $({name}))@)" for name in names)
    command = ["make", "-s", "-C", tree / "ports" / "stm32", f"BOARD_DIR={board.path}"]
    done = subprocess.run(
        [*map(str, command), f"--eval={rule}", "show"],
        env={**os.environ, **_MAKE, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"make failed: {done.stdout}{done.stderr}")
    return dict(re.findall(r"^@(\w+)=(.*)@$", done.stdout, re.MULTILINE))


def compile_objects(board: BoardFolder, tree: Path, build: Path, sources: list[str]) -> list[Path]:
    """Compile C files of `tree` (relative paths) with the compiler and flags of the Makefile.

    Raises RuntimeError with the compiler's output.
    """
    found = variables(board, tree, "CC", "CFLAGS")
    build.mkdir(parents=True, exist_ok=True)
    objects = []
    for name in sources:
        target = build / (name.replace("/", "_") + ".o")
        _shell(
            f"{found['CC']} {found['CFLAGS']} -Wno-error -c -o {target} ../../{name}",
            tree / "ports" / "stm32",
        )
        objects.append(target)
    return objects


def link_probe(board: BoardFolder, tree: Path, build: Path) -> str:
    """Link the probe for the board's processor; return objdump's listing of its code.

    The board's own configuration compiles mbedTLS. The probe contains only the code that a
    signature reaches; symbols of the rest of the firmware stay undefined.
    """
    found = variables(board, tree, "CC", "CFLAGS", "LDFLAGS_EXTMOD")
    sources = [f"lib/mbedtls/library/{name}" for name in probe.MBEDTLS_SOURCES]
    objects = compile_objects(board, tree, build, [*sources, "extmod/mbedtls/mbedtls_alt.c"])
    objects.append(_open_ends(objects, found["CC"], _machine(found["CFLAGS"]), build))
    image = build / "probe.elf"
    _shell(
        f"{found['CC']} {_machine(found['CFLAGS'])} -nostdlib -Wl,--unresolved-symbols=ignore-all "
        f"-Wl,-e,mbedtls_pk_sign {found['LDFLAGS_EXTMOD']} -o {image} "
        + " ".join(map(str, objects)),
        build,
    )
    return _shell(f"arm-none-eabi-objdump -d {image}", build)


def _open_ends(objects: list[Path], compiler: str, machine: str, build: Path) -> Path:
    """Return an object with an empty function for each name that none of `objects` defines.

    Newer linkers refuse a call whose target may be Arm or Thumb code, even if they allow undefined
    names. These definitions are weak, so that any other one replaces them.
    """
    listing = _shell("arm-none-eabi-nm -u -j " + " ".join(map(str, objects)), build)
    names = sorted({word for word in listing.split() if not word.endswith(":")})
    lines = [f".weak {name}\n.thumb_func\n{name}:\n" for name in names]
    source = build / "open_ends.s"
    source.write_text(".syntax unified\n.thumb\n" + "".join(lines) + "bx lr\n")
    target = build / "open_ends.o"
    _shell(f"{compiler} {machine} -c -o {target} {source}", build)
    return target


def _machine(flags: str) -> str:
    return " ".join(flag for flag in flags.split() if flag.startswith("-m"))


def _shell(command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, shell=True, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout
