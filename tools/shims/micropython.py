"""CPython stand-in for the part of MicroPython's `micropython` module that `lib/` uses.

It is installed into the virtual environment as a top-level module, so that the same source runs on
both. It does not imitate behaviour: a function that has no meaning on CPython is absent.
"""


def const(value):
    """Return `value`: MicroPython's compiler folds it; CPython has a plain name."""
    return value


def native(function):
    """Return `function`: MicroPython would compile it to machine code."""
    return function


def viper(function):
    """Return `function`: MicroPython would compile it to machine code with native integers."""
    return function


def schedule(function, argument):
    """Call `function(argument)` at once: CPython has no interrupt context to leave first."""
    function(argument)
