"""The facts for the reasons of this package's errors. Loaded when an error is shown."""

# A line for each reason: see `words`. The fact takes the error's `values`: of CardError the status
# word, command and target; of CardProtocolError command and detail; of AppletNotFound the AIDs
# that were tried, with their status words.
REASONS = """
refused: %04X
card-busy: %04X
card-damaged: %04X
not-understood: %s: the SIM's answer is not understood: %s
no-applet: no IoT SAFE applet on this SIM (tried %s)
no-key: the applet holds no private key that may sign
keys-empty: no private key is in the containers that may sign: %s
no-certificate: the applet has no certificate file
certificate-empty: certificate file %s is empty
certificate-damaged: certificate file %s is cut off or damaged (%d bytes, %s)
certificate-refused: mbedTLS refuses the certificate of the SIM
key-mismatch: the certificate in file %s (%s) belongs to another key than %s
no-engine: this firmware cannot let the SIM sign: its tls has no ecdsa_sign_callback
ca-unusable: the CA certificate in %s cannot be used: %s
server-not-trusted: the server's certificate is not from a CA that is trusted here
server-name: the server's certificate is for another name
server-expired: the server's certificate has expired, or the clock here is ahead
server-early: the server's certificate is not valid yet, or the clock here is behind
server-certificate: the server's certificate was refused: %s
tls-memory: TLS ran out of memory (%d bytes free): %s
tls-broken: the TLS session broke: %s
tls-failed: the TLS engine itself failed: %s
client-refused: the server refused the certificate or the signature of the SIM
client-hung-up: the server hung up after the certificate of the SIM
server-hung-up: the server hung up during the handshake
handshake-refused: the server refused the handshake before the SIM's certificate: %s
chain-unusable: the issuers' certificates cannot be used: %s: %s
name-unusable: the certificate's common name cannot be the client identifier: %s
server-no-names: the server's certificate has no subjectAltName (its CN does not count)
server-constrained: a CA of the server may not issue certificates for its names
ca-expired: the certificate of %s, an authority of the server, has expired (%s UTC)
server-purpose: the server's certificate is not for servers
server-unreadable: the server's certificates cannot be read here: %s
server-forged: the server did not prove that it has the key of its certificate: %s
server-not-tls: the server does not speak TLS, or breaks it: %s
server-chain-long: the server sends %d bytes at once, more than the %d of the TLS buffer here
chain-too-long: the SIM's certificate and its chain have %d bytes, the TLS buffer here %d
client-unsuited: the server takes no signature that the SIM can make: %s
not-asked: the server asked for no certificate
tls-garbled: the server's data was changed on its way: %s
tls-rekeyed: the server sent a message that is not known here, such as KeyUpdate: %s
"""


def fact(error):
    """Return the sentence for `error`, an exception of this package."""
    values = error.values
    if hasattr(error, "target"):
        from .meanings import meaning

        sw, command, target = values
        asked = command + " " + target if target else command
        return "%s: the SIM answered %04X, %s" % (asked, sw, meaning(sw))
    if error.reason == "no-applet":
        values = (", ".join(["%s: %04X" % pair for pair in values]),)
    text = words(REASONS, error.reason)
    return error.reason if text is None else text % values


def words(table, reason):
    """Return the text of the line "reason: text" of `table`, None if there is none.

    A line "reason," has the text of the line below it. One string takes less flash than a
    tuple of tuples.
    """
    for end in ":,":
        at = table.find("\n" + reason + end)
        if at >= 0:
            at = table.find(":", at) + 1
            return table[at : table.find("\n", at)].strip()
    return None
