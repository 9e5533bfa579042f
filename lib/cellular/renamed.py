"""Names that the package had before, for the message of whoever asks for one. Loaded only then."""

_RENAMED = (("Quectel", "BG77, BG95, BG96, EG91 or EG95"),)


def message(name):
    """What to say to somebody who asked for `name`, which is not there."""
    for old, new in _RENAMED:
        if old == name:
            return "cellular.%s is now cellular.%s" % (old, new)
    return name
