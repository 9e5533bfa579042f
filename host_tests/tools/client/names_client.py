"""TLS sessions on MicroPython, one for each row of a JSON file: [CA, server certificate (in hex),
host, …]. Prints a JSON list: for each row True, or the reason of the error.

The server is in this process, see unit/tls_server.py. A refused server must have got neither a
signature nor data.
"""

import gc
import json
import sys

from cards import from_hex
from tls_session import Session

from iotsafe.errors import TLSError

with open(sys.argv[1]) as file:
    rows = json.load(file)
verdicts = []
for ca, certificate, host in rows:
    session = Session(host, from_hex(ca), certificate=certificate)
    try:
        session.tls.write(b"hello")
        assert session.tls.read(5) == b"HELLO"
        verdicts.append(True)
    except TLSError as e:
        assert not session.identity.digests and not session.server.read, host
        assert session.stream.closed
        verdicts.append(e.reason)
    session.tls.close()
    gc.collect()
print(json.dumps(verdicts))
