"""What an AT engine counts: each unusual event. Imported by a program that shows the counters."""

NAMES = (
    "commands",  # sent
    "timeouts",  # of them without a final result in time
    "resyncs",  # how often the engine had to get in step again
    "resets",  # of the modem, noticed by a boot line, an echo, or silence
    "urcs",  # lines that somebody handled
    "unknown",  # lines that nobody wanted
    "echoes",
    "garbled",  # counted data that was not as announced
)


def counters(at):
    """Return the counts of the engine `at` since its start, as a dict: its attributes of the same
    names. `overruns`: lines longer than any can be."""
    counted = {name: getattr(at, name) for name in NAMES}
    counted["overruns"] = at.parser.overruns
    return counted
