"""The content of the UICC's files (ETSI TS 102 221, 13; 3GPP TS 31.102, 4.2), and their FCP. Files
are read only; the simulated modem does authentication itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from . import tlv
from .profile import Profile

USIM_AID = bytes.fromhex("A0000000871002FFFFFFFF8907090000")
MF = 0x3F00
CURRENT_ADF = 0x7FFF
DF_GSM = 0x7F20
_ARR_OF_MF = 0x2F06
_ARR_OF_ADF = 0x6F06

_TRANSPARENT = 0x41
_LINEAR = 0x42
_FOLDER = 0x78
_CODING = 0x21  # data coding byte of file descriptors

# Access rules, records of EF_ARR: read always or with PIN 1; update with the issuer's key (ADM 1).
_ADM_UPDATES = "800102 A406 83010A 950108"
_RULES = tuple(
    bytes.fromhex(rule + _ADM_UPDATES).ljust(30, b"\xff")
    for rule in ("800101 9000", "800101 A406 830101 950108")
)
_ALWAYS, PIN_RULE = 1, 2

# Clock stop allowed; supply voltages of classes A, B and C (TS 102 221, 11.1.1.4.6.1).
_CHARACTERISTICS = bytes.fromhex("800171")
# PIN 1 (key reference 01) exists, and is disabled or enabled (9.5.2, 11.1.1.4.10).
_PIN_STATUS = {False: bytes.fromhex("900100 830101"), True: bytes.fromhex("900180 830101")}


@dataclass(frozen=True)
class Node:
    """A folder, or a file: its content, or its records of equal length."""

    fid: int
    parent: int | None = None
    aid: bytes = b""
    sfi: int | None = None
    content: bytes = b""
    records: tuple[bytes, ...] = ()
    folder: bool = False
    rule: int = _ALWAYS  # record of EF_ARR

    @property
    def key(self) -> int:
        """A number that no other node has: the file ID or, in DF GSM, its path."""
        return self.fid if self.parent != DF_GSM else DF_GSM << 16 | self.fid

    def fcp(self, *, asks_pin: bool = False) -> bytes:
        """Return the file control parameters, in the order of TS 102 221, 11.1.1.3."""
        items = [(0x82, self._descriptor()), (0x83, _uint16(self.fid))]
        if self.folder:
            if self.aid:
                items.append((0x84, self.aid))
            items.append((0xA5, _CHARACTERISTICS))
        items.append((0x8A, b"\x05"))  # activated
        in_adf = CURRENT_ADF in (self.parent, self.fid)
        items.append((0x8B, _uint16(_ARR_OF_ADF if in_adf else _ARR_OF_MF) + bytes([self.rule])))
        if self.folder:
            items.append((0xC6, _PIN_STATUS[asks_pin]))
        else:
            size = len(self.content) + sum(map(len, self.records))
            items += [(0x80, _uint16(size)), (0x88, bytes([self.sfi << 3]) if self.sfi else b"")]
        return tlv.encode(0x62, tlv.encode_all(items))

    def _descriptor(self) -> bytes:
        if self.folder:
            return bytes([_FOLDER, _CODING])
        if self.records:
            return bytes([_LINEAR, _CODING, 0, len(self.records[0]), len(self.records)])
        return bytes([_TRANSPARENT, _CODING])


def _uint16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def file_system(profile: Profile) -> dict[int, Node]:
    """Return all nodes by their key."""
    applications = [(USIM_AID, b"USIM"), *((aid, b"IoT SAFE") for aid in profile.aids)]
    records = tuple(_directory_entry(aid, label) for aid, label in applications)
    files = (
        Node(MF, folder=True),
        Node(0x2F00, MF, sfi=0x1E, records=records),
        Node(0x2F05, MF, sfi=0x05, content=_LANGUAGES),
        Node(_ARR_OF_MF, MF, sfi=0x06, records=_RULES),
        Node(0x2FE2, MF, sfi=0x02, content=_swapped(profile.iccid).ljust(10, b"\xff")),
        Node(CURRENT_ADF, MF, aid=USIM_AID, folder=True),
        *_usim_files(profile),
        Node(DF_GSM, MF, folder=True),
        *_gsm_files(profile),
    )
    return {node.key: node for node in files}


def _usim_files(profile: Profile) -> Iterable[Node]:
    network = _network(profile)
    area = network + bytes.fromhex("FFFE")
    for fid, sfi, content in (
        (0x6F05, 0x02, _LANGUAGES),  # EF_LI
        (0x6F07, 0x07, _imsi(profile.imsi)),
        (0x6F31, 0x12, b"\x05"),  # EF_HPPLMN: look for the home network every 30 minutes
        (0x6F38, 0x04, _services(19, 21)),  # EF_UST: SPN, MSISDN
        (0x6F46, None, b"\x01" + profile.spn.encode("ascii").ljust(16, b"\xff")),
        (0x6F56, 0x05, b"\x00"),  # EF_EST: no service enabled
        (0x6F73, 0x0C, b"\xff" * 7 + area + b"\xff\x01"),  # EF_PSLOCI: not updated
        (0x6F78, 0x06, _uint16(1 << int(profile.imsi[-1]))),  # EF_ACC
        (0x6F7B, 0x0D, b"\xff" * 12),  # EF_FPLMN: no network forbidden
        (0x6F7E, 0x0B, b"\xff" * 4 + area + b"\xff\x01"),  # EF_LOCI: not updated
        (0x6FAD, 0x03, bytes([0, 0, 0, profile.mnc_digits])),
        (0x6FE3, 0x1E, b"\xff" * 12 + area + b"\x01"),  # EF_EPSLOCI: not updated
    ):
        rule = _ALWAYS if fid in (0x6F05, 0x6FAD) else PIN_RULE
        yield Node(fid, CURRENT_ADF, sfi=sfi, content=content, rule=rule)
    number = _number(profile.msisdn)
    yield Node(0x6F40, CURRENT_ADF, records=(number,), rule=PIN_RULE)
    yield Node(0x6FB7, CURRENT_ADF, sfi=0x01, records=(bytes.fromhex("11F2FF00"),))  # EF_ECC: 112
    yield Node(_ARR_OF_ADF, CURRENT_ADF, sfi=0x17, records=_RULES)


def _gsm_files(profile: Profile) -> Iterable[Node]:
    """Yield the files of DF GSM (TS 51.011, 10.3), for readers that look there: those of the USIM
    that a SIM has, too, and the phase."""
    shared = {0x6F05, 0x6F07, 0x6F31, 0x6F40, 0x6F46, 0x6F78, 0x6F7B, 0x6F7E, 0x6FAD}
    for node in _usim_files(profile):
        if node.fid in shared:
            yield replace(node, parent=DF_GSM, sfi=None)
    yield Node(0x6FAE, DF_GSM, content=b"\x03")  # EF_Phase: phase 2+


# ---- codings -------------------------------------------------------------------------------

_LANGUAGES = b"en" + b"\xff\xff"


def _swapped(digits: str) -> bytes:
    """Pack two digits a byte, the first in the low half; F fills the last byte."""
    digits += "F" * (len(digits) % 2)
    return bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))


def _imsi(digits: str) -> bytes:
    """Return EF_IMSI (TS 31.102, 4.2.2): length; 9 (odd) or 1 (even number of digits); digits."""
    parity = "9" if len(digits) % 2 else "1"
    coded = _swapped(parity + digits)
    return bytes([len(coded)]) + coded.ljust(8, b"\xff")


def _network(profile: Profile) -> bytes:
    """Return country and network code, three bytes (TS 24.008, 10.5.1.3)."""
    mcc, mnc = profile.imsi[:3], profile.imsi[3 : 3 + profile.mnc_digits].ljust(3, "F")
    return _swapped(mcc + mnc[2] + mnc[:2])


def _number(text: str) -> bytes:
    """Return a record of EF_MSISDN (4.2.26): no name; length, type, number; padded with F."""
    digits = text.removeprefix("+")
    if not digits:
        return b"\xff" * 28
    coded = bytes([0x91 if text.startswith("+") else 0x81]) + _swapped(digits)
    return b"\xff" * 14 + bytes([len(coded)]) + coded.ljust(11, b"\xff") + b"\xff\xff"


def _services(*numbers: int) -> bytes:
    """Return EF_UST (4.2.8): a bit for each service, from 1."""
    bits = sum(1 << (number - 1) for number in numbers)
    return bits.to_bytes(17, "little")


def _directory_entry(aid: bytes, label: bytes) -> bytes:
    entry = tlv.encode(0x61, tlv.encode_all([(0x4F, aid), (0x50, label)]))
    return entry.ljust(38, b"\xff")
