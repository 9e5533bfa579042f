"""The code in the READMEs, block by block, for the tests that run it.

A block is a fence (```python) or lines indented by four. Its info string or its look decides how
the tests treat it:

    python, or `import …`, `name = …`, `>>> …`   run; all of one README are one program
    `$ command` with its output                  run in a shell, and the output compared
    commands, one a line                         checked word for word, or run
    json                                         parsed
    text                                         not code

A comment before a block, which a reader does not see, overrides that:

    <!-- not run: REASON -->      it cannot be run here
    <!-- run with: NAME -->       what it needs before; see test_readmes.py
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from iotsafe_tools.testbed import ROOT

FOLDERS = ("lib", "firmware", "boards", "tools", "host_tests")
COMMANDS = re.compile(r"(\$ |make |\.venv/bin/|iotsafe |mpremote |uv |sudo |esptool|dfu-util )")
_FENCE = re.compile(r"^```(\w*)\s*$")
_COMMENT = re.compile(r"^<!-- (not run|run with): (.+) -->$")
_LIST = re.compile(r"^\s*([-*]|\d+\.) ")


@dataclass(frozen=True)
class Block:
    """A block of a README: `kind` is python, console, commands, json, text or unknown."""

    path: Path
    line: int  # of its first line of code, from 1
    kind: str
    text: str
    not_run: str = ""
    run_with: str = ""

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def readmes() -> list[Path]:
    """Return every README of the project, but not those of built or installed files."""
    return [
        ROOT / "README.md",
        *(p for f in FOLDERS for p in sorted((ROOT / f).rglob("README.md"))),
    ]


def blocks(path: Path, text: str | None = None) -> list[Block]:
    """Return the blocks of a README, in order; `text` replaces the file's content."""
    lines = (path.read_text(encoding="utf-8") if text is None else text).split("\n")
    found: list[Block] = []
    marks: dict[str, str] = {}
    at, after_blank, in_list = 0, True, False
    while at < len(lines):
        line = lines[at]
        comment, fence = _COMMENT.match(line), _FENCE.match(line)
        if comment:
            marks[comment[1]] = comment[2]
        elif fence:
            end = lines.index("```", at + 1)
            found.append(_block(path, at + 2, fence[1], lines[at + 1 : end], marks))
            marks, at = {}, end
        elif line.startswith("    ") and after_blank and not in_list:
            end = at
            while end < len(lines) and _continues(lines, end):
                end += 1
            body = [one[4:] for one in lines[at:end]]
            found.append(_block(path, at + 1, "", body, marks))
            marks, at = {}, end - 1
        elif line.strip():
            marks = {}
            in_list = bool(_LIST.match(line)) or (in_list and line.startswith(" "))
        after_blank = not line.strip() or bool(comment)
        at += 1
    return found


def _continues(lines: list[str], at: int) -> bool:
    """Return whether line `at` belongs to an indented block; a blank line does if an indented one
    follows."""
    if lines[at].strip():
        return lines[at].startswith("    ")
    following = next((line for line in lines[at:] if line.strip()), "")
    return following.startswith("    ")


def _block(path: Path, line: int, info: str, body: list[str], marks: dict[str, str]) -> Block:
    text = "\n".join(body).rstrip() + "\n"
    kind = info if info in ("python", "json", "text") else _guess(text)
    return Block(path, line, kind, text, marks.get("not run", ""), marks.get("run with", ""))


def _guess(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith("$ "):
        return "console"
    if text.startswith("{"):
        return "json"
    joined = text.replace("\\\n", " ").splitlines()
    if all(COMMANDS.match(line) for line in joined if line.strip()):
        return "commands"
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return "unknown"
    code = (ast.Import, ast.ImportFrom, ast.Assign, ast.With, ast.FunctionDef)
    return "python" if any(isinstance(node, code) for node in tree.body) else "unknown"


def missing_names(code: str, known: set[str]) -> list[str]:
    """Return the names that `code` uses and that neither it nor `known` defines before, in
    order."""
    tree = ast.parse(code)
    bound, used = set(known), []

    class Walk(ast.NodeVisitor):
        def visit_Assign(self, node: ast.Assign) -> None:
            self.visit(node.value)  # Python evaluates the value before it binds the targets
            for target in node.targets:
                self.visit(target)

        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            bound.add(node.name)
            inner = {argument.arg for argument in node.args.args} - bound
            bound.update(inner)
            self.generic_visit(node)
            bound.difference_update(inner)

        def visit_Name(self, node: ast.Name) -> None:
            if isinstance(node.ctx, ast.Store):
                bound.add(node.id)
            elif node.id not in bound and node.id not in used:
                used.append(node.id)

        def visit_alias(self, node: ast.alias) -> None:
            bound.add((node.asname or node.name).partition(".")[0])

    Walk().visit(tree)
    known |= bound
    return used
