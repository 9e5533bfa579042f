"""Former names of this package. Loaded when a program uses a name that the package lacks."""

_RENAMED = (
    ("choose", "find_identity"),
    ("open", "FullApplet"),
    ("Safe", "FullApplet"),
    ("safe", "full_applet"),
    ("verdict", "engine_errors"),
)


def message(name):
    """Return the text about the missing `name`: its new name, if it has one."""
    for old, new in _RENAMED:
        if old == name:
            return "iotsafe.%s is now iotsafe.%s" % (old, new)
    return name
