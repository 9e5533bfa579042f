"""Other releases of MicroPython, for the tests of the board folders: unpacked, not built.

`build/releases/VERSION` is a tree as the user would hand it in, with the pinned mbedTLS inside.
"""

import functools

from . import debian, linked, pins, sources, steps
from .layout import Layout

_MEGABYTES = 300
_STAMP = ".unpacked"  # not ".complete": that marks the pinned tree


def ensure(layout: Layout) -> None:
    """Unpack each of `pins.RELEASES` that Debian offers here; say which it does not offer.

    Requires the pinned tree. Raises SetupError.
    """
    for version, archive in pins.RELEASES.items():
        tree = layout.releases / version
        stamp = tree / _STAMP
        if stamp.exists() and stamp.read_text() == archive.sha256:
            continue
        steps.require_space(layout.build, _MEGABYTES)
        with steps.scratch(layout.scratch) as folder:
            view = functools.cache(
                lambda suite, folder=folder: debian.View(layout, folder, "deb-src", suite)
            )
            try:
                sources.fetch(layout, view, (archive,))
            except debian.NotOffered as reason:
                print(f"No MicroPython {version} here ({reason}): its boards are not tested")
                continue
            new = folder / version
            sources.unpack(layout, archive, new)
            (new / linked.MBEDTLS).rmdir()  # upstream's tarball has an empty folder there
            (new / linked.MBEDTLS).symlink_to(layout.sources / linked.MBEDTLS)
            (new / _STAMP).write_text(archive.sha256)
            layout.releases.mkdir(exist_ok=True)
            steps.replace_folder(new, tree)
