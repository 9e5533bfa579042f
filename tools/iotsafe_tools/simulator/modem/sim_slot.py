"""The SIM as the modem sees it: power, PIN, presence, and the only place where APDUs pass to the
card."""

from __future__ import annotations

from functools import partial
from itertools import count

from .card_identity import NOBODY, read_identity
from .errors import CMEError, RequestError
from .redact import redact_apdu, redact_response

GET_RESPONSE = 0xC0
PIN_TRIES, PUK_TRIES = 3, 10
SESSION_COMMANDS = ("+CCHO", "+CGLA", "+CCHC")
FIRST_CODE = "1234"
"""The PIN of a SIM that does not ask for it."""
FIRST_HANDLE, HANDLE_STEP = 0x0385A7CF, 0x5440
"""Numbers for handles that look like addresses in the modem's memory."""
NOT_INSERTED, PIN_REQUIRED, PUK_REQUIRED, FAILURE, BUSY, PASSWORD = 10, 11, 12, 13, 14, 16


def read_pin(args, index: int) -> str:
    """Return the PIN or PUK in an argument: 4 to 8 digits. Raises RequestError; this costs no
    try."""
    code = args.text(index, 8)
    if not (code.isascii() and code.isdigit() and len(code) >= 4):
        raise RequestError("parameter", f"argument {index + 1} is not a PIN")
    return code


class SimSlot:
    """The slot. `state`: off, starting, pin, puk, ready. `present`: it holds a card."""

    def __init__(self, modem, card) -> None:
        self.modem = modem
        self.card = card
        self.present = modem.options.sim_inserted
        self.pin = modem.options.pin
        self.tries = PIN_TRIES
        self.puk_tries = PUK_TRIES
        self._code = self.pin or FIRST_CODE
        """The PIN, also while the SIM does not ask for it."""
        self.state = "off"
        self.identity = NOBODY
        """ICCID and IMSI, read from the card at its start."""
        self.last_line = ""
        """The previous line with a response, for the quirk that repeats it."""
        self._ins = 0
        """INS of the last command, whose data GET RESPONSE fetches."""
        self.sessions: dict[str, int] = {}
        """Handle of +CCHO -> logical channel of the card."""
        self._opened = 0

    def power_on(self) -> None:
        """Reset the card, which becomes usable a little later."""
        self.modem.timers.cancel("sim")
        self.state = "starting"
        self.last_line = ""
        self.sessions.clear()
        if self.present:
            self.card.power_on()
            self.identity = read_identity(self.card.transmit)
        delay = self.modem.delay(self.modem.personality.sim_start)
        self.modem.timers.at(self.modem.now + delay, self._started, "sim")

    def power_off(self) -> None:
        """End the access; channels and PIN state are lost."""
        self.modem.timers.cancel("sim")
        self.state = "off"
        self.sessions.clear()

    def remove(self) -> None:
        """Pull the card out."""
        self.present = False
        self._tell_presence()
        if self.state != "off":
            self.power_off()
            self.modem.urc("+CPIN: NOT READY")
            self.modem.radio.update()

    def insert(self) -> None:
        """Put the card in."""
        self.present = True
        self._tell_presence()
        if self.modem.ready and self.modem.values["+CFUN"][0] != 0:
            self.power_on()

    def _tell_presence(self) -> None:
        setting, line = self.modem.personality.presence
        if setting and self.modem.values[setting][0]:
            self.modem.urc(line.format(int(self.present)))

    def status(self) -> str:
        """Return the text of +CPIN. Raises CMEError if the card cannot be used."""
        if not self.present:
            raise CMEError(NOT_INSERTED)
        if self.state == "off":
            raise CMEError(FAILURE)
        if self.state == "starting":
            raise CMEError(BUSY)
        return {"pin": "SIM PIN", "puk": "SIM PUK", "ready": "READY"}[self.state]

    def require_present(self) -> None:
        """Raise a CMEError if no card is in the slot."""
        if not self.present:
            raise CMEError(NOT_INSERTED)

    def require(self) -> None:
        """Raise a CMEError with the reason if the card cannot be used now."""
        state = self.status()
        if state != "READY":
            raise CMEError(PIN_REQUIRED if state == "SIM PIN" else PUK_REQUIRED)

    def enter_pin(self, code: str, new: str | None = None) -> None:
        """Check the PIN, or the PUK and set a `new` PIN. Raises CMEError(16) for a wrong one, (12)
        if no try is left, (13) for a dead SIM, (3) if the SIM does not ask for such a code."""
        if self.status() == "SIM PUK":
            if new is None:
                raise CMEError(PUK_REQUIRED)
            self._unblock(code, new)
        elif self.state != "pin" or new is not None:
            raise CMEError(3)
        else:
            self._verify(code)
        self.state = "ready"
        self.modem.after_ok(self._unlocked)

    def protect(self, code: str, on: bool) -> None:
        """Switch the question for the PIN on or off. Raises CMEError, see `enter_pin`."""
        self.require()
        self._verify(code)
        self.pin = code if on else None

    def change_pin(self, code: str, new: str) -> None:
        """Replace the PIN, which must be in use. Raises CMEError, see `enter_pin`."""
        self.require()
        if self.pin is None:
            raise CMEError(3)
        self._verify(code)
        self.pin = self._code = new

    def _verify(self, code: str) -> None:
        if code != self._code:
            self.tries -= 1
            if self.tries == 0:
                self.state = "puk"
                self.modem.radio.update()
                raise CMEError(PUK_REQUIRED)
            raise CMEError(PASSWORD)
        self.tries = PIN_TRIES

    def _unblock(self, puk: str, new: str) -> None:
        if not self.puk_tries:
            raise CMEError(FAILURE)
        if puk != self.modem.options.puk:
            self.puk_tries -= 1
            raise CMEError(PASSWORD if self.puk_tries else FAILURE)
        self.tries, self.puk_tries = PIN_TRIES, PUK_TRIES
        self._code = new
        self.pin = new

    def lacks(self, name: str, form: str) -> bool:
        """Return whether `name` in this form is a command to the card that the modem lacks.

        A SIM7080 has AT+CSIM and nothing else.
        """
        quirks = self.modem.quirks
        if name == "+CSIM":
            return "no_csim" in quirks
        if name in SESSION_COMMANDS:
            return (
                ("cgla" not in quirks and self._csim_reaches())
                or (name == "+CCHC" and "no_cchc" in quirks)
                or (form == "test" and "cgla_no_test" in quirks)
            )
        return False

    def _csim_reaches(self) -> bool:
        """Return whether AT+CSIM reaches the card, by its profile."""
        return getattr(getattr(self.card, "profile", None), "csim", True)

    @property
    def basic_only(self) -> bool:
        """Whether AT+CSIM passes APDUs only to channel 0."""
        return "csim_basic_only" in self.modem.quirks or not self._csim_reaches()

    def new_session(self, channel: int) -> str:
        """Return a handle for a channel: the lowest free number, or a long one in hex."""
        if "ccho_hex" in self.modem.quirks:
            handle = f"{FIRST_HANDLE + self._opened * HANDLE_STEP:016x}"
        else:
            handle = next(str(n) for n in count(1) if str(n) not in self.sessions)
        self._opened += 1
        self.sessions[handle] = channel
        return handle

    def transmit(self, apdu: bytes) -> bytes:
        """Exchange one APDU; return response data and SW1 SW2. Raises CMEError(13) if the card
        does not answer."""
        modem = self.modem
        if apdu[1:2] == bytes((GET_RESPONSE,)):
            modem.count("get_response")
        else:
            modem.count("apdu_exchanges")
            self._ins = apdu[1] if len(apdu) > 1 else 0
        response = self.card.transmit(apdu)
        modem.event(
            "apdu",
            apdu=redact_apdu(apdu),
            response=redact_response(self._ins, response),
            size=max(0, len(response) - 2),
            sw=response[-2:].hex().upper(),
            seconds=self.card.latency(apdu),
        )
        if len(response) < 2:
            raise CMEError(FAILURE)
        return response

    def _started(self) -> None:
        if not self.present:
            self.modem.urc("+CPIN: NOT INSERTED")
        elif self.pin is None:
            self._unlocked()
        else:
            self.state = "pin" if self.tries else "puk"
            self.modem.urc(f"+CPIN: {self.status()}")

    def _unlocked(self) -> None:
        self.state = "ready"
        for seconds, text in self.modem.personality.sim_ready:
            if seconds:
                due = self.modem.now + self.modem.delay(seconds)
                self.modem.timers.at(due, partial(self.modem.urc, text), "sim")
            else:
                self.modem.urc(text)
        self.modem.radio.update()
