"""Stand-ins for the outside world of set-up: commands in a folder, a package index on loopback."""

import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iotsafe_tools.toolchain.layout import Layout


def command(folder: Path, name: str, script: str) -> None:
    """Put a shell script called `name` into `folder`, which a test puts in front of PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)


def apt_get(folder: Path, version: str, files: str) -> None:
    """Write an apt-get that copies `files` of a package in that version; `$last` is its argument:
    NAME=VERSION."""
    command(
        folder,
        "apt-get",
        f"""
        for last; do :; done
        case $last in
            update) ;;
            *={version}) cp {files} . ;;
            *) exit 9 ;;
        esac
        """,
    )


def in_front(monkeypatch, folder: Path) -> None:
    """Let the system find commands in `folder` first."""
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def leftovers(layout: Layout) -> list[str]:
    """Return what a failed set-up left in the checkout, logs and verified downloads apart."""
    found = {path.name for path in layout.build.glob("*")} if layout.build.exists() else set()
    found -= {"log", "downloads", ".lock"}
    if layout.scratch.exists() and not any(layout.scratch.iterdir()):
        found.discard("tmp")
    return sorted(found | ({".venv"} if layout.venv.exists() else set()))


@contextmanager
def package_index(folder: Path) -> Iterator[str]:
    """Serve a package index of `folder`/<project>/<files> on loopback; yields its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def publish(folder: Path, project: str, filename: str, content: bytes) -> str:
    """Put a file under an index's `project`; returns its SHA-256."""
    (folder / project).mkdir(parents=True, exist_ok=True)
    (folder / project / filename).write_bytes(content)
    page = f'<!DOCTYPE html><html><body><a href="{filename}">{filename}</a></body></html>'
    (folder / project / "index.html").write_text(page)
    return hashlib.sha256(content).hexdigest()


def only_index(monkeypatch, address: str) -> None:
    """Let pip use only this index."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
