"""The command line without what Windows lacks: modules, flags and signals of POSIX systems.

A process of its own takes them away after the libraries of others, which know Windows, are loaded.
"""

import ast
import subprocess
import sys

from iotsafe_tools.testbed import ROOT

LACKING = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "readline", "syslog")

PRELUDE = f"""
import asyncio, getpass, os, select, signal, socket, subprocess, sys, tempfile
import cryptography.x509, mpremote.transport_serial, rich.console, rich.table, serial, typer
import serial.tools.list_ports, serial.urlhandler.protocol_socket, typer.testing
import cryptography.hazmat.primitives.asymmetric.rsa, typer.rich_utils

for name in {LACKING!r}:
    sys.modules[name] = None
for module, names in (
    (os, ("O_DIRECTORY", "O_CLOEXEC", "openpty", "ttyname", "fork",
          "fchmod", "fpathconf", "geteuid", "getuid", "killpg", "mkfifo", "setsid")),
    (select, ("poll", "epoll", "POLLIN", "POLLHUP")),
    (signal, ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGALRM", "setitimer")),
    (socket, ("TCP_QUICKACK",)),
):
    for name in names:
        delattr(module, name)

from iotsafe_tools.cli import app

def run(*words):
    done = typer.testing.CliRunner().invoke(app, words)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    print(done.exit_code, done.output)
    return done
"""

EACH_COMMAND = """
def walk(command, words):
    assert run(*words, "--help").exit_code == 0
    for name, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            walk(inner, [*words, name])

walk(typer.main.get_command(app), [])
"""

SIMULATED = """
for words in (("random", "4"), ("doctor",), ("objects",)):
    done = run(*words, "--port", "sim:sim.json")
    assert "no such" not in done.output, done.output
"""

SERIAL = """
from iotsafe_tools.lab import Lab
with Lab("tcp:127.0.0.1:0", delays=0.0, control="tcp:127.0.0.1:0", log="log") as lab:
    port = lab.uart.replace("tcp:", "socket://")
    assert run("random", "4", "--port", port).exit_code == 0
    assert run("modem", "info", "--port", port + "?transcript=t.jsonl").exit_code == 0
    assert run("modem", "ping", "127.0.0.1:9", "--port", port, "--count", "1").exit_code == 1
    assert run("issuer", "objects", "--control", lab.control).exit_code == 0
"""

WHAT_CANNOT = """
done = run("lab")
assert "no pseudo terminals; use --uart tcp:" in done.output and done.exit_code == 1
done = run("setup", "--port", "COM99", "--no-ask")
assert "no such port" in done.output and done.exit_code == 1
done = run("doctor", "--port", "COM99")
assert "no such port" in done.output and done.exit_code == 1
"""


def test_commands_do_without_the_modules_of_posix(tmp_path):
    program = PRELUDE + EACH_COMMAND + SIMULATED + SERIAL + WHAT_CANNOT
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


def test_no_module_of_the_command_line_imports_them_at_its_start():
    folder = ROOT / "tools" / "iotsafe_tools"
    rooms = ("clouds", "commands", "console", "lab", "ports", "simulator")
    found = []
    for path in [folder / "cli.py", *(p for room in rooms for p in (folder / room).rglob("*.py"))]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in getattr(node, "names", ())]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if isinstance(node, ast.Import | ast.ImportFrom) and {*names} & {*LACKING}:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found, found
