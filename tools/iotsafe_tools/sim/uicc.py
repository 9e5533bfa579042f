"""The files that a modem reads from a UICC (ETSI TS 102 221, 3GPP TS 31.102): MF, EF_DIR,
EF_ICCID, and EF_IMSI in the ADF of the USIM. Read only; PINs and authentication are the simulated
modem's own affair.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import status, tlv
from .apdu import Command, Reply
from .profile import Profile
from .status import Refused

USIM_AID = bytes.fromhex("A0000000871002FFFFFFFF8907090000")
MF = 0x3F00
CURRENT_ADF = 0x7FFF

_TRANSPARENT = 0x41
_LINEAR = 0x42
_FOLDER = 0x78


@dataclass(frozen=True)
class Node:
    """A folder (`children` is a tuple) or a file: its content, or its records of equal length."""

    fid: int
    parent: int | None = None
    aid: bytes = b""
    sfi: int | None = None
    content: bytes = b""
    records: tuple[bytes, ...] = ()
    folder: bool = False

    def fcp(self) -> bytes:
        """File control parameters (TS 102 221, 11.1.1.3)."""
        size = len(self.content) + sum(map(len, self.records))
        if self.folder:
            descriptor = bytes([_FOLDER, 0x21])
        elif self.records:
            descriptor = bytes([_LINEAR, 0x21, 0, len(self.records[0]), len(self.records)])
        else:
            descriptor = bytes([_TRANSPARENT, 0x21])
        items = [(0x82, descriptor), (0x83, self.fid.to_bytes(2, "big"))]
        if self.aid:
            items.append((0x84, self.aid))
        items.append((0x8A, b"\x05"))  # activated
        if not self.folder:
            items.append((0x80, size.to_bytes(2, "big")))
        if self.sfi is not None:
            items.append((0x88, bytes([self.sfi << 3])))
        return tlv.encode(0x62, tlv.encode_all(items))


def _swapped(digits: str) -> bytes:
    """Two digits a byte, the first in the low half; F fills up."""
    digits += "F" * (len(digits) % 2)
    return bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))


def _imsi(digits: str) -> bytes:
    """EF_IMSI (TS 31.102, 4.2.2): length, then 9 (odd) or 1 (even number of digits) and digits."""
    parity = "9" if len(digits) % 2 else "1"
    coded = _swapped(parity + digits)
    return bytes([len(coded)]) + coded.ljust(8, b"\xff")


def _directory_entry(aid: bytes, label: bytes) -> bytes:
    entry = tlv.encode(0x61, tlv.encode_all([(0x4F, aid), (0x50, label)]))
    return entry.ljust(38, b"\xff")


def file_system(profile: Profile) -> dict[int, Node]:
    """All nodes by file ID. The IDs are unique here, whatever their folder."""
    applications = [(USIM_AID, b"USIM"), *((aid, b"IoT SAFE") for aid in profile.aids)]
    records = tuple(_directory_entry(aid, label) for aid, label in applications)
    iccid = _swapped(profile.iccid).ljust(10, b"\xff")
    nodes = (
        Node(MF, folder=True),
        Node(0x2F00, MF, sfi=0x1E, records=records),
        Node(0x2FE2, MF, sfi=0x02, content=iccid),
        Node(CURRENT_ADF, MF, aid=USIM_AID, folder=True),
        Node(0x6F07, CURRENT_ADF, sfi=0x07, content=_imsi(profile.imsi)),
    )
    return {node.fid: node for node in nodes}


class FileSystem:
    """The files of one card; each channel keeps its own place in them, as a file ID."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def folder_of(self, current: int) -> Node:
        """The folder that `current` is, or lies in."""
        nodes = file_system(self._profile)
        node = nodes[current]
        return node if node.folder else nodes[node.parent]

    def select(self, current: int, command: Command) -> Node:
        """SELECT by file ID (P1 = 00), by path from the MF (08) or from the folder (09).

        Raises Refused: 6A82 when there is no such file, 6A86 or 6700 for other forms.
        """
        if command.p1 not in (0x00, 0x08, 0x09) or command.p2 not in (0x00, 0x04, 0x0C):
            raise Refused(status.WRONG_P1P2)
        data = command.data or MF.to_bytes(2, "big")
        if len(data) % 2 or (command.p1 == 0 and len(data) != 2):
            raise Refused(status.WRONG_LENGTH)
        nodes = file_system(self._profile)
        folder = nodes[MF] if command.p1 == 0x08 else self.folder_of(current)
        node = folder
        for fid in _fids(data):
            node = nodes.get(fid)
            if node is None or not _reachable(folder, node):
                raise Refused(status.NOT_FOUND)
            folder = node if node.folder else nodes[node.parent]
        return node

    def read_binary(self, current: int, command: Command) -> tuple[int, Reply]:
        """READ BINARY: (file ID that is current afterwards, bytes from the offset)."""
        command.expect_no_data()
        node, offset = self._addressed(current, command)
        if node.records:
            raise Refused(status.WRONG_FILE_STRUCTURE)
        if offset > len(node.content):
            raise Refused(status.WRONG_P1P2)
        return node.fid, Reply(_cut(node.content[offset:], command.le))

    def read_record(self, current: int, command: Command) -> tuple[int, Reply]:
        """READ RECORD, absolute: P1 the number from 1, P2 04, or an SFI and 04."""
        command.expect_no_data()
        if command.p2 & 0x07 != 0x04:
            raise Refused(status.WRONG_P1P2)
        node = self._short(current, command.p2 >> 3) if command.p2 >> 3 else self._file(current)
        if not node.records:
            raise Refused(status.WRONG_FILE_STRUCTURE)
        if not 1 <= command.p1 <= len(node.records):
            raise Refused(status.NO_RECORD)
        return node.fid, Reply(_cut(node.records[command.p1 - 1], command.le))

    def status(self, current: int, command: Command) -> Reply:
        """STATUS: parameters of the current folder (P2 = 00), its AID (01), or nothing (0C)."""
        command.expect_no_data()
        folder = self.folder_of(current)
        answers = {0x00: folder.fcp(), 0x01: tlv.encode(0x84, folder.aid), 0x0C: b""}
        if command.p1 > 0x02 or command.p2 not in answers:
            raise Refused(status.WRONG_P1P2)
        return Reply(answers[command.p2])

    def _addressed(self, current: int, command: Command) -> tuple[Node, int]:
        """The file and the offset of READ BINARY: by short file ID when bit 8 of P1 is set."""
        if command.p1 & 0x80:
            return self._short(current, command.p1 & 0x1F), command.p2
        return self._file(current), command.p1p2

    def _file(self, current: int) -> Node:
        node = file_system(self._profile)[current]
        if node.folder:
            raise Refused(status.NO_CURRENT_FILE)
        return node

    def _short(self, current: int, sfi: int) -> Node:
        folder = self.folder_of(current)
        for node in file_system(self._profile).values():
            if node.sfi == sfi and node.parent == folder.fid:
                return node
        raise Refused(status.NOT_FOUND)


def _fids(data: bytes) -> Iterator[int]:
    for at in range(0, len(data), 2):
        yield int.from_bytes(data[at : at + 2], "big")


def _reachable(folder: Node, node: Node) -> bool:
    """What SELECT by file ID finds: MF, ADF, the folder itself, and what lies in it."""
    return node.fid in (MF, CURRENT_ADF, folder.fid) or node.parent == folder.fid


def _cut(data: bytes, le: int | None) -> bytes:
    """The first Le bytes, all of them for 00; raise Refused 6Cxx when Le is more than there is."""
    if le is not None and le != 256 and le > len(data):
        raise Refused(status.WRONG_LE << 8 | len(data))
    return data[:le]
