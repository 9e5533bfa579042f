"""What `make fresh` copies from this machine into a bare root (iotsafe_tools.fresh)."""

import subprocess

import pytest

from iotsafe_tools.fresh import carried
from iotsafe_tools.fresh.__main__ import main

TARGETS = """\
http://mirror.test/debian/ bookworm main
http://mirror.test/debian/ bookworm contrib
http://mirror.test/debian/ bookworm-updates main
http://mirror.test/security/ bookworm-security main
http://other.test/ stable main
"""


@pytest.fixture
def here(monkeypatch):
    """A machine with Debian 12 and a mirror."""
    release = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
    monkeypatch.setattr(carried, "_release", release.get)

    def run(command, **_):
        return subprocess.CompletedProcess(command, 0, TARGETS)

    monkeypatch.setattr(carried.subprocess, "run", run)


def test_the_mirror_of_this_machine_serves_the_other_suite(here):
    assert carried.sources("trixie") == [
        "deb http://mirror.test/debian/ trixie main",
        "deb http://mirror.test/debian/ trixie-updates main",
        "deb http://mirror.test/security/ trixie-security main",
    ]


def test_a_mirror_of_debian_does_not_serve_ubuntu(here):
    assert carried.sources("noble") == []


def test_variables_that_say_how_to_reach_servers_and_no_others(monkeypatch):
    for name in (
        "https_proxy",
        "NO_PROXY",
        "PIP_INDEX_URL",
        "SSL_CERT_FILE",
        "PYTHONPATH",
        "BOARD",
    ):
        monkeypatch.setenv(name, "x")
    found = carried.environment()
    assert {"https_proxy", "NO_PROXY", "PIP_INDEX_URL", "SSL_CERT_FILE"} <= set(found)
    assert not {"PYTHONPATH", "BOARD", "HOME", "PATH", "LANG"} & set(found)


def test_settings_are_copied_and_nothing_of_apts_but_passwords(monkeypatch, tmp_path):
    home, root = tmp_path / "home", tmp_path / "root"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text("[global]\n")
    (home / ".gitconfig").write_text("[user]\n\tname = x\n[http]\n\tproxy = http://p.test\n")
    (root / "root").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    carried.into(root, carried.Path("root"))
    assert (root / "root" / ".config" / "pip" / "pip.conf").read_text() == "[global]\n"
    options = (root / "root" / ".gitconfig").read_text()
    assert "proxy = http://p.test" in options and "name" not in options
    assert not (root / "etc" / "apt" / "sources.list").exists()


def test_an_unknown_suite_is_refused_before_anything_is_made(capsys):
    with pytest.raises(SystemExit):
        main(["--suite", "woody"])
    assert "woody is none of bookworm, trixie, noble" in capsys.readouterr().err
