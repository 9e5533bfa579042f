from expect import difference, equal, raises, replaced


class Owner:
    value = 1


def test_raises_gives_the_exception():
    with raises(KeyError, ValueError, text="bad") as caught:
        raise ValueError("bad length", 7)
    assert caught.error.args == ("bad length", 7)


def failure(expectation, error=None):
    """Return the message of the AssertionError at the end of the block; does not use the tested
    module."""
    try:
        with expectation:
            if error:
                raise error
    except AssertionError as caught:
        return str(caught)
    return "no failure"


def test_raises_fails_when_nothing_is_raised():
    assert failure(raises(ValueError)) == "ValueError was not raised"
    assert failure(raises(KeyError, ValueError)) == "KeyError or ValueError was not raised"


def test_raises_fails_for_another_text():
    text = failure(raises(ValueError, text="long"), ValueError("short"))
    assert text == "ValueError says 'short', not 'long'"


def test_raises_lets_other_exceptions_through():
    try:
        with raises(ValueError):
            raise KeyError("x")
    except KeyError:
        return
    raise AssertionError("swallowed")


def test_replaced_restores_after_an_exception():
    with raises(RuntimeError), replaced(Owner, value=2):
        assert Owner.value == 2
        raise RuntimeError
    assert Owner.value == 1


def test_difference_of_equal_strings_is_empty():
    assert difference(memoryview(b"abc"), bytearray(b"abc")) == ""
    equal(b"", b"")


def test_difference_marks_the_first_byte():
    lines = difference(b"AT+CSIM=8,\x00", b"AT+CSIM=10").split("\n")
    assert lines[0] == "first difference at byte 8"
    assert "10 bytes" in lines[1] and "11 bytes" in lines[2]
    at = lines[3].index("^")
    assert lines[1][at] == "1" and lines[2][at] == "8"


def test_difference_of_long_strings_shows_the_place():
    lines = difference(bytes(900), bytes(500) + b"\x01" + bytes(399)).split("\n")
    assert lines[0] == "first difference at byte 500"
    assert len(lines[1]) < 250
    assert lines[1][lines[3].index("^") :].startswith("\\x01")


def test_a_prefix_is_different():
    assert "byte 3" in difference(b"abc", b"abcd")
    with raises(AssertionError, text="byte 3"):
        equal(b"abc", b"abcd")


def test_assert_statements_are_compiled_in():
    try:
        assert Owner is None
    except AssertionError:
        return
    raise RuntimeError("an assert statement did nothing")
