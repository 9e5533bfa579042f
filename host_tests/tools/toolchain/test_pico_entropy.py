"""The Pico's entropy, compiled for the host: it mixes its input and detects a broken source.

The tests repeat the pool's arithmetic with hashlib, as the head of entropy.c describes it.
"""

import hashlib
import itertools
import random
import subprocess

import pytest

from iotsafe_tools.toolchain import layout

PLACE = layout.find()
BOARD = PLACE.boards / "WAVESHARE_PICO_SIM7080G"
MBEDTLS = PLACE.sources / "lib" / "mbedtls"
FAILED = -0x3C  # MBEDTLS_ERR_ENTROPY_SOURCE_FAILED
WINDOW = 1024  # raw bits in a poll

# Arguments feed:HEX or poll:LENGTH; raw bits come from standard input as 0 and 1.
DRIVER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "entropy.h"

int __wrap_mbedtls_hardware_poll(void *, unsigned char *, size_t, size_t *);

int entropy_raw_bit(void) {
    int c = getchar();
    if (c == EOF) {
        puts("no more bits");
        exit(2);
    }
    return c == '1';
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *value = argv[i] + 5;
        if (strncmp(argv[i], "feed:", 5) == 0) {
            unsigned char data[256];
            size_t length = strlen(value) / 2;
            for (size_t j = 0; j < length; j++) {
                sscanf(value + 2 * j, "%2hhx", &data[j]);
            }
            printf("%d\n", entropy_feed(data, length));
        } else {
            unsigned char output[256] = {0};
            size_t filled = 99;
            int status = __wrap_mbedtls_hardware_poll(NULL, output, atoi(value), &filled);
            printf("%d ", status);
            for (size_t j = 0; j < filled; j++) {
                printf("%02x", output[j]);
            }
            puts("");
        }
    }
}
"""
CONFIG = "#define MBEDTLS_SHA256_C\n#define MBEDTLS_MD_C\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("entropy")
    (folder / "driver.c").write_text(DRIVER)
    (folder / "config.h").write_text(CONFIG)
    library = MBEDTLS / "library"
    subprocess.run(
        [
            *("gcc", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"),
            f'-DMBEDTLS_CONFIG_FILE="{folder / "config.h"}"',
            *(f"-I{path}" for path in (BOARD, MBEDTLS / "include")),
            *(folder / "driver.c", BOARD / "entropy.c"),
            *(library / name for name in ("sha256.c", "platform_util.c", "constant_time.c")),
            *("-o", folder / "entropy"),
        ],
        check=True,
    )
    return folder / "entropy"


def run(program, bits, *arguments):
    """Return the lines that the program prints."""
    found = subprocess.run([program, *arguments], input=bits, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout.splitlines()


def noise(seed, count=WINDOW):
    source = random.Random(seed)
    return "".join(source.choice("01") for _ in range(count))


def sha(kind, *parts):
    return hashlib.sha256(bytes([kind]) + b"".join(parts)).digest()


def packed(bits):
    return int(bits, 2).to_bytes(WINDOW // 8, "big")


def output(pool, length):
    return b"".join(sha(2, pool, bytes([i])) for i in range(-(-length // 32)))[:length]


@pytest.mark.parametrize("length", [0, 1, 32, 33, 64, 128])
def test_a_poll_is_the_hash_of_the_window(program, length):
    bits = noise(1)
    pool = sha(1, bytes(32), packed(bits))
    assert run(program, bits, f"poll:{length}") == [f"0 {output(pool, length).hex()}"]


def test_what_the_sim_gives_is_mixed_in_and_stays(program):
    bits, data = noise(2, 2 * WINDOW), random.Random(3).randbytes(32)
    one = sha(1, sha(0, bytes(32), data), packed(bits[:WINDOW]))
    two = sha(1, one, packed(bits[WINDOW:]))
    lines = run(program, bits, f"feed:{data.hex()}", "poll:32", "poll:32")
    assert lines == ["0", f"0 {output(one, 32).hex()}", f"0 {output(two, 32).hex()}"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (bytes(range(16)), 0),
        (bytes(range(15)), 1),
        (b"", 1),
        (bytes(32), 2),
        (b"\xff" * 32, 2),
        (bytes(31) + b"\x01", 0),
    ],
)
def test_a_sim_that_gives_no_random_numbers_is_refused(program, data, status):
    bits = noise(4)
    lines = run(program, bits, f"feed:{data.hex()}", "poll:32")
    pool = sha(0, bytes(32), data) if status == 0 else bytes(32)
    assert lines == [str(status), f"0 {output(sha(1, pool, packed(bits)), 32).hex()}"]


def test_a_sim_that_repeats_itself_is_refused(program):
    data = bytes(range(32))
    assert run(program, "", *[f"feed:{data.hex()}"] * 2) == ["0", "2"]


def runs(length):
    """Return a window of noise that has, in its middle, `length` equal bits."""
    bits = noise(5)
    return bits[:400] + "0" + "1" * length + "0" + bits[402 + length :]


def shares(count):
    """Return a window in which `count` bits equal the first, in short runs."""
    ones, zeros = ["1" * 4] * (count // 4) + ["1" * (count % 4)], ["0"] * (WINDOW - count)
    return "".join(itertools.chain(*itertools.zip_longest(ones, zeros, fillvalue="")))


@pytest.mark.parametrize(
    ("bits", "good"),
    [
        ("0" * WINDOW, False),
        ("1" * WINDOW, False),
        (runs(60), True),
        (runs(61), False),
        (shares(809), True),
        (shares(810), False),
    ],
    ids=["stuck at 0", "stuck at 1", "run of 60", "run of 61", "809 alike", "810 alike"],
)
def test_a_broken_oscillator_is_an_error_even_with_the_sim(program, bits, good):
    assert len(bits) == WINDOW
    feed = f"feed:{bytes(range(32)).hex()}"
    status, found = run(program, bits, feed, "poll:32")[1].split(" ")
    assert (int(status), len(found)) == ((0, 64) if good else (FAILED, 0))


def test_it_works_again_when_the_oscillator_does(program):
    bits = "0" * 61 + noise(6)
    lines = run(program, bits, "poll:32", "poll:32")
    assert lines[0] == f"{FAILED} "
    assert lines[1].startswith("0 ")
