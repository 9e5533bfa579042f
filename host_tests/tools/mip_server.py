"""The server for mip, on loopback: the packages in lib/, and an index with umqtt.simple."""

import hashlib
import json
import posixpath
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from iotsafe_tools.testbed import PATIENCE, ROOT
from iotsafe_tools.toolchain import layout

MPY_VERSION = 6


class MipServer:
    """`packages` and `index` are the addresses for mip; `asked` are the paths that it requested.
    `changed`: contents by path below lib/ that differ from the working tree."""

    def __init__(self, folder: Path) -> None:
        self.changed: dict[str, bytes] = {}
        self.asked: list[str] = []
        self._files = _index(folder)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                content = outer._content(posixpath.normpath(self.path).lstrip("/"))
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        base = f"http://127.0.0.1:{self._server.server_port}"
        self.packages, self.index = f"{base}/lib", f"{base}/index"

    def _content(self, path: str) -> bytes | None:
        kind, _, rest = path.partition("/")
        if kind == "index":
            return self._files.get(rest)
        file = ROOT / path
        if kind != "lib" or not file.is_file():
            return None
        return self.changed.get(rest) or file.read_bytes()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def _index(folder: Path) -> dict[str, bytes]:
    """Return an index in the format of micropython-lib, with the umqtt.simple that set-up
    fetched."""
    place = layout.find()
    source = place.umqtt / "umqtt" / "simple.py"
    compiled = folder / "simple.mpy"
    subprocess.run(
        [place.mpy_cross, "-s", "umqtt/simple.py", "-o", compiled, source],
        check=True,
        timeout=PATIENCE,
    )
    files = {}
    for version, file in (("py", source), (MPY_VERSION, compiled)):
        content = file.read_bytes()
        name = hashlib.sha256(content).hexdigest()[:8]
        package = {"v": 1, "hashes": [[f"umqtt/{file.name}", name]], "version": "1.3.4"}
        files[f"package/{version}/umqtt.simple/latest.json"] = json.dumps(package).encode()
        files[f"file/{name[:2]}/{name}"] = content
    return files
