"""Recognises a known line that lost a byte. Loaded when the engine receives an unknown line."""


def is_damaged(line, known):
    """Return whether `line` (memoryview), which has no handler, is one of `known` less one byte.
    `known`: the final results that the engine waits for and, or None, the beginning of the
    answer."""
    return any(whole and _lacks_one(line, whole) for whole in known)


def _lacks_one(line, whole):
    """Return whether `line` is `whole` less one byte. A `whole` that ends with a colon is the
    beginning of a line."""
    size = len(whole) - 1
    if len(line) < size or (len(line) > size and whole[size] != 0x3A):
        return False
    at = 0
    while at < size and line[at] == whole[at]:
        at += 1
    return line[at:size] == whole[at + 1 :]
