"""Which parts of a dialogue a transcript hides, and which it does not."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotsafe_tools.simulator.modem.mask import Hidden, Mask


def shown(parts):
    """Return parts as one text; a hidden part as its shape and size."""
    return "".join(
        part.decode("latin-1")
        if isinstance(part, bytes)
        else f"<{part.shape}{'' if part.size is None else part.size}>"
        for part in parts
    )


def merged(chunks):
    """Join the parts of several chunks into one chunk's parts."""
    result = []
    for part in (part for parts in chunks for part in parts):
        last = result[-1] if result else None
        if isinstance(last, bytes) and isinstance(part, bytes):
            result[-1] = last + part
        elif isinstance(last, Hidden) and isinstance(part, Hidden) and last.shape == part.shape:
            result[-1] = Hidden(part.shape, part.size and last.size + part.size)
        else:
            result.append(part)
    return result


RANDOM = 'AT+CSIM=10,"0184000010"\r'
OF_HOST = [
    ('AT+CPIN="1234"\r', 'AT+CPIN="<text>"\r'),
    ("at+cpin=1234;+CSQ\r", "at+cpin=<word>;+CSQ\r"),
    ("AT+CPIN 1234\r", "AT+CPIN <word>\r"),
    ('AT+CPIN = "12\\"\r', 'AT+CPIN = "<text>"\r'),
    ('AT+CPIM\x08N="1234"\r', 'AT+CPIM\x08N="<text>"\r'),
    ("AT+CPIN?;+CPIN=1234\r", "AT+CPIN?;+CPIN=<word>\r"),
    ("AT+CPIN=?\r", "AT+CPIN=?\r"),
    ('AT+CPIN="1234\rAT+CGMM\r', 'AT+CPIN="<text>\rAT+CGMM\r'),
    ('AT+CPWD="SC","1234","5678"\r', 'AT+CPWD="SC","<text>","<text>"\r'),
    ('AT+CLCK="SC",1,"1234"\r', 'AT+CLCK="SC",1,"<text>"\r'),
    ('AT+CNCFG=0,1,"apn","me","se,c;t",3\r', 'AT+CNCFG=0,1,"apn","<text>","<text>",<word>\r'),
    ('AT+QICSGP=1,1,"apn","me","x",3\r', 'AT+QICSGP=1,1,"apn","<text>","<text>",<word>\r'),
    ('AT+UAUTHREQ=1,2,"me","x"\r', 'AT+UAUTHREQ=1,2,"<text>","<text>"\r'),
    ('AT^SGAUTH=1,2,"me","x"\r', 'AT^SGAUTH=1,2,"<text>","<text>"\r'),
    ('AT+CSTT="apn","me","x"\r', 'AT+CSTT="apn","<text>","<text>"\r'),
    ('AT+CGAUTH=1,2,"","x"\r', 'AT+CGAUTH=1,2,"","<text>"\r'),
    (
        'AT+CSIM=26,"002000010831323334FFFFFFFF"\r',
        'AT+CSIM=26,"0020000108<hex16>"\r',
    ),
    ("AT+CSIM=26,002000010831323334FFFFFFFF\r", "AT+CSIM=26,0020000108<hex16>\r"),
    ('AT+CSIM=26, "002c00010831323334ffffffff"\r', None),
    (
        'AT+CSIM=42,"002C0001103132333435363738FFFF3435363738FF"\r',
        'AT+CSIM=42,"002C000110<hex32>"\r',
    ),
    ('AT+CSIM=26,"0020000 10831323334"\r', 'AT+CSIM=26,"0020000 108<hex8>"\r'),
    ('AT+CSIM=22,"00CD 00000431323334"\r', 'AT+CSIM=22,"00CD 000004<hex8>"\r'),
    ('AT+CSIM=32,"014800000BD10273E1D20161D3013000"\r', 'AT+CSIM=32,"014800000B<hex22>"\r'),
    ('AT+CGLA=1,18,"004A000004D10273E1"\r', 'AT+CGLA=1,18,"004A000004<hex8>"\r'),
    ("AT+CGLA=1,18,004A000004D10273E1\r", "AT+CGLA=1,18,004A000004<hex8>\r"),
    ('AT+CSIM=20,"002000010431323334";+CSQ\r', 'AT+CSIM=20,"0020000104<hex8>";+CSQ\r'),
    ('AT+CSIM=10,"0070000001"\r', None),
    ('AT+CSIM=80,"012B8001229E20' + "00" * 32 + '"\r', None),
    ('AT+CNACT=0,1\rAT+CAOPEN=0,0,"TCP","h",8883\r', None),
    (
        "x\r\n-----BEGIN EC PRIVATE KEY-----\nMHcC\nAQEE\n-----END EC PRIVATE KEY-----\nAT\r",
        "x\r\n-----BEGIN EC PRIVATE KEY-----<any40>AT\r",
    ),
    ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", None),
]


@pytest.mark.parametrize(("said", "want"), OF_HOST)
def test_secrets_of_the_host_are_hidden_however_they_are_cut(said, want):
    data = said.encode()
    for step in (1, 2, 3, 5, 7, len(data)):
        chunks = [data[at : at + step] for at in range(0, len(data), step)]
        mask = Mask()
        assert shown(merged(mask.host(chunk) for chunk in chunks)) == (want or said), step
        echo = Mask()
        assert shown(merged(echo.modem(chunk) for chunk in chunks)) == (want or said), step


SECRET = "00112233445566778899AABBCCDDEEFF"
OF_MODEM = [
    (f'+CSIM: 36,"{SECRET}9000"\r\n', '+CSIM: 36,"<hex32>9000"\r\n'),
    (f"+CSIM: 36,{SECRET.lower()}9000\r\n", "+CSIM: 36,<hex32>9000\r\n"),
    (f'+CSIM: 4,"9000"+CSIM: 36,"{SECRET}9000"\r\n', '+CSIM: 4,"9000"+CSIM: 36,"<hex32>9000"\r\n'),
    (f"+CSIM: 4,9000\r\n+CSIM: 36,{SECRET}9000\r\n", "+CSIM: 4,9000\r\n+CSIM: 36,<hex32>9000\r\n"),
    (f'+CSIM: 36,"{SECRET[:20]}\r\n', '+CSIM: 36,"<hex20>\r\n'),
    (f'+CSIM: 6,"{SECRET}"\r\n', '+CSIM: 6,"<hex2>1122<hex26>"\r\n'),
    (f'+CSIM: 3,"{SECRET}"\r\n', None),
    (f'+CSM: 36,"{SECRET}9000"\r\n', '+CSM: 36,"00112233<hex28>"\r\n'),
    (f"{SECRET}9000\r\n", "00112233<hex28>\r\n"),
    ('+CSIM: 4,"6985"\r\n', '+CSIM: 4,"6985"\r\n'),
]  # fmt: skip


@pytest.mark.parametrize(("said", "want"), OF_MODEM)
def test_secrets_of_the_sim_are_hidden_however_they_are_cut(said, want):
    data = said.encode()
    for step in (1, 2, 3, 5, 7, len(data)):
        mask = Mask()
        assert shown(mask.host(RANDOM.encode())) == RANDOM
        chunks = [data[at : at + step] for at in range(0, len(data), step)]
        got = shown(merged(mask.modem(chunk) for chunk in chunks))
        if want:
            assert got == want, step
        assert SECRET[16:] not in got.upper(), step
        if want:  # other commands hide nothing
            open_ = Mask()
            open_.host(b'AT+CSIM=10,"01CD000000"\r')
            assert shown(open_.modem(data)) == said


def test_which_answer_is_secret():
    mask = Mask()
    line = f'+CSIM: 36,"{SECRET}9000"\r\n'.encode()
    assert shown(mask.modem(line)) == line.decode()
    for ins in ("46", "48", "4A", "84"):
        mask.host(f'AT+CGLA=1,10,"01{ins}000010"\r'.encode())
        answer = line.replace(b"CSIM", b"CGLA")
        assert SECRET[4:] not in shown(mask.modem(answer))
    mask.host(b'AT+CSIM=10,"0184000010"\r')
    mask.modem(b'+CSIM: 4,"6110"\r\nOK\r\n')
    mask.host(b'AT+CSIM=10,"01C0000010"\r')  # GET RESPONSE fetches them
    assert SECRET[4:] not in shown(mask.modem(line))
    payload = b"+CARECV: 40," + SECRET.encode() + b"90009000\r\n"
    assert shown(mask.modem(payload)) == payload.decode()  # not an answer of the SIM
    mask.host(b'AT+CSIM=10,"01CD000000"\r')
    assert shown(mask.modem(line)) == line.decode()
    # A late answer comes after the next command.
    mask.host(b'AT+CSIM=10,"0184000010"\r')
    mask.host(b'AT+CSIM=10,"01CD000000"\r')
    assert SECRET[4:] not in shown(mask.modem(line))


def test_what_a_modem_tells_of_a_login():
    mask = Mask()
    for said, want in (
        ('+QICSGP: 1,"apn","me","x",3\r\n', '+QICSGP: 1,"apn","<text>","<text>",<word>\r\n'),
        ('+CNCFG: 0,1,"apn","me","x",3\r\n', '+CNCFG: 0,1,"apn","<text>","<text>",<word>\r\n'),
        ('+CSTT: "apn","me","x"\r\n', '+CSTT: "apn","<text>","<text>"\r\n'),
        ("+CPIN: READY\r\n", "+CPIN: READY\r\n"),
    ):
        assert shown(mask.modem(said.encode())) == want


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=80)), max_size=20))
def test_any_bytes_can_be_masked(chunks):
    mask = Mask()
    for of_host, data in chunks:
        parts = (mask.host if of_host else mask.modem)(data)
        size = sum(len(p) if isinstance(p, bytes) else p.size or 1 for p in parts)
        assert size <= len(data) and all(parts)
        assert b"".join(p for p in parts if isinstance(p, bytes)) in data or len(parts) > 1


PIN = b"90473618"
PIN_HEX = PIN.hex().upper().encode()


@given(
    st.sampled_from(
        (
            b'AT+CPIN="%s"',
            b"AT+CPIN=%s",
            b'at+cmee=1;+cpin = "%s";+csq',
            b'AT+CPWD="SC","1111","%s"',
            b'AT+CLCK="SC",0,"%s"',
            b'AT+CGAUTH=1,2,"me","%s"',
            b'AT+QICSGP=1,1,"apn","me","%s",3',
            b'AT+CSIM=26,"0020000108%x"',
            b'AT+CGLA=1,26,"01 2C000108%x"',
            b"AT+CSIM=42,0024000110%x%x",
            b'AT+CSIM=32,"014A00000B%x000000"',
        )
    ),
    st.lists(st.binary(max_size=30), max_size=3),
    st.sets(st.integers(0, 200)),
    st.booleans(),
)
def test_whatever_is_around_it_and_however_it_is_cut_a_secret_is_hidden(
    command, noise, cuts, host
):
    said = command.replace(b"%s", PIN).replace(b"%x", PIN_HEX)
    data = b"\r".join([*noise, said]) + b"\r\n"
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    mask = Mask()
    way = mask.host if host else mask.modem
    parts = [part for a, b in itertools.pairwise(edges) for part in way(data[a:b])]
    seen = b"".join(part if isinstance(part, bytes) else b"#" for part in parts)
    assert PIN not in seen and PIN_HEX not in seen and b"#" in seen
