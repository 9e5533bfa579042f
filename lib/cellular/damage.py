"""Recognises a known line that lost a byte. Loaded when the engine receives an unknown line."""


def is_damaged(line, known):
    """Is `line` (memoryview), which nobody knows, one of `known` that has lost one byte? Those are
    the final results that the engine waits for and, or None, what the answer begins with."""
    return any(whole and _lacks_one(line, whole) for whole in known)


def _lacks_one(line, whole):
    """Is `line` the bytes of `whole` without one of them? One that ends with a colon is a
    beginning."""
    size = len(whole) - 1
    if len(line) < size or (len(line) > size and whole[size] != 0x3A):
        return False
    at = 0
    while at < size and line[at] == whole[at]:
        at += 1
    return line[at:size] == whole[at + 1 :]
