"""The table of name checks, row by row in a TLS session: what mbedTLS takes, and what it must not.

unit/test_server_names.py checks the rules alone, without a session.
"""

import json
import runpy
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)
from server_certificates import certificate, constraints
from tls_run import PKI, on_micropython

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "data"
TABLE = runpy.run_path(str(DATA / "name_checks.py"))


def spki(key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def verdicts(tmp_path: Path, rows: list) -> list:
    """Return names_client.py's verdicts on `rows`: (CA, certificate, host)."""
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    return on_micropython("names_client.py", str(tmp_path / "rows.json"))


def test_each_row_in_a_session(tmp_path):
    ca_key = ec.generate_private_key(ec.SECP256R1())
    server_key = spki(load_der_private_key(bytes.fromhex(PKI["SERVER_KEY"]), None))

    def sign(data: bytes) -> bytes:
        return ca_key.sign(data, ec.ECDSA(hashes.SHA256()))

    def authority(limit: bytes = b"") -> str:
        return certificate("CA", (), limit, ca=True, key=spki(ca_key), sign=sign).hex()

    plain = authority()
    rows, right = [], []
    for common_name, names, host, good in TABLE["NAMES"]:
        leaf = certificate(common_name, names, key=server_key, sign=sign)
        rows.append((plain, leaf.hex(), host))
        right.append(good or "server-name" if names or good else "server-no-names")
    for permitted, excluded, common_name, names, host, good in TABLE["CONSTRAINTS"]:
        leaf = certificate(common_name, names, key=server_key, sign=sign)
        rows.append((authority(constraints(permitted, excluded)), leaf.hex(), host))
        right.append(good or "server-constrained")
    got = verdicts(tmp_path, rows)
    table = [*TABLE["NAMES"], *TABLE["CONSTRAINTS"]]
    wrong = [
        (row, is_, want)
        for row, is_, want in zip(table, got, right, strict=True)
        # mbedTLS has one word for all names that it refuses itself.
        if is_ != want and not (want == "server-no-names" and is_ == "server-name")
    ]
    assert wrong == []
