"""The whole applet: every command of IoT.05, for the REPL, for host tools and for enrolment.

applet = iotsafe.FullApplet(modem)
applet.objects()                     # prints as a table
applet.doctor()                      # what works, what does not, what to do
"""

from . import objects, tlv
from .applet import Applet
from .errors import CardError, CardProtocolError

# P1 of GET DATA for a file, a private, a public, a secret key.
_INFORMATION = b"\xc3\xc1\xc2\xc4"

# Methods import their modules themselves: these stay out of memory until they are used.


class FullApplet(Applet):
    """An Applet with all commands. It sends nothing before the first command.

    Cards differ in the length bytes that they read in a command: those of a signature (33 00 40,
    33 40), and those of other values of 128 to 255 bytes (81 80, 80). After a refusal the applet
    sends the other form; it remembers the one that the card took.
    """

    other_signature = other_length = False  # the second form of each goes first

    def __repr__(self):
        where = "not open" if self.aid is None else "AID " + objects.name(self.aid)
        return "<IoT SAFE applet, %s, %d exchanges>" % (where, self.apdu.exchanges)

    def run(self, command, *args):
        """Run `command(*args)` on the open channel. If the card lost the channel, open another one
        and run it again; repeat it for no other reason, because it may change the card."""
        return self._run(command, *args, repeats=0)

    def begin(self, ins, init, target):
        """Open a session with the command `ins` and the data `init`; its number is `session`."""
        self._run(self._begin, ins, init, target)

    # ---- information ------------------------------------------------------------------------

    def capabilities(self):
        """GET DATA - application (IoT.05 2.12): return `capabilities.Capabilities`."""
        from . import capabilities

        try:
            return capabilities.parse(self._run(self._get_data, 0))
        except tlv.TLVError as e:
            raise CardProtocolError("not-understood", "GET DATA", str(e))

    def objects(self):
        """GET DATA - object list (IoT.05 2.14): return an ObjectList, which prints as a table."""
        from .listing import ObjectList

        return ObjectList(super().objects())

    def object_info(self, kind, ref):
        """GET DATA - object data: return the ObjectInfo of one object.

        `iotsafe.objects` has the kinds.
        """
        if kind not in (3, 4, 5, 6):
            objects.wrong("a kind of iotsafe.objects, like FILE", kind)
        data = self._run(
            self.apdu.command,
            0xCB,
            _INFORMATION[kind - objects.FILE],
            0,
            objects.reference(kind, ref),
            0,
            objects.target(kind, ref),
        )
        try:
            for info in objects.parse(data):
                if info.kind == kind:
                    return info
        except tlv.TLVError as e:
            raise CardProtocolError("not-understood", "GET DATA", str(e))
        raise CardProtocolError("not-understood", "GET DATA", "no such object in the answer")

    # ---- keys -------------------------------------------------------------------------------

    def generate_key_pair(self, ref):
        """GENERATE KEY PAIR: see `keys.generate`."""
        from . import keys

        return keys.generate(self, ref)

    def put_public_key(self, ref, point):
        """PUT PUBLIC KEY: see `keys.put`."""
        from . import keys

        keys.put(self, ref, point)

    # ---- signatures -------------------------------------------------------------------------

    def compute_signature(self, ref, what, hash=1, algorithm=4):
        """COMPUTE SIGNATURE in all modes: see `signing.compute`."""
        from . import signing

        return signing.compute(self, ref, what, hash, algorithm)

    def verify_signature(self, ref, what, signature, hash=1, algorithm=4):
        """VERIFY SIGNATURE in all modes: see `signing.verify`."""
        from . import signing

        return signing.verify(self, ref, what, signature, hash, algorithm)

    # ---- secrets ----------------------------------------------------------------------------

    def compute_dh(self, private, public):
        """COMPUTE DH: see `derive.dh`."""
        from . import derive

        return derive.dh(self, private, public)

    def compute_prf(self, seed, size, secret=None, key=None, premaster=None):
        """COMPUTE PRF: see `derive.prf`."""
        from . import derive

        return derive.prf(self, seed, size, secret, key, premaster)

    def compute_hkdf(self, ikm, salt=b"", hash=1):
        """COMPUTE HKDF: see `derive.hkdf`."""
        from . import derive

        return derive.hkdf(self, ikm, salt, hash)

    # ---- identity ---------------------------------------------------------------------------

    def identity(self, key=b"", certificate=b"", cache=None):
        """Return the SIMIdentity that makes a TLS client: see `find_identity`."""
        from .sim_identity import find_identity

        return find_identity(self, key, certificate, cache)

    def csr(self, ref, subject, names=()):
        """Return a certification request (PKCS#10) in DER for the pair `ref`, signed with its
        private key: see `csr.build`. `iotsafe.csr.pem` turns it into text.
        """
        from . import csr

        if not isinstance(names, (tuple, list)):
            objects.wrong("names: texts in a tuple", names)
        return csr.build(lambda digest: self.sign(ref, digest), self.point(ref), subject, names)

    def jwt(self, ref, claims, header=None):
        """Return a JSON Web Token (ES256) signed with the private key `ref`: see `jwt.build`."""
        from . import jwt

        return jwt.build(lambda digest: self.sign(ref, digest), claims, header)

    def point(self, ref):
        """Return the public key, 65 bytes, that belongs to the private key `ref`: the object of
        the same label or, on a card that lists nothing, of the same name.
        """
        from .sim_identity import public_id

        objects.reference(objects.PRIVATE_KEY, ref)
        try:
            listed = Applet.objects(self)
        except CardError:
            return self.read_public_key(getattr(ref, "id", ref))
        for info in listed:
            if info.kind == objects.PRIVATE_KEY and (
                info.label == ref.encode()
                if isinstance(ref, str)
                else info.id == getattr(ref, "id", ref)
            ):
                return self.read_public_key(public_id(info, listed))
        raise ValueError("the card lists no " + objects.target(objects.PRIVATE_KEY, ref))

    def explain(self, key=b"", certificate=b""):
        """Print for each key and certificate why it is, or is not, the one for TLS."""
        from . import discovery

        objects.wanted(key)
        objects.wanted(certificate)
        found = discovery.survey(self, Applet.objects(self), key, certificate)
        for line in found.lines():
            print(line)

    def doctor(self, key=b"", certificate=b"", now=None):
        """Print each step's result, with advice for one that fails: see `doctor.steps`."""
        from . import doctor

        objects.wanted(key)
        objects.wanted(certificate)
        for step in doctor.steps(self, key, certificate, now):
            print(step)
