"""Checks in virtual time that each call of a driver ends within its limit."""

from functools import wraps

from cellular import timeouts

IN_STEP = 2 * timeouts.BOOT + 4 * timeouts.limit_of(b"")
"""ms that the engine needs to synchronise after a missing result: it waits for silence, sends AT
for three seconds and one more, and waits for silence again."""
NAP = 2 * 1_000
"""ms: one second in which bytes already received still count, and the longest sleep in virtual
time."""
CALLS = {
    # In ms: the call's own wait, and the longest command that may begin at the end of that wait.
    "power_up": (timeouts.FIRST_CALL + 20_000 + 3 * timeouts.BOOT, 20_000),
    "unlock": (timeouts.BOOT_SETTLE, 10_000),
    "register": (timeouts.REGISTRATION, timeouts.DEFAULT),
    "attach": (timeouts.REGISTRATION + timeouts.PDP, 150_000),
    "clock": (timeouts.NTP, timeouts.OPEN),  # OPEN: the call opens a bearer
}
OF = timeouts.limit_of


class Limits:
    """Measures calls with the time of `clock`; `broken` lists the calls that took too long. `of`
    replaces `timeouts.limit_of`."""

    def __init__(self, clock) -> None:
        self._clock = clock
        self._table: dict[bytes, int] = {}
        self.broken: list[str] = []

    def of(self, command: bytes, *tables) -> int:
        """Look up the time-out of a command for the engine, and remember it."""
        self._table[command] = OF(command, *tables)
        return self._table[command]

    def exchange(self, at, command: bytes, call, timeout: int | None, asks: bool):
        """Measure `call`, which sends `command`. Limit: the time-out, twice where the modem asks
        for a payload or the driver looks at the lines."""
        stale, start = at._stale and not at.lost, self._clock.ms
        try:
            return call()
        finally:
            limit = timeout or self._table.get(command, 0)
            limit = limit * (2 if asks else 1) + NAP + IN_STEP * stale
            self._ended(command.decode(), start, limit)

    def watch(self, modem) -> None:
        """Measure the calls of this driver from now on."""
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
            self.broken.append(f"{what} took {took} ms, limit {limit} ms")
