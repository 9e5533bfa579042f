"""The card's side of vpcd's protocol, against a hostile reader of the test's own."""

import contextlib
import json
import random
import select
import socket
import time

import pytest
from modem_bench import StubCard

from iotsafe_tools.lab import Lab, LabError, vpcd
from iotsafe_tools.lab.vpcd import Reader, VirtualCard, VpcdError
from iotsafe_tools.simulator.sim import Card, Profile, Store
from iotsafe_tools.simulator.sim.pin import Pin
from iotsafe_tools.testbed import PATIENCE, ReservedPort

ATR = Card(Store.memory([])).atr().hex().upper()


def message(*texts):
    parts = [bytes.fromhex(text) for text in texts]
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def answers(protocol):
    found = []
    while (answer := protocol.next_answer()) is not None:
        found.append((answer[0], answer[1].hex().upper()))
    return found


@pytest.fixture
def card():
    return Card(Store.memory(), Profile(random_ms=30))


@pytest.fixture
def protocol(card):
    return VirtualCard(card, lambda *_: None)


def test_control_bytes_and_commands(protocol):
    protocol.feed(message("04", "01", "0070000001", "0184000002"))
    (_, atr), (_, opened), (_, refused) = answers(protocol)
    assert atr == f"{len(ATR) // 2:04X}" + ATR
    assert opened == "0003" + "019000"
    assert refused == "0002" + "6D00"


@pytest.mark.parametrize("control", ["01", "02"], ids=["power on", "reset"])
def test_power_and_reset_close_the_channels(protocol, control):
    protocol.feed(message("01", "0070000001", "0070000001", control, "0070000001"))
    assert [text for _, text in answers(protocol)] == [
        "0003019000",
        "0003029000",
        "0003019000",
    ]


def test_a_command_takes_the_cards_time_and_is_told(card):
    told = []
    protocol = VirtualCard(card, lambda *fields: told.append(fields))
    protocol.feed(message("01", "00A4040007A0000005590010", "0084000000"))
    (select_s, _), (random_s, text) = answers(protocol)
    assert (select_s, random_s) == (0.0, 0.03)
    assert text[:4] == "0102"
    assert [fields[0].hex() for fields in told] == ["00a4040007a0000005590010", "0084000000"]


def test_the_card_sees_commands_as_over_t0(card, protocol):
    """Its ATR says T=0, over which no Le follows data: what a card answers then waits."""
    card.issuer.write_file(b"\x02", b"abc", size=3)
    protocol.feed(message("01", "00A4040007A000000559001000", "00B000000383010200", "00C0000003"))
    protocol.feed(message("00CB0100", "00CB010000", "00A40400", "00B0000003830102"))
    texts = [text for _, text in answers(protocol)]
    assert texts[:3] == ["00029000", "00026103", "0005" + "6162639000"]
    assert texts[3] == texts[4] and texts[3][-4:] == "9000"  # without data, at once
    assert texts[5:] == ["00026700", "00026103"]


def test_the_card_asks_for_the_pin_only_in_the_reader(card):
    protocol = VirtualCard(card, lambda *_: None, Pin("1234"))
    imsi = "00A4080C047FFF6F07", "00B0000009"
    protocol.feed(message("01", *imsi, "00200001", "002000010831323334FFFFFFFF", imsi[1]))
    found = [text[-4:] for _, text in answers(protocol)]
    assert found == ["9000", "6982", "63C3", "9000", "9000"]
    protocol.feed(message("02", *imsi))  # after a reset the PIN is needed again
    assert [text[-4:] for _, text in answers(protocol)] == ["9000", "6982"]
    protocol.feed(message("00"))
    assert answers(protocol) == []
    card.power_on()  # in a modem, which asks for its PIN itself
    assert [card.transmit(bytes.fromhex(text))[-2:].hex() for text in imsi] == ["9000"] * 2


def test_messages_may_come_in_any_pieces(protocol):
    stream = message("01", "0070000001", "04")
    found = []
    for byte in stream:
        protocol.feed(bytes([byte]))
        found += answers(protocol)
    assert [text for _, text in found] == ["0003019000", f"{len(ATR) // 2:04X}" + ATR]


def test_one_byte_that_is_no_control_is_a_command_that_is_too_short(protocol):
    protocol.feed(message("01", "03", "FF"))
    assert [text for _, text in answers(protocol)] == ["00026700", "00026700"]


@pytest.mark.parametrize(
    ("stream", "what"),
    [
        (message("01", ""), "an empty message"),
        (message("0070000001"), "without power"),
        (message("01", "00", "0070000001"), "without power"),
    ],
)
def test_what_no_reader_sends(protocol, stream, what):
    protocol.feed(stream)
    with pytest.raises(VpcdError, match=what):
        protocol.next_answer()


def test_noise_gets_answers_or_is_refused_and_nothing_else():
    source = random.Random(20)
    refused = answered = 0
    for _ in range(300):
        protocol = VirtualCard(Card(Store.memory([])), lambda *_: None)
        protocol.feed(message("01") if source.random() < 0.5 else b"")
        for _ in range(20):
            size = source.choice((0, 1, 1, 4, 5, 5, 6, 300, 65535))
            protocol.feed(size.to_bytes(2, "big") + source.randbytes(min(size, 400)))
            try:
                answered += len(answers(protocol))
            except VpcdError:
                refused += 1
                break
    assert refused > 50
    assert answered > 50


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("127.0.0.1:35963", "127.0.0.1:35963"),
        (":4000", "127.0.0.1:4000"),
        ("127.0.0.5", "127.0.0.5:35963"),
        ("localhost:1", "127.0.0.1:1"),
        ("[::1]:7", "::1:7"),
        ("[::1]", "::1:35963"),
        ("", "127.0.0.1:35963"),
    ],
)
def test_addresses(card, where, name):
    assert Reader(card, where, clock=lambda: 0.0, on_event=print).name == name


@pytest.mark.parametrize(
    "where", ["reader", "127.0.0.1:x", "127.0.0.1:0", "127.0.0.1:65536", "::1:2:x", "10.0.0.1:1"]
)
def test_addresses_that_are_refused(where):
    with pytest.raises(LabError, match="card reader"):
        Lab(vpcd=where, card=StubCard({}))


# ---- the lab with a reader of ours -----------------------------------------------------------


class FakeReader:
    """Listens like vpcd; `card()` accepts the card's connection."""

    def __init__(self, port=0):
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(PATIENCE)
        self.port = self._server.getsockname()[1]
        self.where = f"127.0.0.1:{self.port}"

    def card(self):
        connection, _ = self._server.accept()
        connection.settimeout(PATIENCE)
        return connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()


def ask(connection, text):
    connection.sendall(message(text))
    return receive(connection)


def receive(connection):
    size = int.from_bytes(take(connection, 2), "big")
    return take(connection, size).hex().upper()


def take(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        assert part, "the card has hung up"
        data += part
    return data


def gone(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def wait(test):
    due = time.monotonic() + PATIENCE
    while not test():
        assert time.monotonic() < due
        time.sleep(0.002)


@pytest.fixture
def hurry(monkeypatch):
    monkeypatch.setattr(vpcd, "RETRY", 0.01)
    monkeypatch.setattr(vpcd, "PENALTY", 0.01)


def lab(reader, **options):
    return Lab(vpcd=reader.where, delays=0.0, **options)


def test_the_card_answers_in_the_reader_and_not_in_the_modem():
    with FakeReader() as reader, lab(reader) as bench, reader.card() as card:
        card.sendall(message("01"))
        assert ask(card, "04") == ATR
        assert ask(card, "0070000001") == "019000"
        assert bench.reader.attached
        assert not bench.modem.sim.present


def test_the_cards_time_passes_before_the_answer():
    events = []
    with (
        FakeReader() as reader,
        lab(reader, profile=Profile(apdu_ms=80), on_event=events.append) as bench,
        reader.card() as card,
    ):
        card.sendall(message("01"))
        began = time.monotonic()
        assert ask(card, "0070000001") == "019000"
        assert time.monotonic() - began >= 0.08
        wait(lambda: any(event["kind"] == "apdu" for event in events))
        told = next(event for event in events if event["kind"] == "apdu")
        assert (told["reader"], told["apdu"], told["sw"]) == (reader.where, "0070000001", "9000")
        assert bench.counters["apdu_exchanges"] == 0


def test_the_card_moves_between_reader_and_modem():
    with FakeReader() as reader, lab(reader) as bench:
        with reader.card() as card:
            card.sendall(message("01"))
            ask(card, "0070000001")
            bench.insert_card("modem")
            assert gone(card)
        assert bench.call(lambda: (bench.modem.sim.present, bench.reader.inserted)) == (
            True,
            False,
        )
        bench.insert_card("reader")
        assert not bench.modem.sim.present
        with reader.card() as card:
            card.sendall(message("01"))
            assert ask(card, "0070000001") == "019000"  # the lowest channel: it was reset
            bench.insert_card(None)
            assert gone(card)
        assert not bench.reader.inserted
        assert not bench.modem.sim.present


def test_the_card_moves_by_commands_to_the_control_port():
    with FakeReader() as reader, lab(reader, control="tcp:127.0.0.1:0") as bench:
        host, port = bench.control[4:].split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            stream = connection.makefile("rw")

            def order(line):
                stream.write(line + "\n")
                stream.flush()
                assert json.loads(stream.readline()) == {"ok": True}
                return bench.call(lambda: (bench.modem.sim.present, bench.reader.inserted))

            with reader.card() as card:
                assert order("sim insert") == (True, False)
                assert gone(card)
            assert order("reader remove") == (True, False)
            assert order("reader insert") == (False, True)
            with reader.card() as card:
                assert ask(card, "04") == ATR
                assert order("reader remove") == (False, False)
                assert gone(card)


def test_a_lab_without_reader_says_so():
    with Lab(delays=0.0) as bench, pytest.raises(ValueError, match="no card reader"):
        bench.insert_card("reader")


def test_a_reader_that_goes_and_comes_back(hurry):
    with ReservedPort() as port:
        with Lab(vpcd=f"127.0.0.1:{port.number}", delays=0.0) as bench:
            for _ in range(3):
                with FakeReader(port.number) as reader, reader.card() as card:
                    card.sendall(message("01"))
                    assert ask(card, "04") == ATR
                wait(lambda: not bench.reader.attached)
        assert bench.counters["handler_errors"] == 0


@pytest.mark.parametrize(
    ("noise", "what"),
    [(b"\0\0", "an empty message"), (b"GET / HTTP/1.1\r\n" * 1200, "without power")],
)
def test_nonsense_gets_one_line_and_a_new_connection(hurry, caplog, noise, what):
    with FakeReader() as reader, lab(reader) as bench:
        with reader.card() as card:
            with contextlib.suppress(ConnectionError):
                card.sendall(noise)
            assert gone(card)
        with reader.card() as card:
            assert ask(card, "04") == ATR
        assert bench.counters["handler_errors"] == 0
    (record,) = caplog.records
    line = record.getMessage()
    assert f"the card reader at {reader.where} sent " in line
    assert what in line
    assert "vpcd" in line


def test_after_nonsense_the_peer_is_left_alone_for_a_while():
    now = [0.0]
    with FakeReader() as reader:
        found = Reader(Card(), reader.where, clock=lambda: now[0], on_event=lambda *_, **__: None)
        with contextlib.closing(found):
            found.service()
            with reader.card() as card:
                wait(lambda: found.service() or found.attached)
                card.sendall(b"\0\0")
                wait(lambda: found.service() or not found.attached)
            assert found.next_due() == vpcd.PENALTY
            now[0] = vpcd.PENALTY - 0.1
            found.service()
            assert found.next_due() == vpcd.PENALTY
            now[0] = vpcd.PENALTY
            found.service()
            reader.card().close()


def test_a_reader_that_never_takes_its_answers_stops_being_heard():
    """Half-duplex: the reader's new messages stay in the kernel, not in our memory."""
    with FakeReader() as reader, lab(reader) as bench, reader.card() as card:
        card.sendall(message("01"))
        card.setblocking(False)
        flood, sent = message("04") * 20000, 0

        def stuck():
            nonlocal sent
            with contextlib.suppress(BlockingIOError):
                while True:
                    sent += card.send(flood[sent % 3 :])
            writable = select.select([], [card], [], 0.1)[1]
            return not writable and bench.call(lambda: bool(bench.reader._output))

        wait(stuck)
        assert bench.call(lambda: len(bench.reader._protocol._input)) <= 2 * vpcd.CHUNK
        card.settimeout(PATIENCE)
        for _ in range(1000):
            assert receive(card) == ATR


@pytest.mark.parametrize(
    ("family", "address", "shown"),
    [
        (socket.AF_INET, "127.0.0.1", []),
        (socket.AF_INET, "0.0.0.0", ["0.0.0.0:{}"]),
        (socket.AF_INET6, "::", ["[::]:{}"]),
    ],
)
def test_it_says_where_a_reader_listens_for_other_machines(family, address, shown):
    if family == socket.AF_INET6 and not socket.has_dualstack_ipv6():
        return
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        want = [text.format(port) for text in shown]
        assert [text for text in vpcd.exposed(port) if text.endswith(f":{port}")] == want
        below = [text for text in vpcd.exposed(port - 1) if text.endswith(f":{port}")]
        assert below == want
