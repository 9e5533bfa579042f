"""Command tables: name -> form -> handler, and settings that only store values.

A handler is called as `handler(modem, args)`. It prints with `modem.info(...)` and returns None
for OK, a string for another final result, `SILENT` or `BARE` for none, or raises `ATError`. A
handler that takes time is a generator; it yields what it waits for:

    yield 0.06                  seconds                  -> None
    yield Until(test, 75.0)     test() true, or time-out -> True / False
    yield Data(1460, 5.0)       raw bytes after a prompt -> bytes, None at the time-out
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .errors import RequestError
from .parser import Args

FORMS = ("exec", "read", "test", "set")
SILENT = object()
"""A handler returns this if its command has no final result."""
BARE = object()
"""Like `SILENT`, but the next command in the line runs."""


@dataclass(frozen=True)
class Until:
    """Wait until `test()` is true, at most `seconds`."""

    test: Callable[[], bool]
    seconds: float


@dataclass(frozen=True)
class Data:
    """Print `prompt`, then collect exactly `length` raw bytes, at most `seconds`.

    `skip_lf`: a LF after the command line belongs to it; otherwise it is the first raw byte.
    `ends`: each of these bytes ends the data earlier, and is its last byte.
    """

    length: int
    seconds: float
    prompt: bytes = b"\r\n>"
    skip_lf: bool = True
    ends: bytes = b""


@dataclass(frozen=True)
class Number:
    """A decimal field of a setting; `allowed` is a range or a set."""

    allowed: range | frozenset | tuple

    def read(self, args: Args, index: int, default):
        """Value of argument `index`, `default` when it is not given."""
        return args.number(index, self.allowed, default)

    def describe(self) -> str:
        """Return the text of the test form: (0-2) or (2,13,38)."""
        if isinstance(self.allowed, range) and len(self.allowed) > 1:
            return f"({self.allowed[0]}-{self.allowed[-1]})"
        return "(" + ",".join(str(value) for value in sorted(self.allowed)) + ")"


@dataclass(frozen=True)
class Text:
    """A quoted field of a setting, at most `limit` characters."""

    limit: int

    def read(self, args: Args, index: int, default):
        """Value of argument `index`, `default` when it is not given."""
        return args.text(index, self.limit, default)

    def describe(self) -> str:
        """Return the text of the test form: the maximum length."""
        return f"({self.limit})"


@dataclass(frozen=True)
class Choice:
    """A quoted field that is one of `names`, in upper case."""

    names: tuple[str, ...]

    def read(self, args: Args, index: int, default):
        """Value of argument `index`, `default` when it is not given."""
        return args.choice(index, self.names, default)

    def describe(self) -> str:
        """Return the text of the test form: ("GSM","UCS2")."""
        return "(" + render(self.names) + ")"


@dataclass(frozen=True)
class Bits:
    """A quoted field of exactly `size` bits, such as a timer (24.008 10.5.7)."""

    size: int

    def read(self, args: Args, index: int, default):
        """Value of argument `index`, `default` when it is not given."""
        value = args.text(index, self.size, default)
        if value is not default and (len(value) != self.size or value.strip("01")):
            raise RequestError("parameter", f"argument {index + 1} is not {self.size} bits")
        return value

    def describe(self) -> str:
        """Return the text of the test form: the lowest and the highest value."""
        return f'("{"0" * self.size}"-"{"1" * self.size}")'


@dataclass(frozen=True)
class Setting:
    """A command that only stores values. `saved`: they survive a reset (AUTO_SAVE). `need`: how
    many values are required."""

    name: str
    fields: tuple
    default: tuple
    saved: bool = False
    need: int = 1


def render(values: Iterable) -> str:
    """Return values as a read form prints them: numbers bare, strings quoted."""
    return ",".join(f'"{value}"' if isinstance(value, str) else str(value) for value in values)


def print_lines(modem, lines: Iterable[str]) -> None:
    """Print the lines in one block; nothing if there are none."""
    lines = list(lines)
    if lines:
        modem.info(*lines)


@dataclass
class CommandTable:
    """All commands of a personality. Later entries replace earlier ones, so a table can refine
    another."""

    handlers: dict[str, dict[str, Callable]] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)

    def on(self, name: str, *forms: str):
        """Return a decorator: the function handles `name` in these forms."""

        def register(function: Callable) -> Callable:
            for form in forms:
                self.add(name, form, function)
            return function

        return register

    def add(self, name: str, form: str, function: Callable) -> None:
        """Let `function` handle `name` in `form`."""
        assert form in FORMS, form
        self.handlers.setdefault(name, {})[form] = function

    def remove(self, *names: str) -> None:
        """Forget commands."""
        for name in names:
            del self.handlers[name]

    def fixed(self, names: str | tuple[str, ...], form: str, *lines: str) -> None:
        """Let `names` print constant lines (none: just OK)."""

        def answer(modem, args: Args) -> None:
            if lines:
                modem.info(*lines)

        for name in (names,) if isinstance(names, str) else names:
            self.add(name, form, answer)

    def tests(self, rows: dict[str, str]) -> None:
        """Add test forms: name -> what it prints after the name; "": OK alone."""
        for name, text in rows.items():
            self.fixed(name, "test", *([f"{name}: {text}"] if text else []))

    def complete(self) -> None:
        """Let every extended command that has no test form answer it with OK (V.250 5.4.4.2)."""
        for name, forms in self.handlers.items():
            if name[0] in "+^" and "test" not in forms:
                self.fixed(name, "test")

    def store(self, setting: Setting) -> None:
        """Add the read, set and test form of a stored setting."""
        name = setting.name

        def read(modem, args: Args) -> None:
            modem.info(f"{name}: {render(modem.values[name])}")

        def write(modem, args: Args) -> None:
            modem.store(setting, read_fields(setting, args, modem.values[name]))

        def test(modem, args: Args) -> None:
            modem.info(f"{name}: " + ",".join(item.describe() for item in setting.fields))

        self.settings[name] = setting
        for form, function in (("read", read), ("set", write), ("test", test)):
            self.add(name, form, function)

    def extended(self) -> CommandTable:
        """Return a copy to refine."""
        return CommandTable(
            {name: dict(forms) for name, forms in self.handlers.items()}, dict(self.settings)
        )


def read_fields(setting: Setting, args: Args, current: tuple) -> tuple:
    """Return values for `setting` from arguments; an omitted field keeps its current value."""
    args.at_most(len(setting.fields))
    for index in range(setting.need):
        args.text(index, 560)
    return tuple(item.read(args, i, current[i]) for i, item in enumerate(setting.fields))
