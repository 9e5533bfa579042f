"""`other_day.py DAY COMMAND…`: the command, and whatever it starts, on another day.

DAY is 2028-02-29, at the present time of day, 2028-02-29T23:59:50, in UTC, or from today +2y,
+400d, -30d. The machine's clock stays: other_day.c is loaded into each program in front of
the C library, and shifts the calendar only.
"""

import datetime
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from iotsafe_tools.testbed.preload import compiled, loaded

SOURCE = Path(__file__).with_name("other_day.c")
_DAY = datetime.timedelta(days=1)


def shift(day: str, now: datetime.datetime) -> int:
    """Seconds from `now` (UTC) to `day`. Raises ValueError."""
    if found := re.fullmatch(r"([+-]\d+)([yd])", day):
        count = int(found[1])
        then = _years(now, count) if found[2] == "y" else now + count * _DAY
        return round((then - now).total_seconds())
    try:
        moment = datetime.datetime.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day} is no day: 2028-02-29, 2028-02-29T23:59:50, +2y or +400d")
    if "T" not in day:
        moment = datetime.datetime.combine(moment.date(), now.time())
    return round((moment.replace(tzinfo=datetime.UTC) - now).total_seconds())


def _years(now: datetime.datetime, count: int) -> datetime.datetime:
    """The same day `count` years later; after 29 February perhaps 1 March."""
    try:
        return now.replace(year=now.year + count)
    except ValueError:
        return now.replace(year=now.year + count, month=3, day=1)


def environment(
    seconds: int, folder: Path, base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """`base` for programs that are to live `seconds` later; the library lies in `folder`.

    Every user must be able to read it: pcscd runs as nobody. pytest gets a place of its own for
    its temporary folders, as it would take those of other runs for abandoned ones.
    """
    folder.chmod(0o755)
    library = compiled(SOURCE, folder, f"-DSHIFT={seconds}L")
    own = folder / "tmp"
    own.mkdir(exist_ok=True)
    return {**loaded(library, base), "PYTEST_DEBUG_TEMPROOT": str(own)}


def main(day: str, *command: str) -> int:
    """Run `command` on `day`; its exit status."""
    now = datetime.datetime.now(datetime.UTC)
    try:
        seconds = shift(day, now)
    except ValueError as error:
        print(f"DATE: {error}", file=sys.stderr)
        return 2
    then = now + datetime.timedelta(seconds=seconds)
    print(f"the calendar says {then:%Y-%m-%d %H:%M} UTC from here on", flush=True)
    with tempfile.TemporaryDirectory(prefix="other-day-", ignore_cleanup_errors=True) as folder:
        child = subprocess.Popen(command, env=environment(seconds, Path(folder)))
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # the child got it too, and ends in order


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(*sys.argv[1:]))
