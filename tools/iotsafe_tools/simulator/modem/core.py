"""The simulated modem without I/O: the caller passes bytes, time and sockets; it returns bytes.

    modem = Modem(card, network=Network(), clock=time.monotonic)
    modem.feed(b"AT\\r"); modem.take()            # UART
    modem.service()                              # when next_due() has passed or one of
    selectables() is ready

`Modem` only ties parts together: interpreter (AT syntax), power, SIM slot, radio, sockets,
faults, counters, timers. The personality's command table has the commands.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath

from iotsafe_tools.simulator.sim.pin import Pin

from .errors import RequestError
from .faults import QUIRKS, Faults
from .interpreter import Interpreter
from .messages import MessageStore
from .network import Network
from .parser import Args, Command
from .personalities import PERSONALITIES
from .personality import Personality
from .power import Power
from .radio import OUTCOME, Radio
from .sim_slot import SimSlot
from .table import Setting
from .timers import Timers
from .wall_clock import WallClock

COUNTERS = (
    "at_commands",
    "apdu_exchanges",
    "get_response",
    "uart_up.sim",
    "uart_up.socket",
    "uart_up.control",
    "uart_down.sim",
    "uart_down.socket",
    "uart_down.control",
    "uart_lost",
    "tcp_up",
    "tcp_down",
    "urcs",
    "boots",
    "power_downs",
    "positions",
    "handler_errors",
)
MOST_DELAYS = 1000
CHOICES = {
    "registration": tuple(OUTCOME),
    "pdp": ("after", "before", "refused"),
    "first_at": ("ok", "lost", "garbled"),
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Options:
    """The choices of a test or a user about a modem."""

    personality: str = "sim7080"
    auto_power: bool = True
    """Boot as soon as supply is on; False: wait for the power key."""
    delays: float = 1.0
    """Factor on every delay of the modem itself (boot, search, activation); 0 = none."""
    pin: str | None = None
    puk: str = "12345678"
    sim_inserted: bool = True
    registration: str = "home"
    act: int = 7
    """Access technology: 7 LTE-M, 9 NB-IoT."""
    pdp: str = "after"
    """+APP PDP after or before the OK of CNACT, or the network refuses."""
    first_at: str = "ok"
    """The fate of the first commands after a boot with auto-baud."""
    first_at_count: int = 1
    wall_clock: Callable[[], datetime] = _utc_now
    """Network time, UTC, aware."""
    time_zone: int = 0
    """Local time of the network, quarter hours east."""
    nvm: dict[str, tuple] = field(default_factory=dict)
    """Stored settings that differ from the defaults, e.g. {"+IPR": (115200,)}."""
    quirks: frozenset[str] = frozenset()
    """Quirks in addition to the personality's."""
    ccho_refusal: int = 22
    """+CME ERROR of +CCHO for an application that the card lacks; 13 and 50 were also seen."""
    imei: str = "867730050000017"
    operator: str = "Test Network"
    apn: str | None = None
    """The only APN with which the network lets the modem in, None: any."""

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name}={getattr(self, name)!r}: choose one of {', '.join(allowed)}"
                )
        if not 0 <= self.delays <= MOST_DELAYS:  # also if it is no number
            raise ValueError(f"delays={self.delays}: choose 0 to {MOST_DELAYS}")
        if self.pin is not None:
            Pin(self.pin)
        if self.personality not in PERSONALITIES:
            raise ValueError(
                f"no modem {self.personality!r}; there are {', '.join(PERSONALITIES)}"
            )
        self.quirks = frozenset(self.quirks)
        unknown = self.quirks - set(QUIRKS)
        if unknown:
            raise ValueError(f"no quirk {sorted(unknown)[0]!r}; there are {', '.join(QUIRKS)}")


class Modem:
    """See the module text. `options` are the fields of `Options`; a bad one raises ValueError
    or TypeError.

    clock: returns seconds; read only when one of feed, service, power_key or power is called.
    on_event: called with a dict {"t": seconds, "kind":
    "at"|"apdu"|"tcp"|"urc"|"power"|"network"|"sms"|"absent"|"fault"|"error", …} without secrets.
    """

    def __init__(
        self,
        card,
        *,
        network: Network | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_event: Callable[[dict], None] | None = None,
        **options,
    ) -> None:
        self.options = Options(**options)
        self.network = network or Network()
        self.clock = clock
        self.now = clock()
        self.on_event = on_event
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.personality: Personality = PERSONALITIES[self.options.personality]
        self.quirks = self.personality.quirks | self.options.quirks
        self.timers = Timers()
        self.faults = Faults(self)
        self.table = self.personality.table
        self.nvm = dict(self.options.nvm)
        self.profile = {"E": 1, "V": 1, "Q": 0}
        self.values: dict[str, tuple] = {}
        self.power_state = Power(self, self.personality.power)
        self.sim = SimSlot(self, card)
        self.wall_clock = WallClock(self)
        self.messages = MessageStore(self)
        self.preferred: dict[int, str] = {}
        """The SIM's list of preferred networks (CPOL): place -> number."""
        self.contexts: dict[int, tuple] = {}
        """Application contexts (CNCFG), by index."""
        self._defaults()
        self.radio = Radio(self)
        self.sockets = self.personality.sockets(self)
        self.uart = Interpreter(self)
        if self.options.auto_power:
            self.power_state.boot(self.delay(self.personality.power.reboot), "supply")
            self.service()

    # -- called by the shell ---------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes from the host; they are lost while the UART is not up."""
        self.now = self.clock()
        if self.ready:
            self.uart.feed(self.faults.input(data))
        else:
            self.count("uart_up.control", len(data))
            self.count("uart_lost", len(data))

    def take(self, limit: int | None = None) -> bytes:
        """Return bytes for the host, at most `limit`."""
        return self.uart.take(limit)

    def service(self) -> None:
        """Run what is due: timers, sockets, the waiting command."""
        self.now = self.clock()
        self.timers.run(self.now, self._guard)
        if self.ready:
            self._guard(self.sockets.service)
            self.uart.run()
            self._guard(self.sockets.notify)

    def next_due(self) -> float | None:
        """Return the clock's time at which to call `service` next, None = only when a socket or
        the host is ready."""
        dues = (self.timers.next_due(), self.uart.next_due(), self.sockets.next_due())
        return min((due for due in dues if due is not None), default=None)

    def selectables(self) -> list:
        """Return (socket, events of `selectors`) for the sockets that `service` waits for."""
        return self.sockets.selectables()

    def power_key(self, pressed: bool) -> None:
        """Press or release the power key."""
        self.service()
        self.power_state.key(pressed)
        self.service()

    def power(self, on: bool) -> None:
        """Switch the supply voltage; off loses all state at once."""
        self.service()
        self.supply(on)
        self.service()

    def close(self) -> None:
        """Close every socket."""
        self.sockets.reset()

    # -- called by the parts ---------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether the UART is up."""
        return self.power_state.state in ("on", "down")

    @property
    def echo(self) -> bool:
        """Whether the modem echoes typed characters."""
        return bool(self.modes["E"]) or self.faults.active("echo")

    @property
    def verbose(self) -> bool:
        """Whether result codes are words (ATV1)."""
        return bool(self.modes["V"])

    @property
    def quiet(self) -> bool:
        """Whether result codes are off (ATQ1)."""
        return bool(self.modes["Q"])

    def supply(self, on: bool) -> None:
        """Switch the supply voltage, from inside."""
        self.power_state.supply(on)
        if on and self.options.auto_power and self.power_state.state == "off":
            self.power_state.boot(self.delay(self.personality.power.reboot), "supply")

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter."""
        self.counters[name] += amount

    def event(self, kind: str, **fields) -> None:
        """Call `on_event`; count its failure instead of raising it."""
        if self.on_event is None:
            return
        try:
            self.on_event({"t": round(self.now, 6), "kind": kind, **fields})
        except Exception:
            self.count("handler_errors")

    def failed(self, error: Exception, line: str = "") -> None:
        """Count and report a failure of the simulator itself, instead of raising it."""
        self.count("handler_errors")
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{PurePath(last.filename).name}:{last.lineno}"
        self.event("error", line=line, error=repr(error), where=where)

    def _guard(self, function: Callable[[], None]) -> None:
        try:
            function()
        except Exception as error:
            self.failed(error)

    def occur(self, name: str) -> None:
        """Report a named event to the faults that wait for it."""
        self.faults.occur(name)

    def delay(self, seconds: float) -> float:
        """Return a delay of the modem itself, scaled by the option."""
        return seconds * self.options.delays

    def info(self, *lines: str, data: bytes | None = None) -> None:
        """Print information lines of the running command."""
        self.uart.info(*lines, data=data)

    def urc(self, text: str) -> None:
        """Print an unsolicited line, unless a fault removes it."""
        if not text or not self.ready or not self.synced:
            return
        if self.faults.loses(text):
            return
        self.count("urcs")
        self.event("urc", text=text)
        self.uart.urc(text)
        self.occur(f"urc:{text}")

    def purpose(self, text: str) -> str:
        """Return the counter group of a command name or a line: sim, socket or control."""
        for purpose, prefixes in self.personality.purposes.items():
            if text.startswith(prefixes):
                return purpose
        return "control"

    def execute(self, command: Command, args: Args):
        """Run one command; table.py describes the return value."""
        wait = self.faults.delay(command.text)
        return self._late(wait, command, args) if wait else self._execute(command, args)

    def _late(self, wait: float, command: Command, args: Args):
        """Run one command, `wait` seconds later."""
        yield wait
        result = self._execute(command, args)
        return (yield from result) if isinstance(result, Generator) else result

    def _execute(self, command: Command, args: Args):
        instead = self.faults.command(command.text)
        if instead is not None:
            return instead
        epoch = self.uart.epoch
        self.occur(f"at:{command.name}")
        if self.uart.epoch != epoch:
            return None
        handler = self.table.handlers.get(command.name, {}).get(command.form)
        if handler is None or self.sim.lacks(command.name, command.form):
            feature = self.personality.absent.get(command.name)
            if feature:
                self.event("absent", command=command.name, feature=feature)
            raise RequestError("unknown", command.text)
        return handler(self, args)

    def after_ok(self, function: Callable[[], None]) -> None:
        """Call `function` once the running command has printed its result."""
        self.timers.at(self.now, function)

    def reset_after_ok(self, why: str) -> None:
        """Reset the module once the running command has printed its result."""
        self.after_ok(lambda: self.power_state.reset(why))

    def store(self, setting: Setting, values: tuple) -> None:
        """Set a stored value, also in non-volatile memory if `setting.saved`."""
        self.values[setting.name] = values
        if setting.saved:
            self.nvm[setting.name] = values

    def synchronised(self) -> bool:
        """Return whether auto-baud lets the modem understand a command line now."""
        if self.unheard:
            self.unheard -= 1
            return False
        self.synced = True
        return True

    def noise(self, typed: bytes) -> bytes:
        """Return the echo of typed characters, garbled until auto-baud finds the rate."""
        if not self.unheard:
            return typed
        if self.options.first_at == "lost":
            return b""
        return bytes(byte ^ 0x95 for byte in typed)

    def booted(self) -> None:
        """Set the defaults and start the SIM and, unless it starts later, the radio."""
        self.count("boots")
        self.wall_clock.reset()
        self._defaults()
        self.personality.announce(self)
        if self.values["+CFUN"][0]:
            self.sim.power_on()

    def lose_state(self) -> None:
        """Forget everything volatile: power is off or the module resets."""
        for tag in ("run", "sim", "radio", "pdp"):
            self.timers.cancel(tag)
        self.sockets.reset()
        self.sim.power_off()
        self.radio.reset()
        self.uart.reset()

    def _defaults(self) -> None:
        self.modes = dict(self.profile)
        self.values = {name: setting.default for name, setting in self.table.settings.items()}
        self.values.update((name, self.nvm[name]) for name in self.values if name in self.nvm)
        self.at_boot = dict(self.values)
        """Settings as they were at the boot, for those that need one to take effect."""
        self.contexts = {}
        self.registers: dict[str, int] = {}
        """The registers of ATS, where they differ from their defaults."""
        self.operator = (0, 0)
        """Mode and format of +COPS."""
        self.messages.reset()
        autobaud = self.values["+IPR"][0] == 0
        self.synced = not autobaud
        lossy = autobaud and self.options.first_at != "ok"
        self.unheard = self.options.first_at_count if lossy else 0
