"""A client certificate in the SIM, and the servers that people have: chain, version, program."""

import re
import time
from pathlib import Path

import pytest
from emulated import UF2
from tls_servers import CLIENT, PROGRAMS, TABLE, VERSIONS, Cell, Session, serving, session

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.__main__ import LAB
from iotsafe_tools.testbed import Firmware, Rig
from iotsafe_tools.testbed.chains import CHAINS, Keys

DEVICE = Path(__file__).with_name("device_tls.py")
MODEM = "sim7080"
_COMPUTE_SIGNATURE = 0x2B  # INS; the last part has the top bit of P1

# On the emulated board a handshake takes ten seconds: each chain family, version and program once
# with each of the others here, the whole table in `make soak`.
NINE = [
    Cell(chain, version, program)
    for n, chain in enumerate(("ec-384", "rsa-2048-self-signed", "rsa-4096-pss-leaf"))
    for version, program in zip(VERSIONS, [*PROGRAMS, *PROGRAMS][n : n + 3], strict=True)
]


def report(rows: list) -> list[str]:
    """Return the table for the end of the run: a line per device, program and chain."""
    lines = [f"{'TLS servers':43}" + "".join(f"{version:24}" for version in VERSIONS).rstrip()]
    table: dict = {}
    for device, program, chain, version, said in rows:
        table.setdefault((device, program, chain), {})[version] = said
    for (device, program, chain), said in sorted(table.items()):
        cells = "".join(f"{said.get(version, ''):24}" for version in VERSIONS)
        lines.append(f"  {device:5} {program:10} {chain:22} {cells}".rstrip())
    return lines


def signatures_of(card) -> list[bytes]:
    """Return a list that grows by each signature that `card` makes from now on."""
    made: list[bytes] = []
    transmit = card.transmit

    def counted(apdu: bytes) -> bytes:
        reply = transmit(apdu)
        last_part = apdu[1] == _COMPUTE_SIGNATURE and apdu[2] & 0x80
        if last_part and reply[-2:] == b"\x90\x00":
            made.append(reply)
        return reply

    card.transmit = counted
    return made


def outcomes(lines: list[str]) -> dict[str, list[str]]:
    """Return cell's name -> version, suite, number of signatures; or the failure."""
    return {m[1]: m[2].split() for line in lines if (m := re.match(r"TLS (\S+/\S+) (.*)", line))}


def on_unix(rig: Rig, cells: str, files: dict[str, bytes], _seconds: int) -> list[str]:
    """Run the device's program on the unix port; its lines."""
    folder = rig.folder / "device"
    folder.mkdir(exist_ok=True)
    for name, content in {**files, "cells": cells.encode()}.items():
        (folder / name).write_bytes(content)
    lines: list[str] = []
    words = (DEVICE, MODEM, rig.lab.uart, "0", "cells")
    with Firmware(folder, command=words, on_line=lines.append) as device:
        device.wait_for("^TLS end", 600)
    return lines


def on_pico(rig: Rig, cells: str, files: dict[str, bytes], seconds: int) -> list[str]:
    """Run it on the image that a user flashes; its lines."""
    with Pico(UF2, rig.folder / "flash.img", lab=rig.lab) as pico:
        pico.wait_console()
        for name, content in {**files, "cells": cells.encode()}.items():
            path = rig.folder / name
            path.write_bytes(content)
            pico.mpremote("resume", "cp", str(path), f":{name}")
        code = f"import sys\nsys.argv[:] = ['', '{MODEM}', '', '{seconds}', 'cells']\n"
        said = pico.exec(code + DEVICE.read_text(), timeout=120 + 60 * cells.count("\n"))
    return said.splitlines()


DEVICES = {"unix": (on_unix, {"uart": "pty"}), "pico": (on_pico, LAB)}


def run(device: str, cells: list[Cell], folder: Path, keys: Keys) -> list[list]:
    """Let `device` connect to each of `cells` once; rows for `report`.

    Raises AssertionError unless each session has the right version, device and server agree on
    version and cipher, and the SIM has made one signature for it.
    """
    program, options = DEVICES[device]
    rig = Rig(folder, cn=CLIENT, lab={**options, "delays": 0.0})
    made = signatures_of(rig.lab.card)
    rows, wrong = [], []
    try:
        with rig.lab, serving(cells, rig.pki, keys, folder) as servers:
            files, lines = {}, []
            for cell, (server, chain) in servers.items():
                files[f"{cell.chain}.pem"] = chain.root.read_bytes()
                words = (cell.name, server.port, f"{cell.chain}.pem", server.send.hex())
                lines.append(" ".join(map(str, (*words, server.expect.hex()))))
            said = program(rig, "\n".join(lines) + "\n", files, int(time.time()))
            found = outcomes(said)
            for cell, (server, _chain) in servers.items():
                got = found.get(cell.name, ["nothing"])
                if got[0] in ("failed:", "nothing"):
                    wrong.append(f"{cell.name}: {' '.join(got)}")
                    continue
                version, suite, signatures = got
                client = session(f"{version} {suite}")
                want = Session(VERSIONS[cell.version], client.cipher)
                there = session(server.said())
                if (client, there, signatures) != (want, want, "1"):
                    wrong.append(f"{cell.name}: {got}, the server {there}, expected {want}")
                told = f"{client.version} {client.cipher}"
                rows.append([device, cell.program, cell.chain, cell.version, told])
    finally:
        rig.lab.stop()
        rig.broker.close()
    assert not wrong, "\n".join(wrong)
    assert len(made) == len(cells)
    return rows


@pytest.fixture(scope="module")
def keys() -> Keys:
    return Keys()


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_server_from_the_unix_port(program, tmp_path, keys, summarize):
    cells = [cell for cell in TABLE if cell.program == program]
    assert len(cells) == len(CHAINS) * len(VERSIONS)
    for row in run("unix", cells, tmp_path, keys):
        summarize("test_tls_servers.report", row)


@pytest.mark.timeout(1800)
def test_nine_servers_from_the_pico(tmp_path, keys, summarize):
    for row in run("pico", NINE, tmp_path, keys):
        summarize("test_tls_servers.report", row)
