"""Power key, supply and boot of the module (SIM7080G Hardware Design V1.03).

States: off -> boot -> on -> (down) -> off. The same pulse switches a module on that is off, and a
running one off; a long press resets it. The key acts when its time is reached, not when it is
released.
"""

from __future__ import annotations

from dataclasses import dataclass

KEY = ("key down", "key up")
"""Events of the power key."""


@dataclass(frozen=True)
class PowerTiming:
    """Seconds; see the hardware design of the module."""

    on_pulse: float
    off_pulse: float
    hold_reset: float
    ready: float
    """From the start of the pulse to a usable UART."""
    off_done: float
    """From the start of the pulse to off."""
    gap: float
    """For this long after off, the module ignores the key."""
    reboot: float
    """From a software reset to a usable UART."""
    farewell: str = "NORMAL POWER DOWN"
    """The line at a switch-off by key or command; "": none."""


class Power:
    """Power state of `modem`; `state` is off, boot, on or down."""

    def __init__(self, modem, timing: PowerTiming) -> None:
        self.modem = modem
        self.timing = timing
        self.state = "off"
        self.supplied = True
        self.pressed_at: float | None = None
        self._off_at: float | None = None

    def key(self, pressed: bool) -> None:
        """Press (True) or release (False) the power key."""
        timers = self.modem.timers
        self.modem.event("power", what=KEY[not pressed])
        timers.cancel("key")
        if not pressed or not self.supplied:
            self.pressed_at = None
            return
        now = self.modem.now
        self.pressed_at = now
        if self.state == "off":
            seen = now if self._off_at is None else max(now, self._off_at + self.timing.gap)
            timers.at(seen + self.timing.on_pulse, self._pulse_on, "key")
        elif self.state != "down":
            timers.at(now + self.timing.off_pulse, self._pulse_off, "key")
        timers.at(now + self.timing.hold_reset, self._hold, "key")

    def supply(self, on: bool) -> None:
        """Switch the supply voltage."""
        self.modem.timers.cancel("key")
        self.supplied = on
        if not on:
            self.off("supply")

    def boot(self, delay: float, why: str) -> None:
        """Lose all state and start; the UART is usable after `delay` seconds."""
        self.modem.timers.cancel("power")
        self.modem.lose_state()
        self.state = "boot"
        self.modem.event("power", what="boot", why=why)
        self.modem.timers.at(self.modem.now + delay, self._ready, "power")

    def reset(self, why: str) -> None:
        """Software reset."""
        self.boot(self.modem.delay(self.timing.reboot), why)

    def shut_down(self, delay: float, silent: bool = False) -> None:
        """Print the farewell unless `silent`, and switch off after `delay` seconds."""
        if self.timing.farewell and not silent:
            self.modem.urc(self.timing.farewell)
        self.state = "down"
        self.modem.event("power", what="down")
        self.modem.timers.at(self.modem.now + delay, lambda: self.off("shut down"), "power")

    def off(self, why: str) -> None:
        """Switch off at once."""
        self.modem.timers.cancel("power")
        self.modem.lose_state()
        self.state = "off"
        self._off_at = self.modem.now
        self.modem.event("power", what="off", why=why)

    def _ready(self) -> None:
        self.state = "on"
        self.modem.event("power", what="ready")
        self.modem.booted()

    def _pulse_on(self) -> None:
        rest = self.timing.ready - self.timing.on_pulse
        self.boot(self.modem.delay(rest), "key")

    def _pulse_off(self) -> None:
        if self.state == "boot":
            self.off("key during boot")
        elif self.state == "on":
            self.modem.count("power_downs")
            self.shut_down(self.timing.off_done - self.timing.off_pulse)

    def _hold(self) -> None:
        self.boot(self.modem.delay(self.timing.reboot), "key held")
