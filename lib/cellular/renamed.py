"""Former names of this package. Loaded when a program uses a name that the package lacks."""

_RENAMED = (("Quectel", "BG77, BG95, BG96, EG91 or EG95"),)


def message(name):
    """Return the text about the missing `name`: its new name, if it has one."""
    for old, new in _RENAMED:
        if old == name:
            return "cellular.%s is now cellular.%s" % (old, new)
    return name
