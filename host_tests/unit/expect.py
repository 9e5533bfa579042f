"""Expectations for unit tests, on CPython and MicroPython alike.

None of them is an `assert` statement, so no optimisation level removes them.
"""


class _Raises:
    def __init__(self, kinds, text):
        self._kinds = kinds
        self._text = text
        self.error = None  # the exception, once the block raised it

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        names = " or ".join([each.__name__ for each in self._kinds])
        if kind is None:
            raise AssertionError(names + " was not raised")
        if not issubclass(kind, self._kinds):
            return False  # another exception: it propagates with its own traceback
        if self._text is not None and self._text not in str(error):
            raise AssertionError("%s says %r, not %r" % (kind.__name__, str(error), self._text))
        self.error = error
        return True


def raises(*kinds, text=None):
    """Context manager: the block must raise one of `kinds`, with `text` in its message.

    with raises(ValueError, text="length") as caught:
        ...
    assert caught.error.args == (...)
    """
    return _Raises(kinds, text)


class _Replaced:
    def __init__(self, owner, new):
        self._owner = owner
        self._new = new
        self._old = {}

    def __enter__(self):
        for name in self._new:
            self._old[name] = getattr(self._owner, name)
        for name in self._new:
            setattr(self._owner, name, self._new[name])
        return self

    def __exit__(self, *_):
        for name in self._old:
            setattr(self._owner, name, self._old[name])
        return False


def replaced(owner, **new):
    """Context manager that replaces `owner`'s attributes in the block, and restores them after it.

    On CPython all files share one process, so a test must restore what it replaces.

        with replaced(ticks, now=clock.now, sleep=clock.sleep):
            ...
    """
    return _Replaced(owner, new)


_AROUND = 24  # bytes shown on each side of the first difference


def difference(got, want):
    """Return two lines per byte string and a mark where they first differ; "" if they are
    equal."""
    got = bytes(got)
    want = bytes(want)
    if got == want:
        return ""
    at = 0
    while at < len(got) and at < len(want) and got[at] == want[at]:
        at += 1
    start = max(0, at - _AROUND)
    lead = "... " if start else ""
    mark = len(lead) + len(repr(want[start:at])) - 1
    lines = ["first difference at byte %d" % at]
    for label, data in (("want", want), ("got ", got)):
        shown = lead + repr(data[start : at + _AROUND])
        if at + _AROUND < len(data):
            shown += " ..."
        lines.append("  %s %4d bytes: %s" % (label, len(data), shown))
    lines.append(" " * (lines[1].index(": ") + 2 + mark) + "^")
    return "\n".join(lines)


def equal(got, want):
    """Check that two byte strings (or memoryviews) are equal; the failure shows where they
    differ."""
    shown = difference(got, want)
    if shown:
        raise AssertionError(shown)
