"""Registration and packet data as the modem reports them. Only their timing is simulated.

`stat` is the registration state of 27.007 7.22: 0 idle, 1 home, 2 searching, 3 denied, 5 roaming.
"""

from __future__ import annotations

REGISTERED = (1, 5)
OUTCOME = {"home": 1, "roaming": 5, "denied": 3, "none": 0}
NB_IOT = 9
CONTEXTS = 17
"""16 of the host, and one that it does not reach by number (service_context.py)."""
NO_ADDRESS = "0.0.0.0"
TAC, CELL, RAC = "5B57", "0195071B", "1"


class Radio:
    """Searches while the radio is on and the SIM is ready; PDP contexts need the registration."""

    def __init__(self, modem) -> None:
        self.modem = modem
        self.stat = 0
        self.barred: int | None = None
        """The state in which a search ends while the network bars the modem; survives restarts."""
        self.reset()

    def reset(self) -> None:
        """Set the state after a boot: not registered, nothing active."""
        self.stat = 0
        self._searching = False
        self.attached = False
        self.pdp = dict.fromkeys(range(CONTEXTS), 0)
        self.outer: set[int] = set()
        """Contexts of +CGACT, where these are not those of the modem's own sockets."""
        self.deregistered = False
        """The host has left the network with +COPS=2."""
        self.detaching = False
        self.activating: set[int] = set()
        self.gnss_since: float | None = None

    @property
    def deaf(self) -> bool:
        """Whether the receiver listens to satellites: no network is found, no data passes."""
        return self.gnss_since is not None and self.modem.personality.shared_receiver

    def listen_to_satellites(self, on: bool) -> None:
        """Switch the GNSS receiver."""
        if not on:
            self.gnss_since = None
        elif self.gnss_since is None:
            self.gnss_since = self.modem.now
        self.update()

    @property
    def registered(self) -> bool:
        """Whether the state is home or roaming."""
        return self.stat in REGISTERED

    def update(self) -> None:
        """After a change of radio or SIM, begin to search, or leave the network."""
        wanted = self.modem.values["+CFUN"][0] == 1 and self.modem.sim.state == "ready"
        wanted = wanted and not self.deregistered and (self.registered or not self.deaf)
        if wanted == self._searching:
            return
        self._searching = wanted
        self.modem.timers.cancel("radio")
        if not wanted:
            self.leave()
            return
        self._search()

    def _search(self) -> None:
        self._set(2)
        personality, outcome = self.modem.personality, self.modem.options.registration
        seconds = personality.search_gives_up if outcome == "none" else personality.search
        due = self.modem.now + self.modem.delay(seconds)
        stat = OUTCOME[outcome] if self.barred is None else self.barred
        _, apn = self.modem.nvm.get("contexts", {}).get(1, ("IP", ""))
        if self.modem.options.apn not in (None, apn):
            stat = OUTCOME["denied"]
        self.modem.timers.at(due, lambda: self._found(stat), "radio")

    def bar(self, stat: int) -> None:
        """Lose the network until `allow` is called; `stat`: 2 searching, 3 denied."""
        self.barred = stat
        if self._searching:
            self.modem.timers.cancel("radio")
            self.leave()
            self._set(stat)

    def allow(self) -> None:
        """Let the network accept the modem again."""
        self.barred = None
        if self._searching and not self.registered:
            self.modem.timers.cancel("radio")
            self._search()

    def leave(self) -> None:
        """End the registration, with all contexts and their sockets."""
        self._end_contexts()
        self._set(0)

    def detach(self) -> None:
        """Leave packet data at the host's command: all contexts and their sockets end."""
        self.detaching = True
        self._end_contexts()
        self.detaching = False

    def attach(self) -> None:
        """Enter packet data."""
        if not self.attached:
            self.attached = True
            self.modem.personality.attached(self.modem)

    def _end_contexts(self) -> None:
        self.attached = False
        self.outer.clear()
        self.modem.timers.cancel("pdp")
        self.activating.clear()
        for index in [i for i, state in self.pdp.items() if state]:
            self.deactivate(index)

    def _found(self, stat: int) -> None:
        self._set(stat)
        if not self.registered:
            return
        self.attach()
        if "no_nitz" not in self.modem.quirks:
            self.modem.personality.registered(self.modem)

    def _set(self, stat: int) -> None:
        if stat == self.stat:
            return
        self.stat = stat
        self.modem.event("network", stat=stat)
        for name in ("+CREG", "+CGREG", "+CEREG"):
            mode = self.modem.values[name][0]
            if mode:
                self.modem.urc(f"{name}: {self.registration(name, mode)}")

    def registration(self, name: str, mode: int) -> str:
        """Return the text after +CREG etc. in a URC (the read form has the mode before it)."""
        act = self.modem.options.act
        stat = 0 if name == "+CREG" and act == NB_IOT else self.stat
        if mode < 2 or stat not in REGISTERED:
            return str(stat)
        text = f'{stat},"{TAC}","{CELL}",{act}'
        if name == "+CGREG":
            text += f',"{RAC}"'
        elif name == "+CEREG" and mode == 4:
            _, _, _, period, active = self.modem.at_boot["+CPSMS"]
            text += f',,,"{active}","{period}"'
        return text

    def activate(self, index: int) -> None:
        """Begin to activate a PDP context, attached or not; a URC reports the end."""
        modem = self.modem
        if self.registered:
            self.attach()
        outcome = modem.options.pdp
        self.activating.add(index)
        fails = outcome == "refused" or not self.registered
        if outcome == "before":
            self._activated(index, fails)
            return
        due = modem.now + modem.delay(modem.personality.pdp_activation)
        modem.timers.at(due, lambda: self._activated(index, fails), "pdp")

    def _activated(self, index: int, fails: bool) -> None:
        self.activating.discard(index)
        if not fails:
            self.pdp[index] = 1
        self._context(index, not fails, by_host=True)

    def deactivate(self, index: int, by_host: bool = False) -> None:
        """Switch a context off and close its sockets. Does nothing if it is already off."""
        if not self.pdp[index]:
            return
        self.pdp[index] = 0
        self._context(index, False, by_host)
        self.modem.sockets.context_lost(index)

    def _context(self, index: int, active: bool, by_host: bool) -> None:
        self.modem.event("network", pdp=index, state="active" if active else "deactive")
        self.modem.personality.context(self.modem, index, active, by_host)

    def drop_contexts(self) -> None:
        """End the active contexts as the network, and refuse pending activations."""
        self.modem.timers.cancel("pdp")
        for index in sorted(self.activating):
            self._activated(index, fails=True)
        for index in [i for i, state in self.pdp.items() if state]:
            self.deactivate(index)

    def address(self, index: int) -> str:
        """Return the IP address of a context."""
        return f"10.94.36.{44 + index}" if self.pdp.get(index) else NO_ADDRESS

    def outer_address(self, cid: int) -> str:
        """Return the IP address of a context of +CGACT, by its number from 1."""
        return f"10.94.36.{43 + cid}" if cid in self.outer else self.address(cid - 1)
