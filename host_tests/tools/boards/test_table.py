"""The table in boards/README.md agrees with the checks."""

from board_checks import folders, table


def test_table_is_what_the_checks_say():
    assert table.current() == table.render()


def test_every_board_has_its_pins_in_the_readme():
    text = table.README.read_text()
    for board in folders.find(("esp32", "stm32", "rp2")):
        assert f"| `{board.name}/` |" in text
    for board in folders.find():
        assert f"### {board.name}\n" in text
