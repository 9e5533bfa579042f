"""Profiles of the simulated SIM: the built-in files, a user's files, wrong files."""

import re

import pytest
from card_apdus import transmit
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from iotsafe_tools.lab import Lab, LabError
from iotsafe_tools.lab.command import how_to
from iotsafe_tools.simulator.modem.shells import claimed
from iotsafe_tools.simulator.sim import BROKEN, PROFILES, Card, Profile, ProfileError, Store
from iotsafe_tools.simulator.sim.ecc import raw_to_der
from iotsafe_tools.testbed.pki import PKI
from iotsafe_tools.testbed.rig import Rig

SOUND = [name for name in PROFILES if not name.startswith(BROKEN)]
WANTED = {"gsma", "orange", "zariot", "thales-mvp", "ntt", "minimal", "card-l3"}
DIGEST = bytes(range(32))


def select(card: Card) -> Card:
    """Select the applet on a new channel 1."""
    aid = card.profile.aids[0]
    assert transmit(card, "0070000001")[:2] == "01"
    assert transmit(card, f"01A40400{len(aid):02X}{aid.hex()}")[:2] in ("90", "91")
    return card


def fetched(card: Card, command: str) -> tuple[bytes, str]:
    """Return data and status word, with the repetitions for 6Cxx and the fetches for 61xx."""
    apdu, data = bytes.fromhex(command), b""
    answer = card.transmit(apdu)
    while answer[-2] in (0x61, 0x6C):
        data += answer[:-2]
        start = apdu[:-1] if answer[-2] == 0x6C else bytes([1, 0xC0, 0, 0])
        apdu = start + answer[-1:]
        answer = card.transmit(apdu)
    return data + answer[:-2], answer[-2:].hex().upper()


# ---- the built-in files ------------------------------------------------------------------


def test_all_profiles_are_there_the_sound_ones_first():
    assert set(SOUND) >= WANTED
    assert list(PROFILES) == SOUND + sorted(name for name in PROFILES if BROKEN in name)
    assert len(PROFILES) == len(set(PROFILES)) > len(SOUND) + 8
    assert "gmsa" not in PROFILES
    assert PROFILES["minimal"]["get_data"] is False


@pytest.mark.parametrize("name", PROFILES)
def test_profile_is_described_and_makes_what_it_plans(name):
    profile = Profile.named(name)
    assert (profile.name, bool(profile.about)) == (name, True)
    objects = Card(profile=profile).issuer.objects()
    assert len(objects) == sum(len(planned.containers) for planned in profile.objects)
    filled = [
        item for planned in profile.objects if planned.generate for item in planned.containers
    ]
    assert [(i.kind, i.id) for i in objects if i.filled] == [(i.kind, i.id) for i in filled]
    assert profile.objects or name == "broken-absent"


def test_gsma_is_the_default():
    assert Profile.named("gsma") == Profile()
    assert [(i.kind, i.id) for i in Store.memory().objects()] == [
        (item.kind, item.id)
        for planned in Profile.named("gsma").objects
        for item in planned.containers
    ]


def test_switches_go_over_the_file():
    profile = Profile.named("ntt", sign_ms=5, csim=True)
    assert (profile.sign_ms, profile.csim, profile.signature_length) == (5, True, 1)
    assert not Profile.named("ntt").csim
    with pytest.raises(TypeError, match="nonsense"):
        Profile.named("ntt", nonsense=1)


def test_a_profile_may_be_changed_without_changing_the_next():
    Profile.named("gsma").signature_length = 1
    assert Profile.named("gsma").signature_length == 2


@pytest.mark.parametrize("name", SOUND)
def test_sound_profile_carries_the_main_job(name, tmp_path):
    """Enrol the card as the rig does; read the certificate, and check that a signature belongs to
    it."""
    pki = PKI.create(tmp_path / "pki")
    with Rig(tmp_path, pki=pki, lab={"profile": Profile.named(name)}) as rig:
        card = rig.lab.card
    profile = card.profile
    select(card)
    size, id = len(profile.certificate_id), profile.certificate_id.hex()
    data, at = b"", 0
    while at == len(data) and at < 1024:
        part, sw = fetched(card, f"01B0{at:04X}{size + 2:02X}83{size:02X}{id}00")
        assert sw == "9000"
        data, at = data + part, at + profile.max_read
    length = 4 + int.from_bytes(data[2:4], "big")
    certificate = x509.load_der_x509_certificate(data[:length])
    key, id = len(profile.key_id), profile.key_id.hex()
    init = f"012A0001{key + 12:02X}84{key:02X}{id}A1010391020001920104"
    assert transmit(card, init) == "9000"
    answer, sw = fetched(card, "012B8001229E20" + DIGEST.hex() + "00")
    assert (sw, answer[0]) == ("9000", 0x33)
    algorithm = ec.ECDSA(utils.Prehashed(SHA256()))
    certificate.public_key().verify(raw_to_der(answer[-64:]), DIGEST, algorithm)


def test_a_new_store_has_the_objects_of_the_profile(tmp_path):
    path = tmp_path / "sim.json"
    with Lab(store=str(path), profile="zariot") as lab:
        point = lab.card.issuer.point_of(b"006")
    with Lab(store=str(path), profile="gsma") as lab:  # existing objects stay
        assert lab.card.issuer.point_of(b"006") == point
        assert lab.card.issuer.public_key(b"007") == point
        assert {"private 01", "file 02"} <= set(lab.missing)  # and a line says so
        assert "lacks private 01" in how_to(lab, 115200)


def test_two_labs_never_share_a_store(tmp_path):
    path = str(tmp_path / "sim.json")
    with Lab(store=path) as lab:
        assert not lab.missing and "lacks" not in how_to(lab, 115200)
        with pytest.raises(LabError, match=r"sim\.json is the SIM store of another running lab"):
            Lab(store=path)
    Lab(store=path).stop()


def test_a_store_where_the_system_has_no_claims(tmp_path, monkeypatch):
    monkeypatch.delattr("iotsafe_tools.simulator.modem.shells.socket.AF_UNIX")  # Windows
    assert claimed(str(tmp_path / "sim.json"), "the SIM store") is None


# ---- differences between them ------------------------------------------------------------

SIGN = "012A00010D840101A1010391020001920104"
UPDATE = "012B8001229E20" + DIGEST.hex()


def card_of(name: str, **switches) -> Card:
    return select(Card(profile=Profile.named(name, **switches)))


def test_card_l3():
    card = card_of("card-l3")
    assert transmit(card, SIGN.replace("0D840101", "0E84020002")) == "9000"
    assert transmit(card, UPDATE)[:4] == "3340"
    assert transmit(card, "01CB0100").startswith("74023032840200026001004A0101")
    assert "610" in transmit(card, "01CB000044")
    assert transmit(card, "01CBC300048302000100").startswith("7302")


def test_zariot_has_an_id_for_each_half():
    card = card_of("zariot")
    data, sw = fetched(card, "01B90000058403303036")
    assert (data[:10], sw) == (b"\x84\x03006\x85\x03007", "9000")
    assert len(data) == 0x51
    assert fetched(card, "01CD0000058503303037")[0] == data[10:]


def test_thales_lists_by_type_and_in_parts():
    card = card_of("thales-mvp")
    data, sw = fetched(card, "01CB010000")
    assert (len(data), sw) == (128, "6300")
    rest, sw = fetched(card, "01CB010100")
    while sw == "6300":
        data += rest
        rest, sw = fetched(card, "01CB010100")
    data += rest
    assert [data.count(bytes([tag])) >= 1 for tag in (0xC1, 0xC2, 0xC3)] == [True] * 3
    assert data[0] == 0xC1
    assert data[2 + data[1]] == 0xC2  # one wrapper for all private keys


def test_minimal_offers_nothing_else():
    card = card_of("minimal")
    offered = {"2A", "2B", "84", "B0", "CD"}
    for ins in (*offered, "24", "2C", "2D", "46", "48", "4A", "B9", "CB", "D8"):
        assert (transmit(card, f"01{ins}000001FF") != "6D00") == (ins in offered), ins
    assert transmit(card, SIGN) == "9000"
    assert transmit(card, SIGN.replace("012A0001", "012A0002")) == "6989"
    assert transmit(card, "0070000001") == "6A81"


def test_tlv92():
    card = card_of("broken-tlv92")
    assert "92020491020001" in transmit(card, "01CBC1000384010100")
    assert transmit(card, "01CB010000").count("920204") == 2


def test_wedge():
    card = card_of("broken-wedge")
    assert transmit(card, SIGN) == "9000"
    card.power_on()
    select(card)
    assert transmit(card, SIGN) == "6A86"
    assert transmit(card, "012A010100") == "9000"  # which ends nothing
    assert transmit(card, UPDATE + "00") == transmit(card, "012B800100") == "6985"
    assert transmit(card, SIGN) == "6A86"
    assert transmit(card, "012B9001069B0401020304" + "00")[-4:] == "9000"
    assert transmit(card, SIGN) == "9000"


def test_der():
    card = card_of("broken-der")
    transmit(card, SIGN)
    answer = bytes.fromhex(transmit(card, UPDATE + "00"))
    assert answer[0] == 0x33
    assert answer[1] == len(answer) - 4
    r, s = utils.decode_dss_signature(answer[2:-2])
    assert r and s


@pytest.mark.parametrize(("name", "size"), [("broken-b9", 0), ("broken-b9-key", 0x47)])
def test_b9(name, size):
    card = card_of(name)
    assert len(transmit(card, "01B900000384010400")) == 2 * size + 4
    assert card.issuer.point_of(b"\x04")


def test_b9_with_new_ids():
    card = card_of("broken-b9-ids")
    first = transmit(card, "01B900000384010400")
    assert first[:12] == "840105850106"  # public 05 is taken
    assert transmit(card, "01B900000384010400") == "6A82"
    assert transmit(card, "01B900000384010500")[:12] == "840106850107"
    assert transmit(card, "01CD00000385010600") == "6A82"
    assert len(transmit(card, "01CD00000385010700")) == 2 * 0x47 + 4
    assert len(card.issuer.objects()) == 7


def test_61_and_6c_everywhere():
    card = card_of("broken-61-6c")
    assert transmit(card, "01B900000384010400") == "6C4D"
    assert transmit(card, "01B90000038401044D") == "614D"
    assert transmit(card, "01C0000000") == "6C4D"
    assert transmit(card, "01C0000040") == "6C4D"
    answer = transmit(card, "01C000004D")
    assert answer[12:] == "344549438641" + card.issuer.public_key(b"\x04").hex().upper() + "9000"
    assert len(transmit(card, "0184000008")) == 20  # nothing waits after a command without data
    assert transmit(card, "01CB000000") == "6C44"
    assert len(transmit(card, "01CB000044")) == 2 * 0x44 + 4


def test_a_proactive_command_is_pending():
    card = card_of("broken-91")
    assert transmit(card, SIGN) == "910B"
    assert transmit(card, "01CD000003850109") == "6A82"


def test_application_data_with_slips():
    data = transmit(card_of("broken-application"), "01CB000000")
    assert data.startswith("10011011" + "0E" + b"IOT SAFE APPL".hex().upper() + "B101")
    assert "910101" in data


def test_read_in_small_pieces_up_to_an_error():
    card = card_of("broken-read")
    card.issuer.write_file(b"\x02", b"x" * 1024)
    assert len(transmit(card, "01B000000383010200")) == 104
    for offset in ("0400", "0401"):
        assert transmit(card, f"01B0{offset}0383010200") == "6981"


def test_no_channel_is_left():
    card = Card(profile=Profile.named("broken-channels"))
    assert transmit(card, "0070000001") == "6A81"
    assert transmit(card, "0070800200") == "9000"
    assert transmit(card, "0070000001") == "029000"


def test_absent_applet():
    card = Card(profile=Profile.named("broken-absent"))
    assert transmit(card, "00A4040007A0000005590010") == "6A82"
    assert transmit(card, "00CB010000") == "6D00"


def test_work_takes_the_time_of_the_profile():
    card = Card(profile=Profile.named("thales-mvp"))
    for command, seconds in {
        UPDATE: 0.253,
        "01B9000003840104": 0.703,
        "014600000684010485010500": 0.253,
        "0148000003D10101": 0.023,
        "014A000003D10101": 0.023,
        "01CB010000": 0.018,
        "01CD000003850101": 0.018,
        "01D88002": 0.018,
        "01C0000043": 0.003,
    }.items():
        assert card.latency(bytes.fromhex(command)) == pytest.approx(seconds), command


# ---- a user's files ----------------------------------------------------------------------

MINE = """
about = "Mine"
key = "ascii:K"
certificate = "F0F1"

[card]
aids = ["A000000559001001", "A0000005590010"]
success_sw = 0x91FF
file_padding = "none"
applet_id = "0102"
open_channels = [1]
missing = [0x4A]
algorithms = []

[latency]
sign = 2.5

[[object]]
kind = "pair"
id = "ascii:K"
public_id = "01"
label = "Schlüssel"
type = "brainpoolP256r1"
access = []
public_access = ["read", "update"]
usage = "TLS 1.3"
functions = ["signature", "key agreement"]
generate = true

[[object]]
kind = "private"
id = "02"

[[object]]
kind = "public"
id = "02"
type = "RSA-2048"

[[object]]
kind = "secret"
id = "02"
generate = true

[[object]]
kind = "file"
id = "F0F1"
usage = "general"
access = ["read", "update"]
size = 65535
"""


@pytest.fixture
def profile_file(tmp_path):
    """Write a profile file; return its path as text."""

    def write(text: str | bytes) -> str:
        path = tmp_path / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def test_profile_of_one_s_own(profile_file):
    profile = Profile.named(profile_file(MINE))
    assert (profile.name, profile.about) == ("mine", "Mine")
    assert (profile.key_id, profile.certificate_id) == (b"K", b"\xf0\xf1")
    assert profile.aids == (bytes.fromhex("A000000559001001"), bytes.fromhex("A0000005590010"))
    assert (profile.success_sw, profile.file_padding, profile.applet_id) == (0x91FF, None, b"\1\2")
    assert (profile.open_channels, profile.missing, profile.algorithms) == ((1,), (0x4A,), 0)
    assert profile.sign_ms == 2.5
    private, public, empty, rsa, secret, file = Card(profile=profile).issuer.objects()
    assert (private.id, private.key_type, private.usage, private.functions) == (b"K", 0x23, 3, 5)
    assert (private.access, private.label) == (0, "Schlüssel".encode())
    assert (public.id, public.access, public.label) == (b"\x01", 3, private.label)
    assert (private.algorithm, private.hashes, private.agreement) == (None, None, None)
    assert public.filled and secret.filled and not (empty.filled or rsa.filled)
    assert (file.size, file.usage, file.access) == (65535, 1, 3)


def test_lab_takes_a_file_too(profile_file):
    with Lab(profile=profile_file(MINE)) as lab:
        assert lab.card.issuer.point_of(b"K")
    with pytest.raises(LabError, match=r"mine\.toml: no key 'x'"):
        Lab(profile=profile_file("x = 1"))


PAIR = '[[object]]\nkind = "pair"\nid = "01"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", "mine.toml is not TOML"),
        (b"\xff", "mine.toml is not TOML"),
        ("#" * 100_001, "has more than 100000 bytes"),
        (
            "x = 1",
            "mine.toml: no key 'x'; there are: about, key, certificate, card, latency, object",
        ),
        ("about = 1", "mine.toml: about must be a text, not 1"),
        ('key = "0"', 'mine.toml: key must be bytes as "0102" or "ascii:text", not \'0\''),
        ("key = 1", "mine.toml: key must be bytes"),
        ('key = "01"', "key must be the ID of a private key in the plan, not 01"),
        ('certificate = "01"\n' + PAIR, "certificate must be the ID of a file in the plan"),
        ("card = 1", "mine.toml: card must be a table, under [card]"),
        ("latency = []", "mine.toml: latency must be a table"),
        ("object = 1", "mine.toml: object must be tables, each under [[object]]"),
        ("object = [1]", "mine.toml: object must be tables"),
        (
            "[card]\nchanels = 3",
            "mine.toml: [card]: no key 'chanels'; there are: iccid, imsi, mnc_digits, ",
        ),
        ("[card]\nsign_ms = 3", "mine.toml: [card]: no key 'sign_ms'"),
        ('[card]\nname = "x"', "mine.toml: [card]: no key 'name'"),
        ("[card]\nobjects = []", "mine.toml: [card]: no key 'objects'"),
        ("[card]\nchannels = 21", "mine.toml: channels must be 1..20, not 21"),
        ("[card]\nchannels = true", "channels must be 1..20, not True"),
        ('[card]\nchannels = "3"', "channels must be 1..20, not '3'"),
        ("[card]\nwedge = 1", "wedge must be true or false, not 1"),
        ("[card]\ncsim = []", "csim must be true or false"),
        ('[card]\naids = "A0"', "[card] aids must be a list, in [ ], not 'A0'"),
        ('[card]\naids = ["A0"]', "aids must be AIDs of 5 to 16 bytes"),
        ("[card]\naids = [1]", "[card] aids must be bytes as"),
        ('[card]\nmissing = ["24"]', "missing must be a list of INS bytes"),
        ("[card]\nopen_channels = [20]", "open_channels must be in 1..19"),
        ('[card]\nopen_channels = ["1"]', "open_channels must be numbers of channels"),
        ('[card]\nfunctions = ["sign"]', "[card] functions must be one of: signature, key gen"),
        ("[card]\nhashes = 7", "[card] hashes must be a list of: SHA-256, SHA-384, SHA-512"),
        ('[card]\nlist_layout = "L4"', "list_layout must be L1, L2 or L3"),
        ("[card]\nsuccess_sw = 0x6A82", "success_sw must be 9000, 63CF or 91xx"),
        ("[card]\nmax_files = 256", "max_files must be a number of 0 to 255"),
        ("[card]\nmax_files = 1.0", "max_files must be a number of 0 to 255"),
        ("[card]\niccid = 1", "iccid must be 19 to 20 digits"),
        ("[latency]\nsleep = 1", "mine.toml: [latency]: no key 'sleep'; there are: apdu, select,"),
        ("[latency]\nsign = -1", "sign_ms must be 0 to 600000 milliseconds, not -1"),
        ("[latency]\nsign = nan", "sign_ms must be 0 to 600000 milliseconds"),
        ('[latency]\nsign = "1"', "sign_ms must be 0 to 600000 milliseconds"),
        (
            "[[object]]",
            "mine.toml: [[object]] 1: kind must be one of: pair, private, public, secret",
        ),
        ("[[object]]\nkind = []", "[[object]] 1: kind must be one of"),
        ('[[object]]\nkind = "file"', "mine.toml: [[object]] 1: id is missing"),
        (PAIR + "size = 3", "[[object]] 1: no key 'size'; there are: kind, id, label"),
        (PAIR + 'type = "P-384"', "[[object]] 1: type must be one of: P-256, P-256 volatile"),
        (PAIR + "label = 3", "[[object]] 1: label must be a text"),
        (PAIR + f'label = "{"x" * 61}"', "[[object]] 1: a label may have at most 60 bytes"),
        (PAIR + 'access = ["write"]', "[[object]] 1: access must be one of: read, update"),
        (PAIR + "generate = 1", "[[object]] 1: generate must be true or false"),
        (PAIR + '[[object]]\nkind = "file"\nid = ""', "[[object]] 2: an object's ID must have 1"),
        ('[[object]]\nkind = "file"\nid = "01"\nsize = 65536', "1: size must be 1 to 65535"),
        (PAIR + PAIR, "two PRIVATE objects have the id b'\\x01'"),
        (
            PAIR + 'label = "A"\n' + PAIR.replace("01", "02") + 'label = "A"',
            "two PRIVATE objects h",
        ),
        (
            PAIR + "[card]\nmax_public_keys = 0",
            "1 objects of type PUBLIC, but the card has room for 0",
        ),
    ],
)
def test_wrong_file_is_refused_with_file_key_and_what_is_allowed(profile_file, text, message):
    path = profile_file(text)
    with pytest.raises(ProfileError, match=re.escape(message)) as caught:
        Profile.named(path)
    assert path in str(caught.value)


def test_files_that_are_not_there(tmp_path):
    for name in (f"{tmp_path}/no.toml", f"{tmp_path}/", "no.toml"):
        with pytest.raises(ProfileError, match="can't be read"):
            Profile.named(name)
    with pytest.raises(ValueError, match=r"no SIM profile 'gmsa'; there are: card-l3, .*gsma"):
        Profile.named("gmsa")
