"""TLS on the image and soft resets: a soft reset forgets mbedTLS's objects of the old heap."""

import ssl

from iotsafe_tools.testbed import PKI

OLD = """
import gc, tls
ballast = bytearray(gc.mem_free() // 2)  # what comes is in the middle of the heap
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(%r)
"""
NEW = """
import gc, tls
pattern = b"\\xaa" * 256
rest = gc.mem_free() // 4
blocks = []
while gc.mem_free() > rest:
    blocks.append(bytearray(pattern))
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
print(sum(block != pattern for block in blocks), "of", len(blocks) > 200)
"""


def test_a_context_after_a_soft_reset_writes_into_nobody_elses_memory(pico, tmp_path):
    ca = ssl.PEM_cert_to_DER_cert(PKI.create(tmp_path / "pki").ca_pem.decode())
    for _ in range(2):
        pico.exec(OLD % ca)
        pico.mpremote("soft-reset")
        assert pico.exec(NEW) == "0 of True\n"
