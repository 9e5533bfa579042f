"""Runs the test functions of one file on MicroPython and reports line by line how they end.

Arguments: TOKEN FILE DIRECTORY... -- FUNCTION...

The directories become the front of sys.path. Each function runs in an empty folder below the
current one; the next function gets the same folder only if it is still empty. The runner's own
lines begin with TOKEN, so that no output of a test can be mistaken for them. The runner writes a
line end before each of them, because a test may leave a line open:

    TOKEN run       the next function prints what follows
    TOKEN raised    its traceback follows
    TOKEN end       it has ended

The import of FILE comes first, reported like a function; if it fails, nothing follows.
"""

import os
import sys


def say(word):
    print("\n" + token, word)


def attempt(call, *arguments):
    """Make one call and report it; return whether it succeeded."""
    say("run")
    try:
        call(*arguments)
        return True
    except BaseException as error:  # SystemExit and KeyboardInterrupt end one test, not all
        say("raised")
        sys.print_exception(error, sys.stdout)
        return False
    finally:
        say("end")


def load():
    global module
    module = __import__(file.rsplit("/", 1)[-1][: -len(".py")])


def run(name):
    value = getattr(module, name)()
    if value is not None:
        raise AssertionError("a test returns nothing, this one returned " + repr(value))


def is_empty(folder):
    try:
        return not os.listdir(folder)
    except OSError:
        return False


token = sys.argv[1]
file = sys.argv[2]
split = sys.argv.index("--")
# Replaces "", the current folder; the frozen modules come after.
sys.path[:1] = sys.argv[3:split]

if attempt(load):
    top = os.getcwd()
    folder = top + "/none yet"
    for name in sys.argv[split + 1 :]:
        if not is_empty(folder):
            folder = top.rstrip("/") + "/" + name
            os.mkdir(folder)
        os.chdir(folder)
        attempt(run, name)
        os.chdir(top)
