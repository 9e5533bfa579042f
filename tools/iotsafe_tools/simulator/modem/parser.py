"""AT command line syntax: splits a line into commands, and argument text into values (V.250 5.2,
27.007 4.1).

Pure functions; every string a host can send either parses or raises `RequestError`.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from .errors import RequestError

_EXTENDED = re.compile(r"([+*^$%#][A-Za-z0-9_]{1,24}) *(=\?|\?|=(.*))? *", re.DOTALL)
_BASIC = re.compile(r"([&\\]?[A-Za-z])(\d*)")
_REGISTER = re.compile(r"[Ss](\d+)(?:=(\d*)|(\?))?")
_NUMBER = re.compile(r"-?[0-9]{1,10}")
_REQUIRED = object()


@dataclass(frozen=True)
class Command:
    """One command of a line: `name` upper case ("+CSIM", "E", "&W"), `form` exec/read/test/set,
    `args` raw text."""

    name: str
    form: str
    args: str = ""

    @property
    def text(self) -> str:
        """The command as typed after AT."""
        return (
            self.name + {"exec": "", "read": "?", "test": "=?", "set": "="}[self.form] + self.args
        )


def parse_line(body: str, limit: int) -> list[Command]:
    """Split the text after AT into commands.

    body: text between AT and CR. limit: most commands in one line.
    Raises RequestError("syntax") where no command can be read.
    """
    commands: list[Command] = []
    at = 0
    while at < len(body):
        if body[at] in " ;":
            at += 1
            continue
        command, at = _extended(body, at) if body[at] in "+*^$%#" else _basic(body, at)
        commands.append(command)
        if len(commands) > limit:
            raise RequestError("syntax", f"more than {limit} commands in a line")
    return commands


def _extended(body: str, at: int) -> tuple[Command, int]:
    end = _unquoted(body, ";", at)
    match = _EXTENDED.fullmatch(body, at, end)
    if not match:
        raise RequestError("syntax", body[at : at + 20])
    name, suffix, args = match.groups()
    form = {None: "exec", "?": "read", "=?": "test"}.get(suffix, "set")
    return Command(name.upper(), form, (args or "") if form == "set" else ""), end + 1


def _basic(body: str, at: int) -> tuple[Command, int]:
    if body[at] in "Dd":
        return Command("D", "set", body[at + 1 :].rstrip(";")), len(body)
    register = _REGISTER.match(body, at)
    if register:
        number, value, query = register.groups()
        form = "read" if query else "set"
        return Command(f"S{int(number[:4])}", form, value or ""), register.end()
    match = _BASIC.match(body, at)
    if not match:
        raise RequestError("syntax", body[at : at + 20])
    return Command(match[1].upper(), "exec", match[2]), match.end()


def _unquoted(text: str, mark: str, start: int) -> int:
    """Return the index of the first `mark` outside double quotes at or after `start`; len(text) if
    there is none."""
    quoted = False
    for index in range(start, len(text)):
        if text[index] == '"':
            quoted = not quoted
        elif text[index] == mark and not quoted:
            return index
    return len(text)


class Args:
    """The arguments of a command, by position; every reader raises RequestError("parameter")."""

    def __init__(self, text: str = "") -> None:
        self.raw = text
        self.tokens: list[str] = []
        at = 0
        while text and at <= len(text):
            end = _unquoted(text, ",", at)
            self.tokens.append(text[at:end].strip())
            at = end + 1

    def __len__(self) -> int:
        return len(self.tokens)

    def has(self, index: int) -> bool:
        """Return whether the argument is there and not empty."""
        return index < len(self.tokens) and self.tokens[index] != ""

    def at_most(self, count: int) -> None:
        """Refuse more than `count` arguments."""
        if len(self.tokens) > count:
            raise RequestError("parameter", f"{len(self.tokens)} arguments, at most {count}")

    def number(
        self,
        index: int,
        allowed: Container[int],
        default: object = _REQUIRED,
        quoted: bool = False,
    ):
        """Return the decimal integer at `index`, one of `allowed`; `default` if it is absent.

        quoted: the number may stand in quotes.
        """
        if not self.has(index):
            return self._default(index, default)
        token = self.tokens[index]
        if quoted and len(token) > 2 and token[0] == token[-1] == '"':
            token = token[1:-1]
        if not _NUMBER.fullmatch(token):
            raise RequestError("parameter", f"argument {index + 1} is not a number")
        value = int(token)
        if value not in allowed:
            raise RequestError("parameter", f"argument {index + 1} is out of range")
        return value

    def text(self, index: int, limit: int, default: object = _REQUIRED):
        """Return the string at `index` without quotes, at most `limit` characters; `default` if it
        is absent."""
        if not self.has(index):
            return self._default(index, default)
        token = self.tokens[index]
        if token[0] == '"':
            if len(token) < 2 or token[-1] != '"':
                raise RequestError("parameter", f"argument {index + 1} has unbalanced quotes")
            token = token[1:-1]
        if '"' in token or len(token) > limit:
            raise RequestError("parameter", f"argument {index + 1} is too long or has a quote")
        return token

    def choice(self, index: int, names: Container[str], default: object = _REQUIRED):
        """Return the string at `index` in upper case, one of `names`; `default` if it is
        absent."""
        value = self.text(index, 32, default)
        if value is default:
            return default
        if value.upper() not in names:
            raise RequestError("parameter", f"argument {index + 1} is none of the names")
        return value.upper()

    def _default(self, index: int, default: object):
        if default is _REQUIRED:
            raise RequestError("parameter", f"argument {index + 1} is missing")
        return default
