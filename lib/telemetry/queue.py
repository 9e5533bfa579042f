"""Readings that wait for the broker."""


class Queue:
    """First in, first out, at most `size` messages; the oldest gives way to the newest.

    `dropped` counts those that gave way.
    """

    def __init__(self, size=64):
        self._size = size
        self._messages = []
        self.dropped = 0

    def __len__(self):
        return len(self._messages)

    def put(self, message):
        """Add `message` at the end."""
        if len(self._messages) == self._size:
            self._messages.pop(0)
            self.dropped += 1
        self._messages.append(message)

    def first(self):
        """The oldest message, which stays until `done`; None if there is none."""
        return self._messages[0] if self._messages else None

    def done(self):
        """The oldest message was delivered."""
        self._messages.pop(0)
