"""The code in the READMEs, as it stands there: all of it is run or checked, or gives a reason why
not.

`readme_blocks.py` finds it and describes the marks; `readme_stage.py` provides its surroundings.
"""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest
import readme_stage as stage
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from readme_blocks import Block, blocks, readmes
from typer.main import get_command

from iotsafe_tools.cli import app
from iotsafe_tools.lab import Lab
from iotsafe_tools.testbed import ROOT, Firmware, Pcscd, Process, ReservedPort, micropython_binary

BLOCKS = [block for path in readmes() for block in blocks(path)]
TIMEOUT = 120.0


def of(kind: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind == kind and not block.not_run]


def per_readme(found: list[Block]) -> dict[str, list[Block]]:
    grouped: dict[str, list[Block]] = {}
    for block in found:
        grouped.setdefault(str(block.path.relative_to(ROOT)), []).append(block)
    return grouped


ON_A_DEVICE = per_readme([b for b in of("python") if stage.runs_on_a_device(b, ROOT)])
ON_THE_HOST = per_readme([b for b in of("python") if not stage.runs_on_a_device(b, ROOT)])
CONSOLES = per_readme(of("console"))


def test_each_block_is_run_or_says_why_not():
    unknown = [block.place for block in BLOCKS if block.kind == "unknown" and not block.not_run]
    assert not unknown, (
        f"{', '.join(unknown)}: unknown kind of block. Give the fence an info "
        "string (python, json, text), or put <!-- not run: REASON --> before it"
    )
    assert of("python") and of("console") and of("commands")


# ---- Python -------------------------------------------------------------------------------------


@pytest.mark.parametrize("readme", ON_A_DEVICE)
def test_on_a_device(readme, tmp_path):
    """On MicroPython, with a simulated modem, a SIM and a broker."""
    for number, found in enumerate(stage.programs(ON_A_DEVICE[readme])):
        with stage.rig(tmp_path / f"rig-{number}", found[0]) as rig:
            folder = tmp_path / f"device-{number}"
            folder.mkdir()
            (folder / "ca.pem").write_bytes(rig.pki.ca_pem)
            (folder / "block.py").write_text(stage.device_program(found, rig.lab.uart))
            with Firmware(folder, command=("block.py",)) as device:
                device.wait(TIMEOUT)
        judge(found, device.lines)


@pytest.mark.parametrize("readme", ON_THE_HOST)
def test_on_the_host(readme, tmp_path):
    (tmp_path / "block.py").write_text(stage.host_program(ON_THE_HOST[readme]))
    path = os.pathsep.join(word for word in sys.path if word)
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "block.py"]
    with Process(command, name="the block", cwd=tmp_path, env=environment) as process:
        process.wait(TIMEOUT)
    judge(ON_THE_HOST[readme], process.lines)


def judge(found: list[Block], lines: list[str]) -> None:
    """Check that the program came to its end, and that its output is the README's."""
    assert lines and lines[-1] == "@@ end", "\n".join(lines[-40:])
    printed: dict[int, list[str]] = {}
    line = 0
    for text in lines:
        if text.startswith("@@ "):
            line = int(text[3:]) if text != "@@ end" else 0
        elif line:
            printed.setdefault(line, []).append(text)
    for block in found:
        if block.text.startswith(">>>"):
            for line, shown in stage.documented(block).items():
                got = printed.get(line, [])
                assert stage.agrees(shown, got), shows(block, line, shown, got)


def shows(block: Block, line: int, shown: list[str], got: list[str]) -> str:
    name = block.path.relative_to(ROOT)
    return "\n".join([f"{name}:{line} shows", *shown, "and it is", *got])


# ---- commands and what they print ---------------------------------------------------------------


@pytest.mark.parametrize("readme", CONSOLES)
def test_what_commands_print(readme, tmp_path):
    with Bench(tmp_path) as bench:
        for block in CONSOLES[readme]:
            bench.prepare(block)
            noise = "noise" in stage.conditions(block)
            for line, command, shown in captures(block):
                got = bench.run(command, shown)
                if noise and not shown:
                    assert bench.shell.status == 0, shows(block, line, ["status 0"], got)
                else:
                    assert stage.agrees(shown, got), shows(block, line, shown, got)


def captures(block: Block) -> list[tuple[int, str, list[str]]]:
    """Return (line, command, output) of each command of a block."""
    found: list[tuple[int, str, list[str]]] = []
    for number, text in enumerate(block.text.splitlines(), block.line):
        if text.startswith("$ "):
            found.append((number, text[2:], []))
        elif found and (text or found[-1][2]):
            found[-1][2].append(text)
    for _, _, shown in found:
        while shown and not shown[-1]:
            shown.pop()
    return found


class Shell:
    """A shell that runs one command after the other, and keeps exported variables."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._child = subprocess.Popen(
            ["bash", "--norc", "-s"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.status = 0

    def run(self, command: str) -> list[str]:
        """Return the output of `command`, both streams; nothing for a command in the
        background. `status` has its exit status."""
        if command.rstrip().endswith("&"):
            command = f"{command.rstrip()[:-1]} >background.log 2>&1 &"
        self._child.stdin.write(f'{command}\n{{ status=$?; echo; echo "@@ done $status"; }}\n')
        self._child.stdin.flush()
        lines: list[str] = []
        while not lines or not lines[-1].startswith("@@ done "):
            lines.append(self._child.stdout.readline().rstrip("\n"))
        self.status = int(lines[-1].removeprefix("@@ done "))
        return lines[:-2]

    def close(self) -> None:
        os.killpg(self._child.pid, signal.SIGKILL)  # and its background jobs
        self._child.communicate()


class Bench:
    """The surroundings of the captures: a lab at /tmp/modem, files, a card reader.

    The test replaces absolute places of a README (/tmp/modem, a control port) by places of its
    own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._control = self._stack.enter_context(ReservedPort())
        self._server = self._stack.enter_context(ReservedPort())
        self._rig = self._stack.enter_context(stage.rig(folder / "rig"))
        self._lab: Lab | None = None
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "140",
            "PYTHONPATH": os.pathsep.join(word for word in sys.path if word),
        }
        self.shell = Shell(environment, folder)
        self._stack.callback(self.shell.close)
        self._places = {
            "/tmp/modem": str(folder / "modem"),
            ":4100": f":{self._control.number}",
            "127.0.0.1:8883": f"127.0.0.1:{self._server.number}",
            "listener 8883": f"listener {self._server.number}",
            ".venv/bin/iotsafe": "iotsafe",
            " && . ../../.venv/bin/activate": "",
            "../../build/unix/micropython": str(micropython_binary()),
            "../../": f"{ROOT}/",
        }
        (folder / "firmware.bin").write_bytes(b"firmware" * 99)
        (folder / "client.der").write_bytes(self._rig.lab.card.issuer.point_of(b"\x01") * 6)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, command: str, shown: list[str] | None = None) -> list[str]:
        """Return the output of `command` of a README, with the places of the README. A "^C" at the
        end of the output `shown` there means that the command goes on."""
        for theirs, ours in self._places.items():
            command = command.replace(theirs, ours)
        if shown and shown[-1] == "^C":  # it goes on until the shell is closed
            last = shlex.quote(shown[-2])
            until = f'while read -r line; do echo "$line"; [ "$line" = {last} ] && break; done'
            until = f"{until} < <(timeout --foreground {TIMEOUT:.0f} {command} 2>&1)"
            return [*self.shell.run(until), "^C"]
        lines = self.shell.run(command)
        if found := re.search(r"--control tcp:([\d.]+):(\d+) &$", command):
            listens((found[1], int(found[2])))
        if re.search(r"mosquitto .*&$", command):
            listens(("127.0.0.1", self._server.number))
        return [line.replace(self._places["/tmp/modem"], "/tmp/modem") for line in lines]

    def prepare(self, block: Block) -> None:
        """Prepare what `block` is to be run with."""
        self._block = block
        for condition in stage.conditions(block) or ["lab"]:
            getattr(self, condition)()

    def terminal(self) -> None:
        """Run the command of the block before in another terminal."""
        before = [other for other in BLOCKS if other.path == self._block.path]
        command = before[before.index(self._block) - 1].text.strip()
        self.run(command.removeprefix("$ ") + " &")

    def noise(self) -> None:
        """Nothing: a command without output in the README must succeed, whatever it prints."""

    def lab(self) -> Lab:
        """`iotsafe lab --uart pty:/tmp/modem --store sim.json --resolve …`, a new SIM in it."""
        if self._lab is None:
            self._lab = self._stack.enter_context(
                Lab(
                    uart=f"pty:{self._folder / 'modem'}",
                    store=str(self._folder / "sim.json"),
                    resolve={"mqtt.example": ("127.0.0.1", self._rig.broker.port)},
                    delays=0.0,
                )
            )
        return self._lab

    def enrolled(self) -> None:
        """Write a certificate for the key in that SIM, and the public key to device.pub."""
        card = self.lab().card
        point = card.issuer.point_of(card.profile.key_id)
        certificate = self._rig.pki.issue_client(point, "device-0001")
        card.issuer.write_file(card.profile.certificate_id, certificate)
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self._folder / "device.pub").write_bytes(pem)

    def clock(self) -> None:
        """Let the modem take the network's time at a restart."""
        self.lab()
        self.run("iotsafe modem at --port /tmp/modem AT+CLTS=1 AT+CFUN=1,1")

    def attached(self) -> None:
        """Give the modem a data connection."""
        self.lab()
        self.run("iotsafe modem attach --port /tmp/modem --apn internet")

    def reader(self) -> None:
        """Put a SIM into a card reader that PC/SC programs find."""
        pcscd = self._stack.enter_context(Pcscd())
        self._stack.enter_context(Lab(vpcd=pcscd.where, delays=0.0))
        pcscd.wait_for_card()
        name = "PCSCLITE_CSOCK_NAME"
        self.run(f"export {name}={pcscd.env[name]}")


def listens(address: tuple[str, int]) -> None:
    """Wait until a program listens at `address`."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return socket.create_connection(address, 10).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


# ---- commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize("block", of("commands"), ids=lambda block: block.place)
def test_commands_exist_with_these_options(block):
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line.replace("[", "").replace("]", ""), comments=True)
        if words:
            check(words, line)


def check(words: list[str], line: str) -> None:
    """Let the program itself parse `words` without acting; AssertionError if it refuses."""
    program = words[0].removeprefix(".venv/bin/")
    if program == "make":
        run(["make", "--dry-run", *words[1:]])
    elif program == "iotsafe":
        parse(words[1:])
    elif program == "python" and words[1:3] == ["-m", "pytest"]:
        # In quotes a test has a name with brackets.
        run([sys.executable, *shlex.split(line, comments=True)[1:], "--collect-only", "-q"])
    elif program == "python":
        shown = run([sys.executable, words[1], "--help"])
        for option in (word for word in words[2:] if word.startswith("--")):
            assert option in shown, f"{words[1]} has no {option}"
    else:
        pytest.fail(f"{line}: put <!-- not run: REASON --> before the block")


def parse(words: list[str]) -> None:
    """Check that `iotsafe` has this command, and the command these options."""
    command, context = get_command(app), None
    while True:
        context = command.make_context(words[0] if words else "", list(words), parent=context)
        if not hasattr(command, "commands"):
            return
        _, command, words = command.resolve_command(context, list(words))


def run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("block", of("json"), ids=lambda block: block.place)
def test_json_is_json(block):
    json.loads(block.text)
