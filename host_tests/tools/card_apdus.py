"""APDUs in hex for the simulated SIM: what the tests of its applet share."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from iotsafe_tools.simulator.sim import Card, Profile, Store
from iotsafe_tools.simulator.sim.ecc import public_key, raw_to_der

DIGEST = hashlib.sha256(b"sample").digest()
SIGN = "012A00010D840101A1010391020001920104"  # session 01, key 01, mode 03, SHA-256, ECDSA
VERIFY = "012C00010D850101A1010391020001920104"
UPDATE = "012B8001229E20" + DIGEST.hex() + "00"
CLOSE = "012A010100"


def card_with_applet(store: Store | None = None, **switches) -> Card:
    """Return a card with the applet selected on channel 1; `switches` are those of Profile."""
    card = Card(store, Profile(**switches))
    select(card)
    return card


def select(card: Card) -> None:
    """Select the applet on a new channel 1."""
    transmit(card, "0070000001")
    assert transmit(card, "01A4040007A0000005590010") == "9000"


def transmit(card: Card, command: str | bytes) -> str:
    """Return the answer to `command`, with its status word, in hex."""
    data = bytes.fromhex(command) if isinstance(command, str) else command
    return card.transmit(data).hex().upper()


def apdu(header: str, data: bytes, le: str = "") -> str:
    """Return a command with `data`; `header` and `le` in hex."""
    return f"{header}{len(data):02X}{data.hex()}{le}"


def signature_of(card: Card, session: str = "01", digest: bytes = DIGEST) -> bytes:
    """Return the value of tag 33 of one signature in mode 03; the session is open."""
    answer = card.transmit(bytes.fromhex(apdu(f"012B80{session}", b"\x9e\x20" + digest, "00")))
    assert answer[-2:] == b"\x90\x00"
    assert answer[:3] == b"\x33\x00\x40"
    return answer[3:-2]


def verifies(point: bytes, digest: bytes, raw: bytes) -> bool:
    """Return whether `raw` (r and s) is a signature of `digest` by the key with that point."""
    algorithm = ec.ECDSA(utils.Prehashed({32: hashes.SHA256(), 48: hashes.SHA384()}[len(digest)]))
    try:
        public_key(0x13, point).verify(raw_to_der(raw), digest, algorithm)
    except Exception:
        return False
    return True
