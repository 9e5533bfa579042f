"""Names that this package had before. Loaded when a name is asked for that it does not have."""

_RENAMED = (
    ("choose", "find_identity"),
    ("open", "FullApplet"),
    ("Safe", "FullApplet"),
    ("safe", "full_applet"),
    ("verdict", "engine_errors"),
)


def message(name):
    """What to say of the missing `name`: what it is called now, if that is known."""
    for old, new in _RENAMED:
        if old == name:
            return "iotsafe.%s is now iotsafe.%s" % (old, new)
    return name
