"""What runs while a `with` block runs."""

from typing import Self


class Started:
    """A context manager of the methods `start` and `close` of its class. If `start` fails, `close`
    is called, too."""

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()
