"""The identity of a TLS client whose key is in the SIM, as a session needs it.

An identity is anything with `certificate` (DER bytes), `chain` (tuple of DER bytes, issuers),
`public_key` (65 bytes, 04 X Y) and `sign(digest) -> DER signature`; `SIMIdentity` is the one whose
key is in the SIM. The package has no identity with a key in memory.
"""

from . import objects


class SIMIdentity:
    """A client identity whose private key never leaves the SIM.

    Attributes: `certificate`, `chain`, `public_key` as above; `key_id`, `certificate_id` (bytes);
    `applet` the Applet that holds both; `info` the parsed certificate; `signatures` how often the
    SIM signed.
    """

    def __init__(self, applet, key_id, certificate_id, public_key, certificate, info, chain=()):
        self.applet = applet
        self.key_id = key_id
        self.certificate_id = certificate_id
        self.public_key = public_key
        self.certificate = certificate
        self.chain = chain
        self.info = info
        self.signatures = 0

    def __str__(self):
        return "key %s, certificate %s (%s)" % (
            objects.name(self.key_id),
            objects.name(self.certificate_id),
            self.info.common_name or "no common name",
        )

    def sign(self, digest):
        """Return the SIM's ECDSA signature over `digest`, in DER; raises CardError."""
        signed = self.applet.sign(self.key_id, digest)
        self.signatures += 1
        return signed
