"""The file for a Pico's drive: its bytes against an example written by hand."""

from iotsafe_tools.toolchain import uf2

# 300 bytes of flash make two blocks. Words are little-endian: two magics, flags, address,
# payload size, number, count, family; then 476 bytes of data and a magic.
FIRST = bytes.fromhex("5546320a 57515d9e 00200000 00000010 00010000 00000000 02000000 56ff8be4")
SECOND = bytes.fromhex("5546320a 57515d9e 00200000 00010010 00010000 01000000 02000000 56ff8be4")
END = bytes.fromhex("306fb10a")
# Erratum E10: flags 0xa000, at 0x10ffff00, number 0 of 2, family "absolute", payload of ef bytes.
E10 = bytes.fromhex("5546320a 57515d9e 00a00000 00ffff10 00010000 00000000 02000000 57ff8be4")


def test_an_rp2040_file_by_the_byte():
    image = bytes(range(256)) + b"\xaa" * 44
    expected = FIRST + bytes(range(256)) + bytes(220) + END
    expected += SECOND + b"\xaa" * 44 + bytes(432) + END
    assert uf2.write(image, uf2.CHIPS["rp2040"]) == expected


def test_an_rp2350_file_begins_with_a_block_to_lose():
    file = uf2.write(b"\x01", uf2.CHIPS["rp2350"])
    assert file[:512] == E10 + b"\xef" * 256 + bytes.fromhex("04e35799") + bytes(216) + END
    assert file[512:540] == FIRST[:20] + bytes.fromhex("00000000 01000000")
    assert file[540:545] == bytes.fromhex("59ff8be4 01")
    assert len(file) == 1024


def test_a_full_last_block_is_not_followed_by_an_empty_one():
    assert len(uf2.write(bytes(512), uf2.CHIPS["rp2040"])) == 1024
    assert uf2.write(b"", uf2.CHIPS["rp2040"]) == b""
