"""The lab: a simulated modem with a simulated SIM on a UART that any program can open.

The SIM can be in a PC/SC reader instead, see `insert_card`.

    with Lab(uart="pty:/tmp/modem", baud=115200) as lab:
        print(lab.uart)                         # for the host to open
        lab.call(lab.modem.faults.add, "cme", prefix="+CSIM", times=1)

A thread of its own moves bytes between UART, modem and network. `simulator/modem` and
`simulator/sim` do everything else.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from iotsafe_tools.simulator.modem import Modem, Network, SerialLine
from iotsafe_tools.simulator.modem.air import NONE, PRESETS
from iotsafe_tools.simulator.modem.control import Control
from iotsafe_tools.simulator.modem.event_log import EventLog
from iotsafe_tools.simulator.modem.line import USUAL_RATE, interest
from iotsafe_tools.simulator.modem.power import KEY
from iotsafe_tools.simulator.modem.shells import ShellError, claimed, open_shell
from iotsafe_tools.simulator.modem.transcript import Transcript
from iotsafe_tools.simulator.sim import Card, Profile, Store, StoreError
from iotsafe_tools.simulator.sim.pin import Pin

from .issuer_control import IssuerControl
from .vpcd import Reader

LONGEST_WAIT = 1.0
"""Seconds; the thread runs at least this often."""
JOIN = 10.0
PAUSE = 0.1
"""Seconds of rest after an unexpected error."""


class LabError(Exception):
    """The lab cannot start; the message says what to do."""


class Lab:
    """Modem + SIM on a UART.

    uart: "pty", "pty:LINK" or "tcp:HOST:PORT". control: None or "tcp:HOST:PORT", see
    simulator/modem/control.py.
    vpcd: None, or the address of a virtual card reader ("127.0.0.1:35963"): the SIM starts in the
    reader and not in the modem, see vpcd.py.
    store: file with the SIM's content, None = a new SIM in memory. profile: a SIM profile or its
    name.
    card: a ready card instead of store and profile. sign_ms: time of a signature on the SIM.
    baud: pace the UART, None = as fast as possible. log: file for events, one JSON object a line.
    transcript: new file for all bytes on the UART, see simulator/modem/transcript.py.
    on_event: called with each event, in the lab's thread. resolve: host name -> (address, port
    or None).
    loopback_only: refuse connections to other machines, and a control port that they can reach.
    radio: "none", or a name in
    simulator/modem/air.py, which also sets the access technology. faults: as text, see
    simulator/modem/faults.py. options: fields of modem.Options. Raises LabError.
    """

    def __init__(
        self,
        uart: str = "pty",
        *,
        store: str | None = None,
        log: str | None = None,
        baud: int | None = None,
        profile: str | Profile = "gsma",
        sign_ms: float | None = None,
        card=None,
        control: str | None = None,
        vpcd: str | None = None,
        on_event: Callable[[dict], None] | None = None,
        resolve: dict[str, tuple[str, int | None]] | None = None,
        loopback_only: bool = True,
        radio: str = NONE,
        faults: Iterable[str] = (),
        transcript: str | None = None,
        **options,
    ) -> None:
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self._closed = False
        self._stopping = False
        self._out = b""
        self._log: EventLog | None = None
        self._shell = self._control = self._reader = None
        self._transcript: Transcript | None = None
        self._claim: socket.socket | None = None
        self._watch = on_event
        self._began = time.monotonic()
        if baud is not None and baud not in range(300, 4000001):
            raise LabError(f"the baud rate {baud} is not possible; choose 300 to 4000000")
        if radio not in (NONE, *PRESETS):
            raise LabError(f"no radio {radio!r}; choose one of {', '.join((NONE, *PRESETS))}")
        preset = PRESETS.get(radio)
        if preset:
            options.setdefault("act", preset.act)
        try:
            if store and not card:
                self._claim = claimed(os.path.realpath(store), "the SIM store")
            self.card = card or _card(store, profile, sign_ms)
            self._log = EventLog(log) if log else None
            self._shell = open_shell(uart)
            if vpcd is not None:
                options.setdefault("sim_inserted", False)
                self._reader = Reader(
                    self.card,
                    vpcd,
                    clock=self._clock,
                    on_event=self._reader_event,
                    loopback_only=loopback_only,
                    pin=Pin(options["pin"]) if options.get("pin") else None,
                )
            self.modem = Modem(
                self.card,
                network=Network(resolve=resolve, loopback_only=loopback_only, radio=preset),
                clock=self._clock,
                on_event=self._event,
                **options,
            )
            for fault in faults:
                self.modem.faults.parse(fault)
            if control and loopback_only and not _on_loopback(control):
                raise LabError(
                    f"the control port {control} could be reached from other machines, and it has "
                    "no password; use 127.0.0.1, or allow it with --internet"
                )
            self._control = self._make_control(control) if control else None
            if transcript:
                self._transcript = Transcript(
                    transcript,
                    modem=self.modem.options.personality,
                    rate=baud or USUAL_RATE,
                    clock=self._clock,
                )
        except (LabError, ShellError, StoreError, ValueError, TypeError, OSError) as error:
            self._close_parts()
            raise LabError(str(error)) from error
        self.line = SerialLine(self.modem, baud)
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)

    @property
    def uart(self) -> str:
        """The UART for the host to open: a device or link, or tcp:HOST:PORT."""
        return self._shell.name

    @property
    def control(self) -> str | None:
        """The control port, tcp:HOST:PORT, if there is one."""
        return self._control.name if self._control else None

    @property
    def reader(self) -> Reader | None:
        """The card reader, if there is one."""
        return self._reader

    @property
    def transcript_problem(self) -> str:
        """The reason if the transcript ended before the lab, else ""."""
        return self._transcript.problem if self._transcript else ""

    @property
    def missing(self) -> list[str]:
        """The objects of the profile that the SIM lacks, in words: its store was made with another
        profile, or the issuer has removed them."""
        if not hasattr(self.card, "issuer"):  # a stub in a test
            return []
        there = {(item.kind, item.id) for item in self.card.issuer.objects()}
        planned = [item for entry in self.card.profile.objects for item in entry.containers]
        return [
            f"{item.kind.name.lower()} {item.id.hex().upper()}"
            for item in planned
            if (item.kind, item.id) not in there
        ]

    @property
    def counters(self) -> dict[str, int]:
        """Return a copy of the modem's counters."""
        return dict(self.modem.counters)

    def start(self) -> Lab:
        """Start the lab's thread."""
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="lab", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """End the thread, close everything, remove the link. May be called twice."""
        if self._closed:
            return
        self._closed = self._stopping = True
        if self._thread is not None:
            self._notify()
            self._thread.join(JOIN)
        self._close_parts()
        self.modem.close()
        self._wake.close()
        self._waker.close()

    def __enter__(self) -> Lab:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def call(self, function: Callable, *args, **kwargs):
        """Call a function of the modem (or of anything the lab's thread uses) safely from
        another thread."""
        with self._lock:
            result = function(*args, **kwargs)
        self._notify()
        return result

    def power_key(self, pressed: bool) -> None:
        """Press or release the modem's power key."""
        self.call(self.modem.power_key, pressed)

    def insert_card(self, place: str | None) -> None:
        """Put the SIM into the "modem" or the "reader", or take it out (None). It is one card,
        never in both, and each of them resets it at insertion.

        Raises ValueError for a reader that the lab does not have.
        """
        if place == "reader" and self._reader is None:
            raise ValueError("this lab has no card reader; start it with --vpcd")
        self.call(self._move_card, place)

    def _make_control(self, where: str) -> Control:
        commands = {}
        if self._reader:
            commands = {
                "sim insert": partial(self._move_card, "modem"),
                "reader insert": partial(self._move_card, "reader"),
                "reader remove": self._reader.remove,
            }
        issuer = getattr(self.card, "issuer", None)  # a stub in a test has none
        return Control(
            self.modem,
            where,
            commands=commands,
            groups={"card": IssuerControl(issuer, self.card.profile)} if issuer else {},
        )

    # -- the thread ------------------------------------------------------------------------------

    def _clock(self) -> float:
        return time.monotonic() - self._began

    def _event(self, event: dict) -> None:
        for observer in (self._log, self._watch):
            if observer is not None:
                observer(event)
        if self._transcript and event.get("what") in KEY:
            self._transcript.key(event["what"] == KEY[0])

    def _reader_event(self, kind: str, **fields) -> None:
        self._event({"t": round(self._clock(), 6), "kind": kind, **fields})

    def _move_card(self, place: str | None) -> None:
        sim, reader = self.modem.sim, self._reader
        if place != "modem" and sim.present:
            sim.remove()
        if place != "reader" and reader is not None and reader.inserted:
            reader.remove()
        if place == "modem" and not sim.present:
            sim.insert()
        if place == "reader" and not reader.inserted:
            reader.insert()

    def _notify(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: the thread will wake up anyway
            self._waker.send(b"\0")

    def _run(self) -> None:
        while not self._stopping:
            try:
                with self._lock:
                    readers, writers, timeout = self._turn()
                ready = select.select(readers, writers, (), timeout)
                with self._lock:
                    self._collect(ready[0])
            except Exception as error:  # the lab survives its own errors, and reports them
                self.modem.failed(error)
                select.select([self._wake], (), (), PAUSE)

    def _turn(self) -> tuple[list, list, float]:
        """Do everything that can be done now; return what to wait for next."""
        shell, line, reader = self._shell, self.line, self._reader
        if shell.poll():
            self._out = b""
        line.service()
        while True:
            if not shell.attached:
                line.read()
                self._out = b""
                break
            if not self._out:
                self._out = line.read(2048)
                if self._transcript:
                    self._transcript.modem(self._out)
            if not self._out:
                break
            self._out = self._out[shell.write(self._out) :]
            if self._out:
                break
        readers = [self._wake, *shell.readers(line.room())]
        writers = shell.writers() if self._out else []
        if self._control:
            readers += self._control.readers()
        if reader:
            reader.service()
            readers += reader.readers()
            writers += reader.writers()
        for waiting, more in zip((readers, writers), interest(self.modem), strict=True):
            waiting += more
        dues = (line.next_due(), reader.next_due() if reader else None)
        due = min((due for due in dues if due is not None), default=float("inf"))
        wait = max(0.0, due - self._clock())
        return readers, writers, min(wait, LONGEST_WAIT, shell.retry or LONGEST_WAIT)

    def _collect(self, ready: list) -> None:
        if self._wake in ready:
            self._wake.recv(4096)
        if self._control:
            self._control.service(ready)
        if self._shell.attached and self.line.room() > 0:
            data = self._shell.read(self.line.room())
            if data:
                if self._transcript:
                    self._transcript.host(data)
                self.line.write(data)

    def _close_parts(self) -> None:
        parts = (self._shell, self._control, self._reader, self._log, self._transcript)
        for part in (*parts, self._claim):
            if part is not None:
                part.close()


def _on_loopback(where: str) -> bool:
    """Return whether all addresses of "tcp:HOST:PORT" are this machine's loopback."""
    host = where.partition(":")[2].rpartition(":")[0].strip("[]")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True  # `Control` says what is wrong with it
    return all(ipaddress.ip_address(row[4][0].partition("%")[0]).is_loopback for row in found)


def _card(store: str | None, profile: str | Profile, sign_ms: float | None) -> Card:
    if isinstance(profile, str):
        switches = {} if sign_ms is None else {"sign_ms": sign_ms}
        profile = Profile.named(profile, **switches)
    elif sign_ms is not None:
        profile.sign_ms = sign_ms
    return Card(Store(store, profile.objects) if store else None, profile)
