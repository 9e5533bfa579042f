"""The simulated SIM: a UICC with logical channels and the IoT SAFE applet.

card = Card(Store("sim.json"), Profile(sign_ms=60))
card.issuer.write_file(b"\\x02", certificate)
card.transmit(bytes.fromhex("0070000001"))  # -> 01 90 00
"""

from .card import Card
from .issuer import Issuer
from .objects import File, PrivateKey, PublicKey, SecretKey
from .profile import BROKEN, PROFILES, Profile
from .profile_file import ProfileError
from .store import Store, StoreError

__all__ = [
    "BROKEN",
    "PROFILES",
    "Card",
    "File",
    "Issuer",
    "PrivateKey",
    "Profile",
    "ProfileError",
    "PublicKey",
    "SecretKey",
    "Store",
    "StoreError",
]
