"""The issuers' certificates that `iotsafe setup --chain` sends to the board."""

import contextlib
import io
import json
import sys
from pathlib import Path

import pytest
import typer
from pem_files import pem

from app import first_boot
from iotsafe import CertificateCache
from iotsafe.bundle import certificates
from iotsafe_tools.commands.board.setup import Aborted, Dialogue, read_chain
from iotsafe_tools.testbed import PKI

POINT = bytes.fromhex(
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e9"
    "5628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return PKI.create(tmp_path_factory.mktemp("pki"), intermediate=True)


@pytest.fixture(scope="module")
def leaf(pki):
    return pki.issue_client(POINT, "meter-17")


def written(tmp_path, content):
    path = tmp_path / "issuers"
    path.write_bytes(content)
    return path


def test_only_the_certificates_leave_the_host(pki, tmp_path):
    middle, root = pki.intermediate.der, pki.ca_der
    key = (pki.folder / "ca.key").read_bytes()
    for content in (
        pem(middle) + pem(root),
        middle + root,
        key + pem(middle, label=b"X509 CERTIFICATE") + b"text" + key + pem(root, b"\r\n"),
    ):
        data = read_chain(written(tmp_path, content))
        assert certificates(data) == (middle, root)
        assert data.count(b"-----BEGIN CERTIFICATE-----") == data.count(b"-----BEGIN") == 2


def test_a_chain_that_is_none(pki, tmp_path):
    middle, root = pki.intermediate.der, pki.ca_der
    key = (pki.folder / "ca.key").read_bytes()
    for content, text in (
        (b"", "no certificate in PEM or DER"),
        (key, "no certificate in PEM or DER"),
        (pem(middle)[:90], "a PEM certificate is cut off"),
        (pem(middle) + pem(root)[:90], "a PEM certificate is cut off"),  # no gap goes unnoticed
        (pem(middle) + pem(root[:-9]), "DER ends early"),
        (pem(root) + pem(middle), "comes next"),
        (pem(middle) + pem(PKI.create(tmp_path / "other").ca_der), "comes next"),
        (pem(root) * 30, "more than 8192 bytes; leave only the issuers in it"),
    ):
        with pytest.raises(typer.BadParameter, match=text) as caught:
            read_chain(written(tmp_path, content))
        assert "\n" not in str(caught.value)


class Board:
    """A board in a folder, at the other end of a link that runs the code here. `certificate`: what
    it has read from the SIM; `works`: whether its trials pass."""

    def __init__(self, folder: Path, certificate=b"", works=True):
        self.folder = folder
        self.works = works
        self.names = {"board": self, "first_boot": first_boot}
        if certificate:
            CertificateCache(self.path("certificate.der")).save(certificate)

    def path(self, name):
        return str(self.folder / name)

    def trial(self, board, settings, tell):
        tell("session  works")
        return self.works

    def run(self, code, *_):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, self.names)
        return out.getvalue().splitlines()

    def send(self, name, data):
        self.names[name] = data

    def setup(self, monkeypatch, chain=None, keep=False, test=True):
        """Run the dialogue; return the config's `sim.chain`, and the files that it has now."""
        monkeypatch.setitem(sys.modules, "board", self)
        monkeypatch.setattr(first_boot, "trial", self.trial)
        dialogue = Dialogue(self, {"mqtt.host": "h"}, ask=False)
        dialogue.perform(None, chain, test=test, keep=keep)
        return self.state()

    def state(self):
        files = sorted(path.name for path in self.folder.glob("chain*"))
        config = self.folder / "config.json"
        config = json.loads(config.read_text()) if config.exists() else {}
        return config.get("sim", {}).get("chain"), files


def test_the_config_names_the_file_that_was_written(pki, leaf, tmp_path, monkeypatch):
    board = Board(tmp_path, leaf)
    chain = pem(pki.intermediate.der)
    assert board.setup(monkeypatch) == (None, [])
    assert board.setup(monkeypatch, chain) == ("chain.pem", ["chain.pem"])
    assert (tmp_path / "chain.pem").read_bytes() == chain
    # A new file each time, so that a power cut leaves the old chain or the new one.
    both = pem(pki.intermediate.der) + pem(pki.ca_der)
    assert board.setup(monkeypatch, both) == ("chain2.pem", ["chain2.pem"])
    assert (tmp_path / "chain2.pem").read_bytes() == both
    assert board.setup(monkeypatch) == ("chain2.pem", ["chain2.pem"])
    assert board.setup(monkeypatch, chain) == ("chain.pem", ["chain.pem"])


def test_other_sources_of_the_board_stay_without_the_option(pki, leaf, tmp_path, monkeypatch):
    board = Board(tmp_path, leaf)
    sources = ["03", "chain.pem"]
    config = {"version": 1, "mqtt": {"host": "h"}, "sim": {"chain": sources}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "chain.pem").write_text("")
    assert board.setup(monkeypatch) == (sources, ["chain.pem"])
    assert board.setup(monkeypatch, pem(pki.intermediate.der))[0] == "chain2.pem"


def test_it_must_continue_the_certificate_of_the_sim(pki, leaf, tmp_path, monkeypatch, capsys):
    other = PKI.create(tmp_path / "other", intermediate=True)
    board = Board(tmp_path, leaf)
    for chain, why in (
        (pem(other.intermediate.der), "CN=meter-17 was issued by"),
        (pem(pki.ca_der), "comes next"),
        (pem(leaf), "but CN=meter-17 comes next"),
    ):
        for test in (True, False):
            with pytest.raises(Aborted):
                board.setup(monkeypatch, chain, test=test)
            shown = capsys.readouterr().out
            assert "--chain does not continue the certificate of the SIM: " in shown
            assert why in shown.replace("\n", " ")
            assert board.state()[0] is None
    assert board.setup(monkeypatch, pem(other.intermediate.der), keep=True)[0] == "chain.pem"


def test_where_no_certificate_was_read_it_is_believed(pki, tmp_path, monkeypatch):
    for certificate in (b"", b"no certificate at all" * 9):
        folder = tmp_path / str(len(certificate))
        folder.mkdir()
        board = Board(folder, certificate)
        assert board.setup(monkeypatch, pem(pki.intermediate.der))[0] == "chain.pem"


def test_a_failed_test_leaves_the_config(pki, leaf, tmp_path, monkeypatch):
    board = Board(tmp_path, leaf, works=False)
    with pytest.raises(Aborted, match="the test failed"):
        board.setup(monkeypatch, pem(pki.intermediate.der))
    assert board.state() == (None, ["chain.pem"])
