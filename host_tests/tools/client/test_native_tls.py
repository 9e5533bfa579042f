"""The TLS client on MicroPython against OpenSSL: signatures by the right key, and refusals.

The unit tests have mbedTLS at both ends, which always agree on TLS 1.3.
"""

import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest
from tls_run import PKI, VERSIONS, run_client


class Server:
    """Serves one connection on loopback; needs a certificate of `client_ca`.

    `error`: the SSLError that ended it, or None; `client`: common name of the client.
    """

    def __init__(self, folder: Path, version: str, ciphers: str = "", client_ca: str = "CA"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = VERSIONS[version]
        if ciphers:
            context.set_ciphers(ciphers)
        (folder / "cert.pem").write_text(
            ssl.DER_cert_to_PEM_cert(bytes.fromhex(PKI["SERVER"]))
            + ssl.DER_cert_to_PEM_cert(bytes.fromhex(PKI["SERVER_KEY"])).replace(
                "CERTIFICATE", "EC PRIVATE KEY"
            )
        )
        context.load_cert_chain(folder / "cert.pem")
        context.load_verify_locations(cadata=bytes.fromhex(PKI[client_ca]))
        context.verify_mode = ssl.CERT_REQUIRED
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(60)
        self.port = self._listener.getsockname()[1]
        self.error: OSError | None = None
        self.client = None
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._listener.close()
        self._thread.join(60)

    def _serve(self) -> None:
        plain, _ = self._listener.accept()
        plain.settimeout(60)
        with plain.dup() as rest:
            try:
                with self._context.wrap_socket(plain, server_side=True) as session:
                    subject = session.getpeercert()["subject"]
                    self.client = dict(pair for part in subject for pair in part)["commonName"]
                    session.sendall(session.recv(100).upper())
            except OSError as error:
                self.error = error
            # Closing with unread bytes would reset the connection, and lose the alert.
            with contextlib.suppress(OSError):  # the client may be gone
                rest.shutdown(socket.SHUT_WR)
                while rest.recv(4096):
                    pass


@pytest.mark.parametrize(
    ("version", "ciphers", "suite", "digest"),
    [
        ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "AES-128-GCM-SHA256", 32),
        # A SHA-384 suite of TLS 1.2 requests a signature over 48 bytes; P-256 uses 32 of them.
        ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "AES-256-GCM-SHA384", 48),
        ("TLSv1.3", "", "AES-256-GCM-SHA384", 32),
    ],
    ids=["1.2-sha256", "1.2-sha384", "1.3"],
)
def test_signature_is_accepted(tmp_path, version, ciphers, suite, digest):
    with Server(tmp_path, version, ciphers) as server:
        got = run_client(server.port)
    assert got["suite"].endswith(suite)
    assert (got["echo"], got["version"], got["digests"]) == ("HELLO", version, [digest])
    assert (server.error, server.client) == (None, "device-0001")


@pytest.mark.parametrize("version", VERSIONS)
def test_client_of_another_ca_is_refused(tmp_path, version):
    with Server(tmp_path, version, client_ca="OTHER_CA") as server:
        got = run_client(server.port)
    assert got["error"] == "ClientRefused"
    assert "the server refused the certificate or the signature of the SIM" in got["text"]
    assert len(got["digests"]) == 1
    assert "CERTIFICATE_VERIFY_FAILED" in str(server.error)


@pytest.mark.parametrize("version", VERSIONS)
def test_failed_signature_reaches_the_caller_and_never_the_server(tmp_path, version):
    with Server(tmp_path, version) as server:
        got = run_client(server.port, "card")
    assert got["error"] == "CardError"
    assert got["text"].startswith("COMPUTE SIGNATURE: the SIM answered 6985")
    assert server.client is None
    assert "EOF" in str(server.error)


def test_suites_that_are_not_offered(tmp_path):
    with Server(tmp_path, "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305") as server:
        got = run_client(server.port)
    assert (got["error"], got["digests"]) == ("HandshakeRefused", [])
    assert "NO_SHARED_CIPHER" in str(server.error)
