"""How a simulated card behaves where real cards differ (section 13), as data."""

from dataclasses import dataclass
from typing import Any, Literal

GSMA_AID = bytes.fromhex("A0000005590010")


@dataclass
class Profile:
    """Switches of one card; the defaults are the profile "gsma".

    The card reads them at each command, so a test may change one between two commands.
    """

    # ---- UICC --------------------------------------------------------------------------------
    # What the modem reads: 19 or 20 digits, 6 to 15 digits (network 001 01 is for tests).
    iccid: str = "8988211000000000011"
    imsi: str = "001010000000001"
    # Applications that SELECT finds; () is a SIM without the applet (6A82).
    aids: tuple[bytes, ...] = (GSMA_AID,)
    # Logical channels, the basic one included: 1..20.
    channels: int = 20
    # Channels that are open after a reset without MANAGE CHANNEL.
    open_channels: tuple[int, ...] = ()
    # Data of a reply: "auto" comes at once when the command had Le, else 61xx; "always" 61xx;
    # "never" 61xx, as with a reader that fetches by itself.
    get_response: Literal["auto", "always", "never"] = "auto"
    # 6Cxx unless Le is exactly the length of the data; otherwise only when Le is too short.
    exact_le: bool = False
    # Instead of 9000: 91xx (after any command) or 63CF (after a command of the applet).
    success_sw: int = 0x9000

    # ---- encodings ---------------------------------------------------------------------------
    # Length bytes of tag 33: 2 (33 00 40) or 1 (33 40).
    signature_length: Literal[1, 2] = 2
    # DER inside tag 33 instead of r||s.
    signature_der: bool = False
    # Nonces of RFC 6979, for signatures that can be compared.
    deterministic: bool = False
    # Object list: L1 a wrapper per object, L2 a wrapper per type, L3 no wrapper.
    list_layout: Literal["L1", "L2", "L3"] = "L1"
    # Bytes of the object list in one reply; 6300 when more follow. 1..256.
    list_part: int = 256
    # Object data inside C1..C4.
    wrapped: bool = True
    # Tag 21 in file information.
    file_usage: bool = True
    # Tags of functions and key agreement in the application data.
    application_tags: Literal["90/93", "61/6F"] = "90/93"
    # GENERATE KEY PAIR answers both IDs and the key, only the key, or nothing.
    keygen_response: Literal["full", "key", "none"] = "full"

    # ---- capabilities, as the application data has them ---------------------------------------
    applet_id: bytes = bytes(range(32))
    max_files: int = 8
    max_private_keys: int = 4
    max_public_keys: int = 4
    max_secret_keys: int = 2
    max_sessions: int = 4
    functions: int = 0x0F
    hashes: int = 0x0007
    algorithms: int = 0x04
    agreements: int = 0x01
    derivations: int = 0x03
    # Instructions that the applet lacks (6D00), besides those of the functions above.
    missing: tuple[int, ...] = ()
    # COMPUTE HKDF takes a salt of no bytes; otherwise 6A80.
    empty_salt: bool = True
    # GET DATA is offered at all; otherwise 6D00.
    get_data: bool = True
    # A digest (9E) may have another length than the announced hash.
    lenient_digest: bool = False
    # Bytes that one READ FILE returns at most: 1..256.
    max_read: int = 256
    # What follows the content up to the container's size; None: the file ends with its content.
    file_padding: int | None = 0x00

    # ---- faults ------------------------------------------------------------------------------
    # Sessions survive a reset: an abandoned one blocks its number until it is closed.
    wedge: bool = False
    # Tag 92 in information about keys says that it has 2 bytes, and has one.
    algorithm_slip: bool = False
    # This byte of the signature (0..63 for r||s; counted modulo its length) is inverted.
    flip_signature_byte: int | None = None

    # ---- time, in milliseconds: each APDU, and what its work adds ------------------------------
    apdu_ms: float = 0
    select_ms: float = 0
    read_ms: float = 0
    random_ms: float = 0
    generate_ms: float = 0
    sign_ms: float = 0
    verify_ms: float = 0
    agree_ms: float = 0
    derive_ms: float = 0
    data_ms: float = 0  # GET DATA
    key_ms: float = 0  # READ PUBLIC KEY, PUT PUBLIC KEY

    def __post_init__(self) -> None:
        for name, (allowed, meaning) in _LIMITS.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"profile: {name} must be {meaning}, not {getattr(self, name)!r}")
        for name, lengths in (("iccid", (19, 20)), ("imsi", range(6, 16))):
            digits = getattr(self, name)
            if not (digits.isascii() and digits.isdigit() and len(digits) in lengths):
                wanted = f"{lengths[0]} to {lengths[-1]} digits"
                raise ValueError(f"profile: {name} must have {wanted}, not {digits!r}")
        if not set(self.open_channels) <= set(range(1, self.channels)):
            raise ValueError(f"profile: open_channels must be in 1..{self.channels - 1}")

    @classmethod
    def named(cls, name: str, **switches: Any) -> "Profile":
        """The profile `name` of PROFILES, with some switches set otherwise.

        Raises ValueError for an unknown name or value, TypeError for an unknown switch.
        """
        if name not in PROFILES:
            raise ValueError(f"no SIM profile {name!r}; there are: {', '.join(PROFILES)}")
        return cls(**{**PROFILES[name], **switches})


_LIMITS: dict[str, tuple[Any, str]] = {
    "channels": (range(1, 21), "1..20"),
    "get_response": (("auto", "always", "never"), "auto, always or never"),
    "success_sw": ((0x9000, 0x63CF, *range(0x9100, 0x9200)), "9000, 63CF or 91xx"),
    "signature_length": ((1, 2), "1 or 2"),
    "list_layout": (("L1", "L2", "L3"), "L1, L2 or L3"),
    "list_part": (range(1, 257), "1..256"),
    "application_tags": (("90/93", "61/6F"), "90/93 or 61/6F"),
    "keygen_response": (("full", "key", "none"), "full, key or none"),
    "max_read": (range(1, 257), "1..256"),
    "file_padding": ((None, *range(256)), "a byte or None"),
    "max_sessions": (range(1, 256), "1..255"),
}

# Name -> the switches in which the card differs from the defaults.
PROFILES: dict[str, dict[str, Any]] = {
    # As the clients of the specification's default form expect it.
    "gsma": {},
    # As a physical card has been logged: bare structures, short signature, data at once.
    "card-l3": {
        "signature_length": 1,
        "list_layout": "L3",
        "wrapped": False,
        "application_tags": "61/6F",
        "get_response": "never",
    },
}
