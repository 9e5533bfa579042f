"""`other_day.py DAY COMMAND…`: run the command, and all programs that it starts, on another day.

DAY is 2028-02-29, at the present time of day; 2028-02-29T23:59:50, in UTC; or from today +2y,
+400d, -30d. The machine's clock stays. The dynamic linker loads other_day.c into each program in
front of the C library; it shifts only the calendar.
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
    """Return the seconds from `now` (UTC) to `day`. Raises ValueError."""
    if found := re.fullmatch(r"([+-]\d+)([yd])", day):
        count = int(found[1])
        then = _years(now, count) if found[2] == "y" else now + count * _DAY
        return round((then - now).total_seconds())
    try:
        moment = datetime.datetime.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day} is not a day: use 2028-02-29, 2028-02-29T23:59:50, +2y or +400d")
    if "T" not in day:
        moment = datetime.datetime.combine(moment.date(), now.time())
    return round((moment.replace(tzinfo=datetime.UTC) - now).total_seconds())


def _years(now: datetime.datetime, count: int) -> datetime.datetime:
    """Return the same day `count` years later; after 29 February perhaps 1 March."""
    try:
        return now.replace(year=now.year + count)
    except ValueError:
        return now.replace(year=now.year + count, month=3, day=1)


def environment(
    seconds: int, folder: Path, base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return `base` for programs on a day `seconds` later; the library is built in `folder`.

    Every user must be able to read it, as pcscd runs as nobody. pytest gets a root of its own for
    its temporary folders, because on that day it would delete those of other runs as abandoned.
    """
    folder.chmod(0o755)
    library = compiled(SOURCE, folder, f"-DSHIFT={seconds}L")
    own = folder / "tmp"
    own.mkdir(exist_ok=True)
    # A program built with AddressSanitizer otherwise refuses to be loaded behind another library.
    sanitizer = f"{base.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0".lstrip(":")
    own_names = {"PYTEST_DEBUG_TEMPROOT": str(own), "ASAN_OPTIONS": sanitizer}
    return {**loaded(library, base), **own_names}


def main(day: str, *command: str) -> int:
    """Run `command` on `day`; return its exit status."""
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
                continue  # the child also got the signal, and ends in order


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(*sys.argv[1:]))
