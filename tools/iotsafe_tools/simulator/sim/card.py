"""The card as its terminal sees it: APDUs in and out, logical channels, GET RESPONSE.

Sections 3 and 4 of the applet reference; ISO/IEC 7816-4; ETSI TS 102 221.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from . import apdu as a
from . import commands as applet_commands
from . import status, tlv
from .apdu import Command, Reply
from .applet import Applet
from .issuer import Issuer
from .pin import Pin
from .plan import new_objects
from .profile import Profile
from .status import Refused
from .store import Store, StoreError
from .uicc import FileSystem
from .uicc_files import CURRENT_ADF, MF, USIM_AID

log = logging.getLogger(__name__)

SELECT = 0xA4
MANAGE_CHANNEL = 0x70
GET_RESPONSE = 0xC0
VERIFY_PIN = 0x20
TERMINAL_CAPABILITY = 0xAA
READ_BINARY = 0xB0
READ_RECORD = 0xB2
UPDATE_BINARY = 0xD6
UPDATE_RECORD = 0xDC
STATUS = 0xF2

# INS, and the P1 bit that must be set -> the profile's latency for the command's work.
_WORK = {
    (SELECT, 0x04): "select_ms",
    (0x46, 0x00): "agree_ms",
    (0x48, 0x00): "derive_ms",
    (0x4A, 0x00): "derive_ms",
    (0x84, 0x00): "random_ms",
    (0xB0, 0x00): "read_ms",
    (0xB9, 0x00): "generate_ms",
    (0x2B, 0x80): "sign_ms",
    (0x2D, 0x80): "verify_ms",
    (0xCB, 0x00): "data_ms",
    (0xCD, 0x00): "key_ms",
    (0xD8, 0x80): "key_ms",
}


@dataclass
class Channel:
    """One open logical channel."""

    applet: bool = False  # the IoT SAFE applet is selected, as opposed to the file system
    current: int = MF  # key of the file, in the file system
    pending: Reply | None = None  # waits for GET RESPONSE
    held: tuple[tuple, Reply] | None = None  # waits for the same command with the right Le (6Cxx)


class Card:
    """A simulated SIM. A modem or a reader needs only `transmit`.

    store: by default a new one in memory, with the objects that the profile plans. random: source
    of random bytes, for GET RANDOM and for keys.
    """

    def __init__(
        self,
        store: Store | None = None,
        profile: Profile | None = None,
        *,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.profile = Profile() if profile is None else profile
        if store is None:
            store = Store.memory(new_objects(self.profile.objects))
        self.store = store
        self._applet = Applet(self.store, self.profile, random)
        self.issuer = Issuer(self.store, self.profile, self._applet.administration)
        self._files = FileSystem(self.profile)
        self._extended = False  # the terminal has announced that it knows the channels 4 to 19
        self._channels: dict[int, Channel] = {}
        self._reset_channels()

    def __repr__(self) -> str:
        return f"<Card, {self.store!r}, {len(self._channels)} channels open>"

    def power_on(self) -> bytes:
        """Reset channels, pending data, sessions and volatile keys; return the ATR."""
        self._reset_channels()
        self._applet.reset()
        self._extended = False
        if self._files.pin is not None:
            self._files.pin.reset()
        return self.atr()

    def ask_for_pin(self, pin: Pin | None) -> None:
        """Let the card ask its terminal for `pin` by VERIFY (None: for none) from now on."""
        self._files.pin = pin

    def atr(self) -> bytes:
        """Answer to reset: T=0, historical bytes with the number of channels (7816-4, 8.1.1).

        With channels above 3 they say "8 or more", also before TERMINAL CAPABILITY.
        """
        channels = min(self.profile.channels, 8) - 1
        capabilities = bytes([0x73, 0xFE, 0x21, 0x10 | channels])  # numbers given by the card
        body = bytes.fromhex("9F96801FC7 8031E0") + capabilities + b"\x67IOTSAFE"
        check = 0
        for byte in body:
            check ^= byte
        return b"\x3b" + body + bytes([check])

    def latency(self, apdu: bytes) -> float:
        """Return the seconds that the card takes for this command, by its INS and P1."""
        milliseconds = self.profile.apdu_ms
        if len(apdu) >= 4:
            for (ins, bit), name in _WORK.items():
                if apdu[1] == ins and apdu[2] & bit == bit:
                    milliseconds += getattr(self.profile, name)
        return milliseconds / 1000

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command APDU; return response data, then SW1 SW2. Never raises.

        If the simulator itself fails, it logs that, without data, and answers 6F00.
        """
        try:
            return self._process(a.parse(bytes(apdu)))
        except Refused as refusal:
            return _sw(refusal.sw)
        except StoreError as error:
            log.error("the simulated SIM answered 6F00: %s", error)
            return _sw(status.FAULT)
        except Exception as error:
            log.error("the simulated SIM failed and answered 6F00: %s", _where(error))
            return _sw(status.FAULT)

    # ---- channels --------------------------------------------------------------------

    def _reset_channels(self) -> None:
        self._channels = {number: Channel() for number in (0, *self.profile.open_channels)}

    def _process(self, command: Command) -> bytes:
        if command.channel is None:
            raise Refused(status.UNKNOWN_CLASS)
        channel = self._channels.get(command.channel)
        if channel is None:
            raise Refused(status.CHANNEL_NOT_OPEN)
        pending, held = channel.pending, channel.held
        channel.pending = channel.held = None
        if command.ins == GET_RESPONSE:
            return self._get_response(channel, command, pending)
        if held is not None and held[0] == command.content:
            return self._deliver(channel, command, held[1], self.profile.get_response)
        return self._execute(channel, command)

    def _execute(self, channel: Channel, command: Command) -> bytes:
        """Reply as the profile says, but to MANAGE CHANNEL and file commands with data at once."""
        policy = self.profile.get_response
        if command.ins == SELECT and not command.proprietary:
            reply = self._select(channel, command)
        elif command.ins == MANAGE_CHANNEL and not command.proprietary:
            reply, policy = self._manage_channel(channel, command), "direct"
        elif channel.applet:
            reply = self._applet_reply(command)
        else:
            reply, policy = self._file_command(channel, command), "direct"
        return self._deliver(channel, command, reply, policy)

    def _manage_channel(self, channel: Channel, command: Command) -> Reply:
        """Open the lowest free channel (P1 = 00), or close (80) channel P2 or the class's."""
        command.expect_no_data()
        if command.p1 == 0x80:
            number = command.p2 or command.channel
            if not 1 <= number <= a.LAST_CHANNEL:
                raise Refused(status.WRONG_P1P2)
            if number not in self._channels:
                raise Refused(status.CHANNEL_NOT_OPEN)
            del self._channels[number]
            self._applet.happened("channel")
            return self._success(Reply())
        command.expect_p1p2(0x0000)
        # Above 3 the class byte is another, so the terminal has to say that it knows it.
        most = self.profile.channels if self._extended else min(self.profile.channels, 4)
        for number in range(1, most):
            if number not in self._channels:
                # From the basic channel it opens at the MF, from another one at that one's place.
                inherits = command.channel != 0
                self._channels[number] = (
                    Channel(channel.applet, channel.current) if inherits else Channel()
                )
                return self._success(Reply(bytes([number])))
        raise Refused(status.NO_CHANNEL_LEFT)

    # ---- applications and files ------------------------------------------------------

    def _select(self, channel: Channel, command: Command) -> Reply:
        """SELECT by AID (P1 = 04) or by file ID. A failed SELECT changes nothing."""
        if command.p1 != 0x04:
            node = self._files.select(channel.current, command)
            channel.applet, channel.current = False, node.key
            return self._success(Reply(b"" if command.p2 == 0x0C else self._files.fcp(node)))
        if command.p2 not in (0x00, 0x04, 0x0C):
            raise Refused(status.WRONG_P1P2)
        if not 5 <= len(command.data) <= 16:
            raise Refused(status.WRONG_LENGTH)
        if any(aid.startswith(command.data) for aid in self.profile.aids):
            channel.applet, channel.current = True, MF
            self._applet.happened("select")
            return self._success(Reply())
        if USIM_AID.startswith(command.data):
            channel.applet, channel.current = False, CURRENT_ADF
            folder = self._files.folder_of(CURRENT_ADF)
            return self._success(Reply(b"" if command.p2 == 0x0C else self._files.fcp(folder)))
        raise Refused(status.NOT_FOUND)

    def _file_command(self, channel: Channel, command: Command) -> Reply:
        if command.ins == STATUS:
            return self._success(self._files.status(channel.current, command))
        if command.ins == TERMINAL_CAPABILITY and command.cla == 0x80:
            return self._terminal_capability(command)
        if command.ins == VERIFY_PIN and not command.proprietary:
            if self._files.pin is None:
                raise Refused(status.PIN_DISABLED)
            return self._success(self._files.pin.verify(command))
        commands = {READ_BINARY: self._files.read_binary, READ_RECORD: self._files.read_record}
        if command.ins in (UPDATE_BINARY, UPDATE_RECORD):
            raise Refused(status.NOT_ALLOWED)
        if command.ins not in commands:
            raise Refused(status.UNKNOWN_INS)
        if command.proprietary:
            raise Refused(status.UNKNOWN_CLASS)
        channel.current, reply = commands[command.ins](channel.current, command)
        return self._success(reply)

    def _terminal_capability(self, command: Command) -> Reply:
        """TERMINAL CAPABILITY (TS 102 221, 11.1.19): A9 { 81 "knows the channels 4 to 19" … }."""
        command.expect_p1p2(0x0000)
        try:
            told = dict(tlv.decode_all(tlv.decode_exactly(command.data, 0xA9)[0]))
        except tlv.TLVError:
            raise Refused(status.WRONG_DATA) from None
        self._extended = self._extended or 0x81 in told
        return self._success(Reply())

    def _applet_reply(self, command: Command) -> Reply:
        reply = applet_commands.process(self._applet, command)
        if reply.sw == status.OK:
            return Reply(reply.data, self.profile.success_sw, reply.cut)
        return reply

    def _success(self, reply: Reply) -> Reply:
        """Apply the profile's success status word if it is 91xx, which any command may return."""
        sw = self.profile.success_sw
        return Reply(reply.data, sw, reply.cut) if sw >> 8 == status.PROACTIVE else reply

    # ---- delivery --------------------------------------------------------------------

    def _deliver(self, channel: Channel, command: Command, reply: Reply, policy: str) -> bytes:
        """Answer data at once, or 61xx for GET RESPONSE, or 6Cxx for the same command again."""
        size = len(reply.data)
        if not size:
            return _sw(reply.sw)
        waits = policy == "always" or (policy == "auto" and command.le is None) or size > 256
        if policy == "t0":
            waits = bool(command.data) or size > 256
            other = not command.data and command.le not in (None, 256, size)
            if other and not waits and not reply.cut:
                channel.held = command.content, reply
                return _sw(status.WRONG_LE << 8 | size & 0xFF)
        if command.le is not None and not reply.cut and size <= 256:
            exact = self.profile.exact_le and policy != "direct"
            if (exact and command.le != size) or (not waits and command.le < size):
                channel.held = command.content, reply
                return _sw(status.WRONG_LE << 8 | size & 0xFF)
        if waits:
            return self._keep(channel, reply)
        return reply.data + _sw(reply.sw)

    def _keep(self, channel: Channel, reply: Reply) -> bytes:
        channel.pending = reply
        return _sw(status.WAITING << 8 | min(len(reply.data), 256) & 0xFF)

    def _get_response(self, channel: Channel, command: Command, pending: Reply | None) -> bytes:
        """GET RESPONSE: return Le bytes, all of them for Le = 00; 6Cxx if Le exceeds them.

        If the profile requires the exact Le, 6Cxx for any Le but the announced one.
        """
        channel.pending = pending  # a refused GET RESPONSE loses nothing
        command.expect_no_data()
        command.expect_p1p2(0x0000)
        if pending is None:
            raise Refused(status.CONDITIONS)
        wanted = command.le or 256
        size = len(pending.data)
        exact = self.profile.exact_le and wanted != min(size, 256)
        if exact or (wanted != 256 and wanted > size):
            raise Refused(status.WRONG_LE << 8 | min(size, 256) & 0xFF)
        data, rest = pending.data[:wanted], pending.data[wanted:]
        if rest:
            return data + self._keep(channel, Reply(rest, pending.sw))
        channel.pending = None
        return data + _sw(pending.sw)


def _sw(sw: int) -> bytes:
    return sw.to_bytes(2, "big")


def _where(error: Exception) -> str:
    """Return an exception's type and the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at line {trace.tb_lineno} of {trace.tb_frame.f_code.co_filename}" if trace else ""
    return type(error).__name__ + place
