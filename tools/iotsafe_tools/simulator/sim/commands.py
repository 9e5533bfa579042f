"""The table of the IoT SAFE applet's commands, and which of them a card offers.

A command is a function `(applet, command) -> Reply` that raises Refused, or TLVError for 6A80.
To add one, add a line to COMMANDS.
"""

from collections.abc import Callable
from dataclasses import replace

from . import derivation, information, keys, reading, signature, status, tlv
from . import objects as o
from .apdu import Command, Reply
from .applet import Applet
from .profile import Profile
from .status import Refused

COMMANDS: dict[int, Callable[[Applet, Command], Reply]] = {
    0x24: keys.put_public_key_init,
    0x2A: signature.compute_init,
    0x2B: signature.compute_update,
    0x2C: signature.verify_init,
    0x2D: signature.verify_update,
    0x46: derivation.compute_dh,
    0x48: derivation.compute_prf,
    0x4A: derivation.compute_hkdf,
    0x84: reading.get_random,
    0xB0: reading.read_file,
    0xB9: keys.generate_key_pair,
    0xCB: information.get_data,
    0xCD: keys.read_public_key,
    0xD8: keys.put_public_key_update,
}

# Bits of the application's functions (90) and key derivations (94) -> commands that need them.
_BY_FUNCTION = {
    o.SIGNATURE: (0x2A, 0x2B, 0x2C, 0x2D),
    o.KEY_GENERATION: (0xB9,),
    o.KEY_AGREEMENT: (0x46,),
    o.KEY_DERIVATION: (0x48, 0x4A),
}
_BY_DERIVATION = {derivation.PRF: (0x48,), derivation.HKDF: (0x4A,)}


def process(applet: Applet, command: Command) -> Reply:
    """Carry out a command of the table; raise Refused for any other, or if it fails."""
    if not _offers(applet.profile, command.ins):
        raise Refused(status.UNKNOWN_INS)
    administration = applet.administration
    administration.command_begins()
    try:
        reply = COMMANDS[command.ins](applet, command)
    except tlv.TLVError:
        raise Refused(administration.outcome(status.WRONG_DATA)) from None
    except Refused as refusal:
        raise Refused(administration.outcome(refusal.sw)) from None
    return replace(reply, sw=administration.outcome(reply.sw))


def _offers(profile: Profile, ins: int) -> bool:
    return (
        ins in COMMANDS
        and ins not in profile.missing
        and all(profile.functions & bit or ins not in of for bit, of in _BY_FUNCTION.items())
        and all(profile.derivations & bit or ins not in of for bit, of in _BY_DERIVATION.items())
    )
