"""The file of CA certificates that `iotsafe setup --ca` sends to the board."""

import runpy
from pathlib import Path

import pytest
import typer
from pem_files import pem

from iotsafe.bundle import certificates
from iotsafe_tools.commands.board.setup import read_ca

ROOT = Path(__file__).resolve().parents[2]
PKI = runpy.run_path(str(ROOT / "data" / "certificates.py"))
CA, OTHER, KEY = (bytes.fromhex(PKI[name]) for name in ("CA", "OTHER_CA", "SERVER_KEY"))


@pytest.mark.parametrize(
    "content",
    [
        pem(CA) + pem(OTHER),
        CA + OTHER,
        b"0 our CAs\r\n" + pem(CA, b"\r\n") + pem(OTHER, label=b"X509 CERTIFICATE"),
        pem(CA + b"\x30\x00", label=b"TRUSTED CERTIFICATE") + pem(OTHER),
        pem(KEY, label=b"EC PRIVATE KEY") + pem(CA) + pem(KEY, label=b"PRIVATE KEY") + pem(OTHER),
    ],
    ids=["PEM", "DER", "X509", "TRUSTED", "with a private key"],
)
def test_only_the_certificates_leave_the_host(tmp_path, capsys, content):
    path = tmp_path / "ca"
    path.write_bytes(content)
    data = read_ca(path)
    assert certificates(data) == (CA, OTHER)
    assert data.count(b"-----BEGIN CERTIFICATE-----") == data.count(b"-----BEGIN") == 2
    assert capsys.readouterr().err == ""


def test_what_cannot_be_read_is_named(tmp_path, capsys):
    path = tmp_path / "ca.pem"
    path.write_bytes(pem(CA[:-9]) + pem(OTHER)[:90] + b"\n" + pem(CA))
    assert certificates(read_ca(path)) == (CA,)
    shown = capsys.readouterr().err.splitlines()
    assert [line.partition("left out: ")[2] for line in shown] == [
        "a PEM certificate is cut off",
        "DER ends early",
    ]
    assert all(line.startswith(f"{path}: ") for line in shown)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "no certificate in PEM or DER"),
        (pem(KEY, label=b"PRIVATE KEY"), "no certificate in PEM or DER"),
        (pem(CA)[:80], "a PEM certificate is cut off"),
        (CA[:-1], "DER ends early"),
        (pem(CA) * 30, "more than 8192 bytes; leave only the CA in it"),
    ],
)
def test_a_file_without_a_usable_certificate(tmp_path, content, text):
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(typer.BadParameter, match=text):
        read_ca(path)
