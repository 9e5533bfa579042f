"""The sources of cellular and its list of reasons: each raised reason is in the list, with as many
values as its text needs, and the list has no unused one."""

import ast
from pathlib import Path

import cellular
from cellular import errors
from cellular.reasons import REASONS

KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.CellularError)
}
FOLDER = Path(cellular.__file__).parent
TREES = {
    path.name: ast.parse(path.read_text())
    for path in FOLDER.glob("*.py")
    if path.name not in ("advice.py", "reasons.py", "manifest.py")
}
TEXTS = dict(line.split(": ", 1) for line in REASONS.strip().splitlines())


def raised():
    """Yield each call of an exception, or of a similar name: (file and line, reason, count of
    values)."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in KINDS | {"kind"} and node.args:
                yield f"{name}:{node.lineno}", node.args[0], node.args[1:]


def test_each_reason_has_its_text():
    calls = list(raised())
    assert len(calls) > 50
    for where, reason, values in calls:
        if isinstance(reason, ast.Name):  # `results.no_connection`, whose tables name the reason
            assert where.startswith("results.py"), where
            continue
        assert isinstance(reason, ast.Constant), where
        assert reason.value in TEXTS, (where, reason.value)
        if reason.value == "command-refused" or reason.value == "apdu-refused":
            values = values[:2]  # the refusal's number comes after them
        assert len(values) == TEXTS[reason.value].count("%s"), (where, reason.value)


def test_no_text_is_unused():
    said = {
        node.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(TEXTS) == set(TEXTS) & said, set(TEXTS) - said
