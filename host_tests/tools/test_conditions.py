"""Another day and busy cores, around a whole run of the tests (host_tests/conditions)."""

import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conditions import other_day

from iotsafe_tools.testbed import micropython_binary
from iotsafe_tools.testbed.preload import compiled

LEAP_DAY = "2028-02-29T12:00:00"
NOW = datetime.datetime(2026, 12, 1, 11, 0, tzinfo=datetime.UTC)
CONDITIONS = other_day.SOURCE.parent

# What each program answers when asked for the day.
PROGRAMS = {
    "cpython": [sys.executable, "-c", "import datetime; print(datetime.date.today())"],
    "micropython": [
        "MICROPYTHON",
        "-c",
        "import time; print('%d-%02d-%02d' % time.gmtime()[:3])",
    ],
    "node": ["node", "-e", "console.log(new Date().toISOString().slice(0, 10))"],
    "date": ["date", "-u", "+%F"],
    "its child": ["sh", "-c", "date -u +%F"],
}


# These tests may run on another day themselves: this is the machine's day.
MACHINE = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


@pytest.fixture(scope="module")
def shifted():
    """The environment of the leap day, in a folder that every user may enter."""
    now = datetime.datetime.fromtimestamp(int(said(["date", "+%s"], MACHINE)), datetime.UTC)
    with tempfile.TemporaryDirectory() as folder:
        yield other_day.environment(other_day.shift(LEAP_DAY, now), Path(folder), MACHINE)


def said(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_lives_on_that_day(program, shifted):
    command = [str(micropython_binary()) if w == "MICROPYTHON" else w for w in PROGRAMS[program]]
    assert said(command, shifted) == "2028-02-29"


def test_openssl_finds_a_certificate_of_today_expired(tmp_path):
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c"
    make += " -subj /CN=a -days 9"
    subprocess.run(make.split(), cwd=tmp_path, env=MACHINE, check=True)
    late = other_day.environment(20 * 86400, tmp_path, MACHINE)
    for environment, text in ((MACHINE, "will not expire"), (late, "will expire")):
        check = ["openssl", "x509", "-in", "c", "-noout", "-checkend", "0"]
        done = subprocess.run(check, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert text in done.stdout, done.stderr


def test_another_user_lives_on_that_day(shifted):
    """pcscd does, as it runs as nobody; the linker would skip a library that it cannot read."""
    if os.geteuid() != 0:
        return  # only root can become another user, and no test here changes the user otherwise
    become = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    assert said([*become, "date", "-u", "+%F"], shifted) == "2028-02-29"


WAITS = """
import json, queue, threading, time
taken = threading.Lock()
taken.acquire()
def event(): threading.Event().wait(0.2)
def lock(): taken.acquire(timeout=0.2)
def empty():
    try: queue.Queue().get(timeout=0.2)
    except queue.Empty: pass
def sleep(): time.sleep(0.2)
took = {}
for wait in (event, lock, empty, sleep):
    started = time.monotonic()
    wait()
    took[wait.__name__] = time.monotonic() - started
print(json.dumps(took))
"""


def test_waits_end_and_not_at_once(shifted):
    took = json.loads(said(["timeout", "60", sys.executable, "-c", WAITS], shifted))
    assert all(seconds >= 0.2 for seconds in took.values()), took


C_WAITS = r"""
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
int main(void)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, taken = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t v = PTHREAD_COND_INITIALIZER;
    sem_t s;
    struct timespec until, before, after;
    sem_init(&s, 0, 0);
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&taken);
    clock_gettime(CLOCK_REALTIME, &before);
    for (int i = 0; i < 5; i++) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000;
        if (until.tv_nsec >= 1000000000)
            until.tv_nsec -= 1000000000, until.tv_sec++;
        switch (i) {
        case 0: pthread_cond_timedwait(&v, &m, &until); break;
        case 1: sem_timedwait(&s, &until); break;
        case 2: pthread_mutex_timedlock(&taken, &until); break;
        case 3: clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, 0); break;
        case 4: pthread_cond_clockwait(&v, &m, CLOCK_REALTIME, &until); break;
        }
        clock_gettime(CLOCK_REALTIME, &after);
        printf("%d", after.tv_sec > until.tv_sec ||
               (after.tv_sec == until.tv_sec && after.tv_nsec >= until.tv_nsec));
    }
    return 0;
}
"""


def test_waits_until_a_moment_of_the_calendar(shifted, tmp_path):
    """Without a correction each of them would wait 15 months; with a shift back, not at all."""
    (tmp_path / "waits.c").write_text(C_WAITS)
    subprocess.run(["gcc", "-o", "waits", "waits.c", "-pthread"], cwd=tmp_path, check=True)
    back = tmp_path / "back"
    back.mkdir()
    for environment in (shifted, other_day.environment(-86400 * 400, back, MACHINE)):
        assert said(["timeout", "60", tmp_path / "waits"], environment) == "11111"


def test_it_compiles_without_a_warning(tmp_path):
    compiled(other_day.SOURCE, tmp_path, "-DSHIFT=1L", "-Wextra", "-Werror")


@pytest.mark.parametrize(
    ("day", "want"),
    [
        ("2026-12-01", "2026-12-01 11:00"),
        ("2028-02-29", "2028-02-29 11:00"),
        ("2028-02-29T23:59:50", "2028-02-29 23:59"),
        ("+2y", "2028-12-01 11:00"),
        ("+400d", "2028-01-05 11:00"),
        ("-1d", "2026-11-30 11:00"),
    ],
)
def test_days(day, want):
    then = NOW + datetime.timedelta(seconds=other_day.shift(day, NOW))
    assert f"{then:%Y-%m-%d %H:%M}" == want


def test_a_year_after_the_leap_day_is_a_day_too():
    leap = datetime.datetime(2028, 2, 29, tzinfo=datetime.UTC)
    assert leap + datetime.timedelta(seconds=other_day.shift("+1y", leap)) == datetime.datetime(
        2029, 3, 1, tzinfo=datetime.UTC
    )


@pytest.mark.parametrize("day", ["", "tomorrow", "2027-02-29", "2y", "+2w"])
def test_what_is_no_day(day):
    with pytest.raises(ValueError, match="is not a day"):
        other_day.shift(day, NOW)


@pytest.mark.parametrize("script", ["other_day.py", "beside_load.py"])
def test_the_status_is_that_of_the_command(script):
    argument = {"other_day.py": "+2y", "beside_load.py": "1"}[script]
    command = [sys.executable, str(CONDITIONS / script), argument, "sh", "-c", "exit 3"]
    assert subprocess.run(command, capture_output=True).returncode == 3
