"""How the tests find and classify code in a README (host_tests/readme_blocks.py)."""

import pytest
from readme_blocks import blocks, missing_names

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
