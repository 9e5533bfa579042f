"""What third parties say on the line, in short messages, broadcasts and USSD, is no protocol."""

from at_script import BOOT, OK, dialogue
from mock_uart import cuts
from reference_modems import ask, play
from sim7080_script import REGISTERED

TEXTS = (
    b"OK",
    b"ERROR",
    b"RDY",
    b"AT",
    b"+CASTATE: 0,0",
    b"+CME ERROR: 10",
    b"",
    b">",
    b"+CMT: x",
)
HEADS = (
    b'+CMT: "+491701234567",,"26/11/24,12:18:17+04"',
    b'+CMT: "+491701234567","O, K","26/11/24,12:18:17+04",145,4,0,0,"+49170",145,%d',
    b"+CMT: ,24",
    b"+CBM: 24",
    b"+CBM: 1,50,15,1,1",
    b"+CDS: 24",
)


def answers(text_in_between):
    """Return what AT+X? is answered with `text_in_between` before its line, and before its OK."""
    line, end = b"\r\n+X: 1\r\n", OK
    return (text_in_between + line + end, line + text_in_between + end)


def asks(at):
    seen = []
    at.on(b"+CASTATE:", lambda line: seen.append(bytes(line)))
    assert at.command(b"+X?", b"+X:") == [b"1"]
    assert at.command(b"+Y?", b"+Y:") == [b"2"]
    assert not at.lost and not seen, seen
    return at.unknown


def check(text):
    for answer in answers(text):
        steps = [(b"AT+X?\r", answer), (b"AT+Y?\r", b"\r\n+Y: 2\r\n" + OK)]
        dialogue(steps, asks, BOOT)


def test_the_line_behind_a_message_is_text():
    for head in HEADS:
        for text in TEXTS:
            counted = head % len(text) if b"%" in head else head
            check(b"\r\n" + counted + b"\r\n" + text + b"\r\n")


def test_a_counted_text_of_several_lines_is_kept_whole():
    for text in (b"Hello\r\nOK\r\nERROR\r\n", b"\r\n\r\nRDY\r\n+CASTATE: 0,0", b"OK\r\n" * 30):
        check(b"\r\n" + HEADS[1] % len(text) + b"\r\n" + text + b"\r\n")


def test_a_text_cut_at_every_byte():
    text = b"a\r\nOK\r\nb"
    answer = answers(b"\r\n" + HEADS[1] % len(text) + b"\r\n" + text + b"\r\n")[1]
    for cut in cuts(answer):
        steps = [(b"AT+X?\r", list(cut)), (b"AT+Y?\r", b"\r\n+Y: 2\r\n" + OK)]
        dialogue(steps, asks, BOOT)


def test_a_call_of_somebody_is_no_result():
    for end in (b"NO CARRIER", b"BUSY", b"NO ANSWER", b"NO DIALTONE"):
        check(b"\r\nRING\r\n\r\n" + end + b"\r\n")


def test_ussd_of_several_lines():
    for text in TEXTS[:7]:
        check(b'\r\n+CUSD: 0,"Balance:\r\n' + text + b'\r\n1.00",15\r\n')
        check(b'\r\n+CUSD: 0,"' + text + b'",15\r\n')
    check(b"\r\n+CUSD: 2\r\n")


def test_a_quote_that_was_lost_costs_one_answer():
    lost = b'\r\n+CUSD: 0,"Balance,15\r\n'
    many = b"\r\n+Y: 2\r\n" * 30 + OK

    def body(at):
        at.poll()
        at.poll()
        assert set(at.command(b"+Y?", b"+Y:")) == {b"2"}

    dialogue([(b"", lost), (b"AT+Y?\r", many)], body)


def test_a_status_report_as_text_has_nothing_behind_it():
    check(b'\r\n+CDS: 6,1,"+49170",145,"26/11/24,12:18:17+04","26/11/24,12:18:17+04",0\r\n')


def test_what_delivers_texts_is_switched_off_before_the_registration():
    off = [ask(b"+CMGF=0"), ask(b"+CNMI=2,0,0,0,0"), (b"AT+CUSD=0\r", b"\r\nERROR\r\n")]
    stored = [ask(b"+CGDCONT?", b'+CGDCONT: 1,"IP","internet"')]

    def body(modem):
        modem.prepare("internet")
        modem.register()

    login = {"bg95": ask(b"+QICSGP=1", b'+QICSGP: 1,"","","",0'), "sara-r4": None}
    for name in ("sim7080", "sim7000", "bg95", "gm02s", "sara-r4", "tx62"):
        asked = login.get(name, ask(b"+CGAUTH?", b"+CGAUTH: 1,0"))
        play(name, off + stored + ([asked] if asked else []) + REGISTERED, body)
