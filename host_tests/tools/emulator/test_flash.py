"""The flash image of the emulated board: it persists, is never half written, and power cuts are
real."""

import random
import struct
from pathlib import Path

import pytest

from iotsafe_tools.emulator import EmulatorError, FlashImage, Pico
from iotsafe_tools.emulator.flash_image import SECTOR, SIZE


def test_files_survive_a_kill(boards):
    board = boards()
    board.exec("f = open('kept', 'w'); f.write('before the cut'); f.close()")
    board.power_cut()
    assert not board.running
    board.start()
    assert board.exec("print(open('kept').read())") == "before the cut\n"
    assert board.counters()["resets.power"] == 1


WRITER = """
import machine
led = machine.Pin(16, machine.Pin.OUT, value=0)
n = int(open('n').read()) if 'n' in __import__('os').listdir() else 0
while True:
    n += 1
    f = open('new', 'w'); f.write(str(n)); f.close()
    __import__('os').rename('new', 'n')
    led.toggle()
"""


def test_what_the_program_was_told_is_written_is_there_after_a_kill(boards):
    board = boards(flash_time="none")
    written = "print(open('n').read() if 'n' in __import__('os').listdir() else 0)"
    before = 0
    for _ in range(4):
        begin = board.mark
        board.mpremote("exec", "--no-follow", WRITER)
        for turn in range(3):
            board.gpio.wait(16, 1, after=begin if turn == 0 else board.mark)
        board.power_cut()
        told = [e["value"] for e in board.events[begin:] if e.get("pin") == 16]
        assert told == [0, *([1, 0] * len(told))[: len(told) - 2], None]
        board.start()
        after = int(board.exec(written))
        # The write in progress at the cut may be done, but not reported.
        assert len(told) - 2 <= after - before <= len(told) - 1
        before = after


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_power_cut_in_the_middle_of_a_flash_step(boards, seed):
    board = boards()
    board.exec("f = open('kept', 'w'); f.write('safe' * 500); f.close()")
    board.tear(after=random.Random(seed).randrange(40), seed=seed)
    board.mpremote("exec", "--no-follow", WRITER)
    board.wait_end()
    board.start()
    assert board.exec("print(open('kept').read() == 'safe' * 500)") == "True\n"
    board.exec("f = open('more', 'w'); f.write('x' * 5000); f.close()")


def test_the_firmware_is_rewritten_and_the_file_system_kept(boards, tmp_path):
    board = boards()
    board.exec("f = open('kept', 'w'); f.write('yes'); f.close()")
    board.power_cut()
    image = bytearray((tmp_path / "flash.img").read_bytes())
    good = bytes(image)
    image[0x1000:0x2000] = bytes(0x1000)
    (tmp_path / "flash.img").write_bytes(image)
    board.start()
    assert board.exec("print(open('kept').read())") == "yes\n"
    board.power_cut()
    assert (tmp_path / "flash.img").read_bytes()[:0x10000] == good[:0x10000]


def test_program_only_clears_bits_and_erase_sets_them(boards, tmp_path):
    board = boards()
    board.exec(
        "import rp2; f = rp2.Flash()\nf.ioctl(6, 300)\n"
        "f.writeblocks(300, bytes([0xf0]) * 256, 0)\nf.writeblocks(300, bytes([0xcc]) * 256, 0)\n"
        "f.writeblocks(300, bytes([1]) * 256, 256)"
    )
    counters = board.counters()
    board.power_cut()
    start = SIZE - 352 * SECTOR + 300 * SECTOR
    cells = (tmp_path / "flash.img").read_bytes()[start : start + SECTOR]
    assert cells == bytes([0xC0]) * 256 + bytes([1]) * 256 + b"\xff" * (SECTOR - 512)
    assert counters["flash.wear"] >= 1


def test_a_part_of_a_page_is_programmed_and_the_rest_kept(boards):
    board = boards()
    board.exec(
        "import rp2; f = rp2.Flash(); all = bytearray(4096); data = bytes(range(1, 251)) * 3\n"
        "def program(offset, length):\n"
        " f.ioctl(6, 301); f.writeblocks(301, data[:length], offset)\n"
        " f.readblocks(301, all, 0); print(bytes(all).hex())"
    )
    data = bytes(range(1, 251)) * 3
    for offset, length in (0, 1), (100, 156), (200, 128), (3, 700), (512, 512), (4095, 1):
        written = bytes.fromhex(board.exec(f"program({offset}, {length})"))
        rest = SECTOR - offset - length
        assert written == b"\xff" * offset + data[:length] + b"\xff" * rest, (offset, length)


def test_flash_that_fails_keeps_what_it_has_and_can_be_read(boards):
    board = boards()
    board.exec("f = open('kept', 'w'); f.write('old'); f.close()")
    show = "b = bytearray(2); f.readblocks(300, b, 255); print(b.hex())"
    board.exec("import rp2; f = rp2.Flash(); f.ioctl(6, 300); f.writeblocks(300, bytes(256), 0)")
    assert board.exec(show) == "00ff\n"
    board.flash_fails(True)
    assert board.exec("f.writeblocks(300, bytes(256), 256); " + show) == "00ff\n"
    assert board.exec("f.ioctl(6, 300); " + show) == "00ff\n"
    code = "try:\n open('new', 'w').close()\nexcept OSError: print('error')\n"
    assert board.exec(code + "print(open('kept').read())") == "error\nold\n"
    board.flash_fails(False)
    assert board.exec("f.ioctl(6, 300); " + show) == "ffff\n"
    board.power_cut()
    assert board.flash.read_file("kept") == b"old"


def test_files_from_the_host_side(boards, tmp_path):
    board = boards()
    board.exec("f = open('from_board', 'w'); f.write('b' * 3000); f.close()")
    board.power_cut()
    assert board.flash.read_file("from_board") == b"b" * 3000
    board.flash.write_file("/folder/from_host", bytes(range(256)) * 20)
    assert board.flash.names("/folder") == ["from_host"]
    board.start()
    code = "print(open('/folder/from_host', 'rb').read() == bytes(range(256)) * 20)"
    assert board.exec(code) == "True\n"
    board.power_cut()
    board.flash.remove_file("from_board")
    with pytest.raises(FileNotFoundError):
        board.flash.read_file("from_board")


def test_an_image_without_a_file_system(tmp_path):
    image = FlashImage(tmp_path / "new.img")
    assert (tmp_path / "new.img").read_bytes() == b"\xff" * SIZE
    assert (tmp_path / "new.img").stat().st_mode & 0o777 == 0o600  # a config will be in it
    (tmp_path / "new.img").chmod(0o644)
    image = FlashImage(tmp_path / "new.img")
    assert (tmp_path / "new.img").stat().st_mode & 0o777 == 0o600
    with pytest.raises(EmulatorError, match="has no file system yet"):
        image.names()


def test_one_board_per_image(boards, tmp_path):
    boards()
    with pytest.raises(EmulatorError, match=r"flash\.img is in use by another emulator"):
        boards()


@pytest.mark.parametrize("size", [0, SIZE - 1, SIZE + 1])
def test_an_image_of_the_wrong_size(firmware, tmp_path, size):
    (tmp_path / "flash.img").write_bytes(bytes(size))
    with pytest.raises(EmulatorError, match=f"has {size} bytes, not {SIZE}; remove it"):
        Pico(firmware, tmp_path / "flash.img")
    assert (tmp_path / "flash.img").stat().st_size == size


def changed(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: b"", "is not a UF2 file"),
        (lambda d: b"MZ" + d[2:], "is not a UF2 file"),
        (lambda d: d[:-100], "does not end with a whole block"),
        (lambda d: d[:-512], r"it has \d+ of \d+ blocks"),
        (lambda d: d[:512] + d[1024:], "block 1 is not in its place"),
        (lambda d: changed(d, 512, b"XXXX"), "block 1 has no magic number"),
        (lambda d: changed(d, 28, struct.pack("<I", 0xE48BFF59)), r"for RP2350 \(Arm\)"),
        (lambda d: changed(d, 28, struct.pack("<I", 0x12345678)), "for family 0x12345678"),
        (lambda d: changed(d, 512 + 12, struct.pack("<I", 0x20000000)), "outside the flash"),
        (lambda d: changed(d, 512 + 16, struct.pack("<I", 100)), "block 1 is not one flash page"),
        (lambda d: changed(d, 40, bytes([d[40] ^ 1])), "checksum of its boot loader"),
    ],
)
def test_a_firmware_that_cannot_be_used(firmware, tmp_path, damage, message):
    file = tmp_path / "bad.uf2"
    file.write_bytes(damage(firmware.read_bytes()))
    with pytest.raises(EmulatorError, match=message) as caught, Pico(file, tmp_path / "flash.img"):
        pass
    assert "\n" not in str(caught.value)
    assert Path(tmp_path / "flash.img").read_bytes() == b"\xff" * SIZE
