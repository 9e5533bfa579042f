"""How long each call of the driver may take, and whether it does, in virtual time."""

from functools import wraps

from cellular import timeouts

IN_STEP = 2 * timeouts.BOOT + 4 * timeouts.limit_of(b"")
"""ms until the engine is in step again after a result that did not come: it waits for silence,
says AT for three seconds and one more, and waits for silence once more."""
NAP = 2 * 1_000
"""ms: a second in which bytes that are there still count, and the longest nap in virtual time."""
CALLS = {
    # The wait that is the call's own, and the longest of the commands that may begin at its end,
    # in ms.
    "power_up": (timeouts.FIRST_CALL + 20_000 + 3 * timeouts.BOOT, 20_000),
    "unlock": (timeouts.BOOT_SETTLE, 10_000),
    "register": (timeouts.REGISTRATION, timeouts.DEFAULT),
    "attach": (timeouts.REGISTRATION + timeouts.PDP, 150_000),
    "clock": (timeouts.NTP, timeouts.OPEN),  # a bearer for it
}
OF = timeouts.limit_of


class Limits:
    """Measures calls on the time of `clock`; `broken` says which took too long. `of` is to stand
    for that of `timeouts`."""

    def __init__(self, clock) -> None:
        self._clock = clock
        self._table: dict[bytes, int] = {}
        self.broken: list[str] = []

    def of(self, command: bytes, *tables) -> int:
        """The engine looks up the time-out of a command."""
        self._table[command] = OF(command, *tables)
        return self._table[command]

    def command(self, at, command: bytes, call, options: dict):
        """`call` sends `command`: at most its time-out, and once more from the prompt on."""
        stale, start = at._stale and not at.lost, self._clock.ms
        try:
            return call()
        finally:
            limit = options.get("timeout") or self._table.get(command, 0)
            asks = options.get("payload") or options.get("on_line")
            limit = limit * (2 if asks else 1) + NAP + IN_STEP * stale
            self._ended(command.decode(), start, limit)

    def watch(self, modem) -> None:
        """From now on look at the calls of this driver."""
        for name, (own, longest) in CALLS.items():
            limit = own + 2 * (longest + NAP) + IN_STEP
            setattr(modem, name, self._timed(getattr(modem, name), limit))

    def _timed(self, call, limit: int):
        @wraps(call)
        def timed(*args, **options):
            start = self._clock.ms
            try:
                return call(*args, **options)
            finally:
                self._ended(call.__name__, start, limit)

        return timed

    def _ended(self, what: str, start: int, limit: int) -> None:
        took = self._clock.ms - start
        if took > limit:
            self.broken.append(f"{what} took {took} ms of {limit}")
