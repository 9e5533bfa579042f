"""Explores the SIM at the REPL of the image that a user flashes, over mpremote."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from emulated import UF2

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.__main__ import LAB
from iotsafe_tools.testbed import Rig

EXAMPLES = Path(__file__).resolve().parents[2] / "firmware" / "examples"


@pytest.fixture(scope="module")
def pico(tmp_path_factory):
    """A board without a config, with an enrolled SIM."""
    folder = tmp_path_factory.mktemp("explore")
    with (
        Rig(folder, lab={**LAB, "delays": 0.0}) as rig,
        Pico(UF2, folder / "flash.img", lab=rig.lab) as board,
    ):
        board.wait_console()
        yield board


def test_the_doctor_and_the_table(pico):
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")  # the certificate is of today
    code = (
        "import app\napplet = app.applet()\nprint(repr(applet.objects()))\n"
        f"applet.explain()\napplet.doctor(now='{now}')"
    )
    shown = pico.exec(code, timeout=600)
    lines = shown.splitlines()
    assert lines[-1].startswith("ok   exchanges"), shown
    assert "FAIL" not in shown
    assert "the SIM signs, and the signature is good" in shown
    assert "chosen: private key 01 (KEY) and file 02 (CERT)" in lines
    assert any(line.split()[:4] == ["private", "key", "01", "KEY"] for line in lines), shown


def test_what_the_sim_signs(pico):
    code = "import app\napplet = app.applet()\n"
    code += "print(applet.csr('KEY', 'CN=device-1').hex(), applet.jwt('KEY', {'sub': 'x'}))"
    request, token = pico.exec(code, timeout=300).splitlines()[-1].split()
    parsed = x509.load_der_x509_csr(bytes.fromhex(request))
    assert parsed.is_signature_valid
    assert parsed.subject.rfc4514_string() == "CN=device-1"
    assert token.count(".") == 2


def test_an_example_is_copied_and_runs(pico):
    # The clock of the board is not set, so the doctor leaves the validity out.
    pico.mpremote("cp", str(EXAMPLES / "production_line.py"), ":line.py")
    shown = pico.exec("import line", timeout=600)
    assert shown.splitlines()[-1] == "PASS 8988211000000000011 later: ", shown
