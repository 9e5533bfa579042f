"""The module with the mathematics of a key pair, `ecc` or `rsa`, by the key type (4B).

Both have the same functions: generate, check_private, check_public, public_fields, encode_public,
decode_public, sign, verify, may_be_signature, key_to_text, key_from_text; and ALGORITHMS, their
values of tag 92.
"""

from types import ModuleType

from . import ecc, rsa

_MODULES: dict[int, ModuleType] = {**dict.fromkeys(ecc.CURVES, ecc), rsa.RSA_2048: rsa}
ALGORITHMS = ecc.ALGORITHMS | rsa.ALGORITHMS


def module_for(key_type: int) -> ModuleType:
    """Return the module of a key type; raise ValueError if pairs can't have that type."""
    if key_type not in _MODULES:
        raise ValueError(f"{key_type:02X} is not a type of key pair")
    return _MODULES[key_type]
