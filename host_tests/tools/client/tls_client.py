"""One TLS session on MicroPython: connects, sends, and prints the result as one line of JSON.

Arguments: PORT FAILURE [CA]. FAILURE is "none", or "card": the signature fails. CA: a file with
the certificates to trust.
"""

import json
import socket
import sys

from cards import from_hex
from data import certificates as pki
from software_key import SoftwareIdentity

from iotsafe import CardError, SSLContext

failure = CardError("refused", 0x6985, "COMPUTE SIGNATURE") if sys.argv[2] == "card" else None
identity = SoftwareIdentity(from_hex(pki.CLIENT), failure)
ca = from_hex(pki.CA)
if len(sys.argv) > 3:
    with open(sys.argv[3], "rb") as file:
        ca = file.read()
context = SSLContext(identity, ca, 10)
stream = socket.socket()
stream.connect(socket.getaddrinfo("127.0.0.1", int(sys.argv[1]))[0][-1])
result = {}
try:
    session = context.wrap_socket(stream, pki.HOST)
    session.write(b"hello")
    result["echo"] = session.read(5).decode()
    result["suite"], result["version"] = session.cipher()
    session.close()
except Exception as e:
    result["error"] = type(e).__name__
    result["text"] = str(e)
result["digests"] = [len(digest) for digest in identity.digests]
print(json.dumps(result))
