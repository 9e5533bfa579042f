"""`iotsafe issuer` as a person types it, against a running lab."""

import json
import re
import socket
import threading

import pytest
from typer.testing import CliRunner
from worked_card import fixture_card

from iotsafe_tools import cli
from iotsafe_tools.lab import Lab
from iotsafe_tools.testbed import PKI, ReservedPort


@pytest.fixture
def lab():
    with Lab(card=fixture_card(), control="tcp:127.0.0.1:0", delays=0.0) as running:
        yield running


@pytest.fixture
def issuer(lab):
    """Type a command; return (exit status, output, error)."""
    return lambda *words: typed("--control", lab.control, *words)


def typed(*words):
    done = CliRunner().invoke(cli.app, ["issuer", *map(str, words)], env={"COLUMNS": "100"})
    return done.exit_code, done.stdout, done.stderr


def content(lab, id=b"\x02"):
    (file,) = [
        item for item in lab.card.issuer.objects() if (item.kind.name, item.id) == ("FILE", id)
    ]
    return file.content


def test_objects_are_a_table(issuer):
    issuer("deactivate", "private", "01")
    issuer("admin", "begin", "file", "02")
    status, shown, _ = issuer("objects")
    assert status == 0
    rows = [re.split(r" {2,}", line.strip()) for line in shown.splitlines()]
    assert rows[0] == ["kind", "id", "label", "state", "type", "functions"]
    assert rows[1] == ["private", "01", "ID", "deactivated", "P-256", "signature"]
    assert ["public", "05", "PEER", "empty", "P-256 volatile", "signature, key agreement"] in rows
    assert ["file", "02", "CERT", "activated, administered", "300 of 300 bytes"] in rows
    assert len(rows) == 8


def test_json_is_the_labs_answer(lab, issuer):
    status, shown, _ = issuer("objects", "--json")
    assert status == 0
    assert [item["id"] for item in json.loads(shown)["objects"]] == [
        item.id.hex() for item in lab.card.issuer.objects()
    ]
    assert json.loads(issuer("--json", "profile")[1])["profile"]["max_files"] == 8


def test_the_profile_is_a_list_of_lines(issuer):
    status, shown, _ = issuer("profile")
    assert status == 0
    assert "aids: A0000005590010\n" in shown


def test_a_label_with_blanks_and_quotes(lab, issuer):
    label = """Ada's "first" key"""
    words = ("create", "pair", "id=10", f"label={label}", "type=P-256 volatile", "generate=true")
    assert issuer(*words) == (0, "done: True\n", "")
    assert label.encode() in {item.label for item in lab.card.issuer.objects()}


def test_a_certificate_is_written_from_a_file(lab, issuer, tmp_path):
    pki = PKI.create(tmp_path / "pki")
    der = pki.issue_client(lab.card.issuer.public_key(b"\x01"), "device-1")
    issuer("create", "file", "id=10", "size=2000")
    (tmp_path / "device.der").write_bytes(der)
    assert issuer("write", "file", "10", tmp_path / "device.der")[:2] == (
        0,
        f"bytes: {len(der)}\n",
    )
    assert content(lab, b"\x10") == der
    status, _, _ = issuer("write", "file", "10", pki.ca_path)
    assert status == 0
    assert content(lab, b"\x10")[:1] == b"\x30"
    assert content(lab, b"\x10") != der


def test_bytes_are_written_from_the_command_line(lab, issuer):
    issuer("write", "file", "02", "hex=010203")
    assert content(lab) == b"\x01\x02\x03"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["explode"], "the issuer has no command 'explode'"),
        (["remove", "private", "99"], "no private object 99; see: iotsafe issuer objects"),
        (["write", "private", "01", "hex=00"], "use: iotsafe issuer create pair"),
        (["write", "file", "02", "nothing.der"], "nothing.der cannot be read: No such file"),
        (["write", "file", "02", "bad.pem"], "bad.pem is not a PEM certificate"),
        (["write", "file", "02", "long.bin"], "long.bin is longer than a file on a card"),
        (["create", "file", "id=10", "size=1", "label=a\nb"], "a command is one line"),
    ],
)
def test_mistakes_are_one_line(lab, issuer, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA")
    (tmp_path / "long.bin").write_bytes(bytes(65536))
    before = lab.card.issuer.objects()
    status, shown, error = issuer(*words)
    assert (status, shown) == (1, "")
    assert message in error
    assert error.count("\n") == 1
    assert lab.card.issuer.objects() == before


@pytest.mark.parametrize("place", ["lab", "tcp:1", "udp:127.0.0.1:1", "tcp:127.0.0.1:99999"])
def test_a_place_that_is_none(place):
    status, _, error = typed("--control", place, "objects")
    assert status == 1
    assert f"no control port '{place}'; use tcp:HOST:PORT" in error


def test_a_lab_that_does_not_run():
    with ReservedPort() as port:
        status, _, error = typed("--control", f"tcp:127.0.0.1:{port.number}", "objects")
    assert status == 1
    assert "does not answer" in error
    assert f"--control tcp:127.0.0.1:{port.number}" in error


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"[1]\n", b"\xff\n"])
def test_something_else_answers(answer):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as stream:
                stream.readline()
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        place = f"tcp:127.0.0.1:{server.getsockname()[1]}"
        status, _, error = typed("--control", place, "objects")
        thread.join()
    assert status == 1
    assert f"the program at {place} is not a lab" in error


@pytest.mark.parametrize("words", [[], ["objects"], ["--help"], ["create", "--control", "x"]])
def test_the_old_name_says_the_new_one(words):
    done = CliRunner().invoke(cli.app, ["card", *words])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr == "iotsafe card: this command is `iotsafe issuer` now\n"
