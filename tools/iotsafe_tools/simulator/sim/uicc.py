"""SELECT, STATUS, READ BINARY and READ RECORD on the UICC's files (ETSI TS 102 221, 11.1)."""

from collections.abc import Iterator

from . import status, tlv
from .apdu import Command, Reply
from .pin import Pin
from .profile import Profile
from .status import Refused
from .uicc_files import CURRENT_ADF, MF, PIN_RULE, Node, file_system


class FileSystem:
    """The files of one card; each channel has its own current file, as its key."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.pin: Pin | None = None  # the card asks for it

    def fcp(self, node: Node) -> bytes:
        """Return the file control parameters of a node."""
        return node.fcp(asks_pin=self.pin is not None)

    def folder_of(self, current: int) -> Node:
        """Return the folder that `current` is, or lies in."""
        nodes = file_system(self._profile)
        node = nodes[current]
        return node if node.folder else nodes[node.parent]

    def select(self, current: int, command: Command) -> Node:
        """SELECT by file ID (P1 = 00, folders only: 01), the parent (03), by path from the MF (08)
        or from the folder (09).

        Raises Refused 6A82 if the file is absent, 6A86 or 6700 for other forms.
        """
        if command.p1 not in _SELECT_FORMS or command.p2 not in (0x00, 0x04, 0x0C):
            raise Refused(status.WRONG_P1P2)
        nodes = file_system(self._profile)
        if command.p1 == 0x03:
            command.expect_no_data()
            parent = self.folder_of(current).parent
            if parent is None:
                raise Refused(status.NOT_FOUND)
            return nodes[parent]
        data = command.data or MF.to_bytes(2, "big")
        if len(data) % 2 or (command.p1 in (0x00, 0x01) and len(data) != 2):
            raise Refused(status.WRONG_LENGTH)
        folder = nodes[MF] if command.p1 == 0x08 else self.folder_of(current)
        node = folder
        for fid in _fids(data):
            node = nodes.get(folder.fid << 16 | fid) or nodes.get(fid)
            if node is None or not _reachable(folder, node):
                raise Refused(status.NOT_FOUND)
            folder = node if node.folder else nodes[node.parent]
        if command.p1 == 0x01 and not node.folder:
            raise Refused(status.NOT_FOUND)
        return node

    def read_binary(self, current: int, command: Command) -> tuple[int, Reply]:
        """READ BINARY: return the new current file's key, and the bytes from the offset."""
        command.expect_no_data()
        node, offset = self._addressed(current, command)
        if node.records:
            raise Refused(status.WRONG_FILE_STRUCTURE)
        self._require_pin(node)
        if offset > len(node.content):
            raise Refused(status.WRONG_P1P2)
        return node.key, Reply(_cut(node.content[offset:], command.le))

    def read_record(self, current: int, command: Command) -> tuple[int, Reply]:
        """READ RECORD, absolute: P1 is the number from 1, P2 is 04, or an SFI and 04."""
        command.expect_no_data()
        if command.p2 & 0x07 != 0x04:
            raise Refused(status.WRONG_P1P2)
        node = self._short(current, command.p2 >> 3) if command.p2 >> 3 else self._file(current)
        if not node.records:
            raise Refused(status.WRONG_FILE_STRUCTURE)
        if not 1 <= command.p1 <= len(node.records):
            raise Refused(status.NO_RECORD)
        self._require_pin(node)
        return node.key, Reply(_cut(node.records[command.p1 - 1], command.le))

    def status(self, current: int, command: Command) -> Reply:
        """STATUS: return the current folder's parameters (P2 = 00), AID (01), or nothing (0C)."""
        command.expect_no_data()
        folder = self.folder_of(current)
        answers = {0x00: self.fcp(folder), 0x01: tlv.encode(0x84, folder.aid), 0x0C: b""}
        if command.p1 > 0x02 or command.p2 not in answers:
            raise Refused(status.WRONG_P1P2)
        return Reply(answers[command.p2])

    def _require_pin(self, node: Node) -> None:
        """Raise Refused 6982 if the file needs the PIN, and it was not entered."""
        if node.rule == PIN_RULE and self.pin is not None and not self.pin.verified:
            raise Refused(status.NOT_ALLOWED)

    def _addressed(self, current: int, command: Command) -> tuple[Node, int]:
        """Return READ BINARY's file and offset: by short file ID if bit 8 of P1 is set."""
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
        if not 1 <= sfi <= 30:
            raise Refused(status.NOT_FOUND)
        for node in file_system(self._profile).values():
            if node.sfi == sfi and node.parent == folder.fid:
                return node
        raise Refused(status.NOT_FOUND)


_SELECT_FORMS = (0x00, 0x01, 0x03, 0x08, 0x09)


def _fids(data: bytes) -> Iterator[int]:
    for at in range(0, len(data), 2):
        yield int.from_bytes(data[at : at + 2], "big")


def _reachable(folder: Node, node: Node) -> bool:
    """Whether SELECT by file ID finds `node`: MF, ADF, the folder itself, or a file in it."""
    return node.fid in (MF, CURRENT_ADF, folder.fid) or node.parent == folder.fid


def _cut(data: bytes, le: int | None) -> bytes:
    """Return the first Le bytes, all of them for 00; raise Refused 6Cxx if Le exceeds them."""
    if le is not None and le != 256 and le > len(data):
        raise Refused(status.WRONG_LE << 8 | len(data))
    return data[:le]
