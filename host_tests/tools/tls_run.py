"""Runs TLS clients on MicroPython, for tests of their sessions."""

import json
import os
import runpy
import ssl
import subprocess
from pathlib import Path
from typing import Any

from runtimes import SOURCE_FOLDERS

from iotsafe_tools.testbed import PATIENCE, micropython_binary

HERE = Path(__file__).resolve().parent
PKI = runpy.run_path(str(HERE.parent / "data" / "certificates.py"))
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def on_micropython(program: str, *arguments: str) -> Any:
    """Run `client/PROGRAM` on MicroPython; return the JSON that it prints."""
    done = subprocess.run(
        [str(micropython_binary()), str(HERE / "client" / program), *arguments],
        env={**os.environ, "MICROPYPATH": ":".join([*map(str, SOURCE_FOLDERS), ".frozen"])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return json.loads(done.stdout)


def run_client(port: int, failure: str = "none", *ca: str) -> dict:
    """Return tls_client.py's report of its session with the server at `port`."""
    return on_micropython("tls_client.py", str(port), failure, *ca)
