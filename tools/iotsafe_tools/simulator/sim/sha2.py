"""SHA-2 continued from an intermediate state (COMPUTE SIGNATURE mode 02), FIPS 180-4.

hashlib can't start from a given state, so this file has the compression function.
"""

from dataclasses import dataclass
from itertools import count as count_from


def _cube_root_fractions(n: int) -> tuple[int, ...]:
    """Return the first 64 fractional bits of the cube roots of the first n primes."""
    primes: list[int] = []
    for candidate in count_from(2):
        if len(primes) == n:
            break
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
    return tuple(_cube_root(prime << 192) & 0xFFFFFFFFFFFFFFFF for prime in primes)


def _cube_root(n: int) -> int:
    """Return the cube root's integer part, by Newton's method."""
    root = 1 << (n.bit_length() + 2) // 3
    while (closer := (2 * root + n // root**2) // 3) < root:
        root = closer
    return root


_K512 = _cube_root_fractions(80)
_K256 = tuple(k >> 32 for k in _K512[:64])


@dataclass(frozen=True)
class _Variant:
    """The parameters of the 32-bit or the 64-bit functions. Rotations are in FIPS order."""

    bits: int
    k: tuple[int, ...]
    sum0: tuple[int, int, int]
    sum1: tuple[int, int, int]
    sigma0: tuple[int, int, int]  # the last one is a shift
    sigma1: tuple[int, int, int]

    @property
    def block(self) -> int:
        return 2 * self.bits

    def rotate(self, x: int, n: int) -> int:
        return (x >> n | x << (self.bits - n)) & ((1 << self.bits) - 1)

    def big(self, x: int, r: tuple[int, int, int]) -> int:
        return self.rotate(x, r[0]) ^ self.rotate(x, r[1]) ^ self.rotate(x, r[2])

    def small(self, x: int, r: tuple[int, int, int]) -> int:
        return self.rotate(x, r[0]) ^ self.rotate(x, r[1]) ^ x >> r[2]

    def compress(self, state: list[int], block: bytes) -> list[int]:
        mask, size = (1 << self.bits) - 1, self.bits // 8
        w = [int.from_bytes(block[i : i + size], "big") for i in range(0, len(block), size)]
        for t in range(16, len(self.k)):
            w.append(
                self.small(w[t - 2], self.sigma1)
                + w[t - 7]
                + self.small(w[t - 15], self.sigma0)
                + w[t - 16]
                & mask
            )
        a, b, c, d, e, f, g, h = state
        for k, word in zip(self.k, w, strict=True):
            t1 = h + self.big(e, self.sum1) + (e & f ^ ~e & g) + k + word
            t2 = self.big(a, self.sum0) + (a & b ^ a & c ^ b & c)
            a, b, c, d, e, f, g, h = (t1 + t2) & mask, a, b, c, (d + t1) & mask, e, f, g
        return [x + y & mask for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


_SHA256 = _Variant(32, _K256, (2, 13, 22), (6, 11, 25), (7, 18, 3), (17, 19, 10))
_SHA512 = _Variant(64, _K512, (28, 34, 39), (14, 18, 41), (1, 8, 7), (19, 61, 6))
# The function by the length of its digest.
_VARIANTS = {32: _SHA256, 48: _SHA512, 64: _SHA512}


def finish(digest_size: int, state: bytes, count: int, tail: bytes) -> bytes:
    """Return the digest of a message whose first `count` bytes, whole blocks, made `state`.

    digest_size: 32, 48 or 64. state: 32 bytes for SHA-256, else 64. tail: the remaining bytes.
    Raises ValueError if the sizes do not belong together.
    """
    variant = _VARIANTS[digest_size]
    size = variant.bits // 8
    if len(state) != 8 * size or count % variant.block:
        raise ValueError("the intermediate state does not belong to this hash")
    length = (8 * (count + len(tail))).to_bytes(2 * size, "big")
    padding = b"\x80" + bytes(-(len(tail) + 1 + len(length)) % variant.block)
    message = tail + padding + length
    words = [int.from_bytes(state[i : i + size], "big") for i in range(0, len(state), size)]
    for at in range(0, len(message), variant.block):
        words = variant.compress(words, message[at : at + variant.block])
    return b"".join(word.to_bytes(size, "big") for word in words)[:digest_size]
