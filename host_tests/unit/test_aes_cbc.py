"""cryptolib's AES-CBC, our own code on the Pico. The values are NIST's (SP 800-38A, F.2)."""

from cryptolib import aes
from expect import equal

RUNTIMES = ("micropython", "pico")  # CPython has no cryptolib

_CBC = 2
_IV = bytes(range(16))
_PLAIN = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
_CIPHERS = {
    "2b7e151628aed2a6abf7158809cf4f3c": (
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
    ),
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4": (
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
    ),
}


def test_the_examples_of_the_standard():
    plain = bytes.fromhex(_PLAIN)
    for key, cipher in _CIPHERS.items():
        key, cipher = bytes.fromhex(key), bytes.fromhex(cipher)
        equal(aes(key, _CBC, _IV).encrypt(plain), cipher)
        equal(aes(key, _CBC, _IV).decrypt(cipher), plain)


def test_block_after_block_in_place():
    plain = bytes.fromhex(_PLAIN)
    key, cipher = [bytes.fromhex(text) for text in next(iter(_CIPHERS.items()))]
    data = bytearray(plain)
    view = memoryview(data)
    for name, want in (("encrypt", cipher), ("decrypt", plain)):
        call = getattr(aes(key, _CBC, _IV), name)
        for pos in range(0, len(data), 16):
            block = view[pos : pos + 16]
            call(block, block)
        equal(bytes(data), want)
