"""`mip install` of each package onto the image that a user flashes, which also has it frozen."""

import hashlib
import json

import pytest
from mip_server import MipServer

from iotsafe_tools.emulator import MpremoteError
from iotsafe_tools.testbed import ROOT

# Package -> a line that uses it, and the output of that line.
USES = {
    "ticks": ("print(ticks.diff(ticks.add(2, 3), 2))", "3"),
    "cellular": ("print(cellular.names()[-2:])", "['sim7080', 'tx62']"),
    "iotsafe": (
        "from iotsafe import tlv; print(bytes(tlv.find(b'\\x84\\x01\\x07', 0x84)))",
        "b'\\x07'",
    ),
    "telemetry": (
        "telemetry.Publisher(telemetry.Broker('h', 1, 'i', 't'), print); print('made')",
        "made",
    ),
}
FILE = "import {0}; print({0}.__file__)"
HASHES = """
import os, hashlib
def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            walk(path)
        else:
            with open(path, "rb") as file:
                print(path, hashlib.sha256(file.read()).digest().hex())
walk("/lib")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MipServer(tmp_path_factory.mktemp("index")) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_installed(pico):
    pico.exec("import os\nif 'lib' not in os.listdir('/'): os.mkdir('/lib')")
    if pico.exec("import os; print(os.listdir('/lib'))") != "[]\n":
        pico.mpremote("fs", "rm", "-r", ":/lib")
        pico.exec("import os; os.mkdir('/lib')")


def install(pico, server, *what):
    return pico.mpremote("mip", "install", "--index", server.index, *what, timeout=240)


def expected(name):
    """Return path on the board -> digest from the package of that name, without its deps."""
    folder = ROOT / "lib" / name
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    return {
        f"/lib/{target}": hashlib.sha256((folder / source).read_bytes()).hexdigest()
        for target, source in package["urls"]
    }


def installed(pico):
    return dict(line.split() for line in pico.exec(HASHES).splitlines())


@pytest.mark.parametrize("name", USES)
def test_an_installed_package_goes_before_the_frozen_one(pico, server, name):
    assert pico.mpremote("exec", FILE.format(name)) == f"{name}/__init__.py\n"  # frozen
    install(pico, server, f"{server.packages}/{name}/")
    files = installed(pico)
    assert {path: files.pop(path) for path in expected(name)} == expected(name)
    assert [*files] == (["/lib/umqtt/simple.mpy"] if name == "telemetry" else [])
    line, printed = USES[name]
    output = pico.mpremote("exec", FILE.format(name) + "\n" + line)
    assert output == f"/lib/{name}/__init__.py\n{printed}\n"
    # Without the installed package, the frozen one is visible again.
    pico.mpremote("fs", "rm", "-r", ":/lib")
    assert pico.mpremote("exec", FILE.format(name)) == f"{name}/__init__.py\n"


def test_dependencies_come_along_from_the_index(pico, server):
    asked = len(server.asked)
    install(pico, server, f"{server.packages}/telemetry/")
    assert "/index/package/6/umqtt.simple/latest.json" in server.asked[asked:]
    code = "import telemetry.publisher as p; print(p._umqtt().__file__); import ticks; "
    assert pico.mpremote("exec", code + "print(ticks.__file__)").split() == [
        "/lib/umqtt/simple.mpy",
        "/lib/ticks/__init__.py",
    ]


def test_an_update_is_seen_after_a_soft_reset(pico, server):
    install(pico, server, f"{server.packages}/ticks/")
    code = "import ticks; print(getattr(ticks, 'update', 0))"
    assert pico.mpremote("exec", code) == "0\n"
    source = (ROOT / "lib" / "ticks" / "__init__.py").read_bytes()
    server.changed["ticks/__init__.py"] = source + b"\nupdate = 2\n"
    try:
        install(pico, server, f"{server.packages}/ticks/")
    finally:
        server.changed.clear()
    assert pico.mpremote("exec", code) == "2\n"


def test_from_a_checkout_without_a_server(pico, server):
    pico.mpremote("mip", "install", "lib/cellular/package.json", cwd=ROOT, timeout=240)
    assert installed(pico) == expected("cellular")


def test_what_is_not_there_is_an_error_that_says_so(pico, server):
    with pytest.raises(MpremoteError, match=r"Package not found: http://127\.0\.0\.1:\d+/lib/no"):
        install(pico, server, f"{server.packages}/no/")


def test_the_order_holds_after_every_kind_of_start(pico):
    code = "import sys; print(sys.path)"
    assert pico.mpremote("exec", code) == "['', '/lib', '.frozen']\n"
    pico.reset()
    assert pico.exec(code) == "['', '/lib', '.frozen']\n"
