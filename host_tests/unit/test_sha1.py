"""hashlib.sha1, which hashes a block with our own code on the Pico. The values are NIST's."""

import hashlib

ANSWERS = (
    (b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    ),
    (b"01234567" * 80, "dea356a2cddd90c7a7ecedc5ebb563934f460452"),
)


def test_known_answers():
    for message, answer in ANSWERS:
        assert hashlib.sha1(message).digest() == bytes.fromhex(answer), message
