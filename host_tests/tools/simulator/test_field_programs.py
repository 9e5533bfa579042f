"""What the programs of others send to a card, byte by byte, and what they take: Orange's library,
Thales' middleware and PKCS#11 module, wolfSSL. Each has habits that a card has to bear."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from iotsafe_tools.simulator.sim import Card, Profile
from iotsafe_tools.simulator.sim.ecc import raw_to_der

CERTIFICATE = b"\x30\x82\x01\x70" + bytes((7 * i + 3) % 251 for i in range(368))
DIGEST = hashlib.sha256(b"a handshake").digest()


class Terminal:
    """Sends commands as hex, and nothing by itself."""

    def __init__(self, name: str, **switches) -> None:
        self.card = Card(profile=Profile.named(name, **switches))
        self.card.issuer.write_file(b"\x02", CERTIFICATE)

    def send(self, command: str) -> tuple[bytes, str]:
        answer = self.card.transmit(bytes.fromhex(command))
        return answer[:-2], answer[-2:].hex().upper()

    def ok(self, command: str) -> bytes:
        data, sw = self.send(command)
        assert sw == "9000", (command, sw)
        return data

    def fetched(self, command: str, get_response: str) -> bytes:
        """Return the data of a command that must answer 61xx."""
        data, sw = self.send(command)
        assert (data, sw[:2]) == (b"", "61"), (command, sw)
        return self.ok(get_response + sw[2:])


def is_signature(point: bytes, digest: bytes, raw: bytes) -> bool:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    hash_ = SHA256() if len(digest) == 32 else SHA384()
    key.verify(raw_to_der(raw), digest, ec.ECDSA(utils.Prehashed(hash_)))
    return True


# ---- Orange's library: class 0X, Le 00, the channel that it opened, GET RESPONSE for files and
# ---- signatures only; a parser that insists on the order of the fields


def orange():
    terminal = Terminal("orange")
    assert terminal.ok("0070000001") == b"\x01"
    terminal.ok("01A4040007A0000005590010")
    return terminal


def taken(data: bytes, fields: list[tuple[int, int | None, bool]]) -> tuple[dict, bytes]:
    """Take fields in their order, as that parser does: (tag, length or None, mandatory). Return
    them, and the rest."""
    found = {}
    for tag, length, mandatory in fields:
        if data[:1] != bytes([tag]):
            assert not mandatory, (f"{tag:02X}", data.hex())
            continue
        size = data[1]
        assert length in (None, size), (f"{tag:02X}", data.hex())
        if tag == 0x11:
            size -= 1  # its length is one too large on the card that it was made for
        found[tag], data = data[2 : 2 + size], data[2 + size :]
    return found, data


APPLICATION = [(0x10, 1, True), (0x11, None, True)] + [
    (tag, 1, True) for tag in (0xB1, 0xB2, 0xB3, 0xB4, 0x90, 0x91, 0x92, 0x93, 0x94, 0xB7)
]


def key_fields(label: int, id: int) -> list:
    mandatory = [(id, None, True)] + [(tag, 1, True) for tag in (0x60, 0x4A, 0x4B, 0x4E, 0x61)]
    return [(label, None, False), *mandatory, (0x92, 1, False), (0x91, 2, False), (0x6F, 1, False)]


FILE = [(0x73, None, False), (0x83, None, True), (0x60, 1, True), (0x4A, 1, True), (0x20, 2, True)]


def test_orange_reads_what_the_applet_can():
    terminal = orange()
    data, sw = terminal.send("01CB000044")
    assert sw[:2] == "6C" and not data  # never 61: a card answers a command without data at once
    found, rest = taken(terminal.ok("01CB0000" + sw[2:]), APPLICATION)
    assert rest == b"" and found[0xB7] == b"\x04" and len(found[0x11]) == 13
    assert len(terminal.ok("0184000010")) == 16


def test_orange_reads_the_list():
    data = orange().ok("01CB010000")
    assert len(data) < 256
    seen = []
    for wrapper, fields in (
        (0xC1, key_fields(0x74, 0x84)),
        (0xC2, key_fields(0x75, 0x85)),
        (0xC3, FILE),
    ):
        while data[:1] == bytes([wrapper]):
            found, data = taken(data[2:], fields)
            seen.append((wrapper, found.get(0x84) or found.get(0x85) or found[0x83]))
    assert data == b""
    assert seen == [(0xC1, b"\x01"), (0xC2, b"\x01")] + [(0xC3, bytes([n])) for n in (2, 3, 4)]


def test_orange_reads_a_file_and_signs():
    terminal = orange()
    content = b""
    while len(content) < 384:
        size = min(50, 384 - len(content))
        at = f"{len(content):04X}"
        content += terminal.fetched(f"01B0{at}03830102{size:02X}", "01C00000")
    assert content[: len(CERTIFICATE)] == CERTIFICATE and not any(content[len(CERTIFICATE) :])
    for _ in range(2):
        terminal.ok("012A010100")
        terminal.ok("012A00010D840101A1010391020001920104")
        answer = terminal.fetched("012B8001229E20" + DIGEST.hex() + "00", "01C00000")
        assert answer[:2] == b"\x33\x40"
        assert is_signature(terminal.card.issuer.public_key(), DIGEST, answer[2:])
        terminal.ok("012C010100")
        terminal.ok("012C00010D850101A1010391020001920104")
        terminal.ok("012D8001649E20" + DIGEST.hex() + answer.hex())
    terminal.ok("0070800100")


# ---- Thales: session 00, never closed; files by their size (tag 20), in steps of what came or of
# ---- 255; lists in parts


def thales():
    terminal = Terminal("thales-mvp")
    assert terminal.ok("0070000001") == b"\x01"
    terminal.ok("01A404000FA00000003053F12401770101495341")
    return terminal


@pytest.mark.parametrize("step", ["what came", "255"])
def test_thales_reads_a_file_by_its_size(step):
    terminal = thales()
    info = terminal.fetched("01CBC3000383010200", "01C00000")
    at = info.index(b"\x20\x02")
    size = int.from_bytes(info[at + 2 : at + 4], "big")
    assert size == len(CERTIFICATE)  # its buffer has this and 255 bytes, and it copies all of it
    buffer, offset = bytearray(size + 255), 0
    while offset < size:
        part = terminal.fetched(f"01B0{offset:04X}0383010200", "01C00000")
        assert 0 < len(part) <= 255 and offset + len(part) <= len(buffer)
        buffer[offset : offset + len(part)] = part
        offset += len(part) if step == "what came" else 255
    assert bytes(buffer[:size]) == CERTIFICATE


def test_thales_reads_the_list_in_parts():
    terminal = thales()
    listed, sw = terminal.send("01CB0100")
    while sw == "6300":
        part, sw = terminal.send("01CB0101")
        listed += part
    assert sw == "9000"
    assert [tag for tag in listed if tag in (0xC1, 0xC2, 0xC3)].count(0xC1) == 1  # one a type


def test_thales_signs_in_session_0_and_never_closes_it():
    terminal = thales()
    for _ in range(3):
        terminal.ok("01A404000FA00000003053F12401770101495341")
        terminal.ok("012A00000D840101A1010391020001920104")
        answer = terminal.fetched("012B8000229E20" + DIGEST.hex() + "00", "01C00000")
        assert answer[:3] == b"\x33\x00\x40"
        assert is_signature(terminal.card.issuer.public_key(), DIGEST, answer[3:])


def test_thales_makes_keys_and_derives():
    terminal = thales()
    pair = terminal.fetched("01B900000384010400", "01C00000")
    assert pair[:6] == bytes.fromhex("840104850104")
    terminal.ok("012400000385010500")  # with Le, though there is no answer
    terminal.ok("01D8800047" + pair[6:].hex() + "00")
    shared = terminal.fetched("014600000684010485010500", "01C00000")
    assert len(shared) == 32
    seed = bytes(range(200))  # its length is one plain byte, C8
    data = "D120" + shared.hex() + "D2C8" + seed.hex() + "D30130"
    assert len(terminal.fetched(f"01480000{len(data) // 2:02X}{data}00", "01C00000")) == 48


# ---- wolfSSL: no channel of its own, class 81, no Le, GET RESPONSE with class 01; every digest is
# ---- announced as SHA-256; status words of 24, 2A and 2C are not looked at


def test_wolfssl_runs_a_whole_handshake():
    terminal = Terminal("gsma", open_channels=(1,), lenient_digest=True)
    terminal.ok("01A4040007A0000005590010")
    assert len(terminal.ok("8184000020")) == 32
    info = terminal.fetched("81CBC30003830102", "01C00000")
    assert info[0] == 0xC3 and b"\x20\x02\x04\x00" in info
    content = b""
    while len(content) < 1024:
        content += terminal.fetched(f"81B0{len(content):04X}03830102", "01C00000")
    assert content.rstrip(b"\0") == CERTIFICATE.rstrip(b"\0")
    pair = terminal.fetched("81B9000003840104", "01C00000")
    point = pair.index(bytes.fromhex("344549438641"))
    peer = ec.generate_private_key(ec.SECP256R1())
    numbers = peer.public_key().public_numbers()
    key = "344549438641" + f"04{numbers.x:064X}{numbers.y:064X}"
    terminal.ok("8124000203850105")
    terminal.ok("81D8800247" + key)
    terminal.ok("8124010200")
    shared = terminal.fetched("8146000006840104850105", "01C00000")
    ours = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), bytes(pair[point + 6 : point + 71])
    )
    assert shared == peer.exchange(ec.ECDH(), ours)
    zeros = "00" * 32
    early = terminal.fetched(f"814A000048D120{zeros}D520{zeros}91020001", "01C00000")
    assert early.hex().upper().startswith("33AD0A1C607EC03B09E6CD9893680CE2")
    for hash_ in (SHA256(), SHA384()):  # of the server's certificates
        digest = hashlib.new(hash_.name, b"a certificate").digest()
        der = peer.sign(digest, ec.ECDSA(utils.Prehashed(hash_)))
        r, s = utils.decode_dss_signature(der)
        terminal.ok("812C00010D850105A1010391020001920104")
        tail = f"9E{len(digest):02X}{digest.hex()}330040{r:064X}{s:064X}"
        for changed, sw in ((tail, "9000"), (tail[:-2] + f"{int(tail[-2:], 16) ^ 1:02X}", "6D01")):
            assert terminal.send(f"812D8001{len(tail) // 2:02X}{changed}") == (b"", sw)
            terminal.ok("812C010100")
            terminal.ok("812C00010D850105A1010391020001920104")
        terminal.ok("812C010100")
    terminal.ok("812A00010D840101A1010391020001920104")
    answer = terminal.fetched("812B8001229E20" + DIGEST.hex(), "01C00000")
    assert answer[:3] == b"\x33\x00\x40"
    assert is_signature(terminal.card.issuer.public_key(), DIGEST, answer[3:])
    terminal.ok("812A010100")


def test_a_strict_card_refuses_wolfssls_announcement():
    terminal = Terminal("gsma", open_channels=(1,))
    terminal.ok("01A4040007A0000005590010")
    terminal.ok("812A00010D840101A1010391020001920104")
    assert terminal.send("812B8001329E30" + "11" * 48) == (b"", "6A80")
