"""How the tests find and classify code in a README (host_tests/readme_blocks.py); the files that a
README names."""

import re

import pytest
from readme_blocks import blocks, missing_names, readmes

from iotsafe_tools.testbed import ROOT

README = ROOT / "README.md"


def kinds(text):
    return [(block.kind, block.line) for block in blocks(README, text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("```python\nanything\n```", "python"),
        ("```\nimport cellular\n```", "python"),
        ("```\n$ iotsafe random 4\n00\n```", "console"),
        ("```\nmake demo  # watch\n\nmake test\n```", "commands"),
        ("```\nmake demo\nand then wait\n```", "unknown"),
        ("```text\nmake demo\n```", "text"),
        ("```json\n{}\n```", "json"),
        ('```\n{"version": 1}\n```', "json"),
        ("```\n a drawing --> of something\n```", "unknown"),
        ("```sh\nmake demo\n```", "commands"),
    ],
)
def test_the_kind_of_a_block(text, kind):
    assert kinds(text) == [(kind, 2)]


def test_indented_lines_are_code_but_not_in_a_list():
    text = "Say:\n\n    make demo\n\n    make test\n\nor\n\n- one\n\n    and more of it\n"
    assert kinds(text) == [("commands", 3)]
    assert kinds("a line\n    that goes on\n") == []


def test_a_mark_belongs_to_the_block_below_it():
    text = "<!-- not run: it is a drawing -->\n\n    a\n\nand\n\n    b\n"
    assert [block.not_run for block in blocks(README, text)] == ["it is a drawing", ""]
    text = "<!-- run with: new -->\n```python\nx = 1\n```\n```python\ny = 1\n```\n"
    assert [block.run_with for block in blocks(README, text)] == ["new", ""]
    text = "<!-- not run: far away -->\nSome words.\n\n    a\n"
    assert [block.not_run for block in blocks(README, text)] == [""]


def test_every_block_of_the_top_readme_is_seen():
    fences = README.read_text(encoding="utf-8").count("\n```")
    assert len(blocks(README)) == fences // 2


def test_names_that_a_block_takes_for_granted():
    known = {"print"}
    code = "import a.b\nfrom c import d as e\ndef f(x):\n    return x + g\n"
    code += "print(a, e, f, h)\nh = 1"
    assert missing_names(code, known) == ["g", "h"]
    assert missing_names("f(h, a, e)", known) == []
    assert missing_names("with open(p) as q:\n    q.read()", {"open"}) == ["p"]


_FOLDERS = "host_tests|tools|lib|firmware|boards"
# A path from the root, or from the README's folder; a link; a test, wherever it is.
_PATH = re.compile(rf"(?<![\w./-])((?:{_FOLDERS})/[\w./-]+\.(?:py|md|sh|toml|c|h))\b")
_FROM_HERE = re.compile(r"(?<![\w./-])((?:\.\./)+[\w./-]+\.(?:py|md|sh|toml))\b")
_LINK = re.compile(r"\]\((?!http|#)([^)#]+)")
_TEST = re.compile(r"\btest_\w+\.py\b")


@pytest.mark.parametrize("path", readmes(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_a_readme_names_exist(path):
    text = path.read_text(encoding="utf-8")
    here = [*_FROM_HERE.findall(text), *_LINK.findall(text)]
    missing = [name for name in here if not (path.parent / name).exists()]
    missing += [name for name in _PATH.findall(text) if not (ROOT / name).exists()]
    tests = {file.name for file in (ROOT / "host_tests").rglob("test_*.py")}
    missing += [name for name in _TEST.findall(text) if name not in tests]
    assert not missing


def test_each_room_of_the_tools_has_a_readme():
    rooms = [path.parent for path in (ROOT / "tools" / "iotsafe_tools").glob("*/__init__.py")]
    assert rooms and not [room.name for room in rooms if not (room / "README.md").exists()]
