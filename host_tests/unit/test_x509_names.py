"""Subjects and alternative names: their encoding, and the wording of each refusal."""

from cards import from_hex, to_hex
from effort import some
from expect import equal, raises

from iotsafe.x509_names import attributes, general_names

UTF8, PRINTABLE, IA5 = 0x0C, 0x13, 0x16
CN = b"\x55\x04\x03"


def values(text):
    """Return the contents of the subject `text`, in the order written."""
    return [content for _, _, content in reversed(attributes(text))]


def refused(subject, text):
    with raises(ValueError, text=text):
        attributes(subject)


def name_refused(name, text):
    with raises(ValueError, text=text):
        general_names((name,))


# ---- subject ---------------------------------------------------------------------------------


def test_each_attribute_has_its_oid_and_its_string():
    for key, oid, tag, value in (
        ("CN", "550403", UTF8, "a"),
        ("O", "55040A", UTF8, "a"),
        ("OU", "55040B", UTF8, "a"),
        ("C", "550406", PRINTABLE, "FR"),
        ("L", "550407", UTF8, "a"),
        ("ST", "550408", UTF8, "a"),
        ("serialNumber", "550405", PRINTABLE, "a"),
        ("emailAddress", "2A864886F70D010901", IA5, "a@b"),
        ("DC", "0992268993F22C640119", IA5, "a"),
    ):
        want = [(from_hex(oid), tag, value.encode())]
        assert attributes(((key, value),)) == want
        assert attributes("%s=%s" % (key, value)) == want
        assert attributes("%s=%s" % (key.lower(), value)) == want
        assert attributes("%s=%s" % (key.upper(), value)) == want


def test_order():
    pairs = [("C", "FR"), ("O", "Example"), ("OU", "a"), ("OU", "b"), ("CN", "device-1")]
    assert attributes("CN=device-1,OU=b,OU=a,O=Example,C=FR") == attributes(pairs)
    assert attributes(tuple(pairs)) == attributes(pairs)


def test_spaces_around_keys_and_values():
    assert values("  CN = a b ,  O= c ") == [b"a b", b"c"]
    assert values("CN=\\ a\\ ,O=\\20b\\20 ") == [b" a ", b" b "]


def test_escapes():
    for written, content in (
        ("a\\,b", b"a,b"),
        ("a\\+b", b"a+b"),
        ('\\"a\\"', b'"a"'),
        ("a\\\\", b"a\\"),
        ("\\<a\\>\\;", b"<a>;"),
        ("\\#a", b"#a"),
        ("\\#", b"#"),
        ("#", b"#"),  # like OpenSSL writes it
        ("a#b=c", b"a#b=c"),
        ("a\\=b", b"a=b"),
        ("\\41\\2c\\2C", b"A,,"),
        ("\\c3\\A9", b"\xc3\xa9"),
        ("\xe9", b"\xc3\xa9"),
    ):
        assert values("CN=%s,O=x" % written) == [content, b"x"], written


def test_text_that_is_no_subject():
    for text, words in (
        ("CN", "no '='"),
        ("device-1", "no '='"),
        ("CN=a,", "no '=' after 5"),
        (",CN=a", "none of"),
        ("=a", "none of CN O"),
        ("X=a", "X is none of CN O OU C L ST serialNumber emailAddress DC"),
        ("2.5.4.3=a", "none of"),
        ("CN=", "CN has 0 characters"),
        ("CN= ,O=a", "CN has 0 characters"),
        ("CN=a+O=b", "CN: '+' needs a backslash"),
        ("CN=a;O=b", "CN: ';' needs a backslash"),
        ('CN="a"', "CN: '\"' needs a backslash"),
        ("CN=<a", "CN: '<' needs a backslash"),
        ("CN=a>", "CN: '>' needs a backslash"),
        ("CN=#0403", "CN: '#' needs a backslash"),
        ("CN= #0403", "CN: '#' needs a backslash"),
        ("CN=##", "CN: '#' needs a backslash"),
        ("CN=# ,O=a", "CN: '#' needs a backslash"),
        ("CN=a\\", "CN: a special character or two"),
        ("CN=a\\b", "CN: a special character or two"),
        ("CN=a\\xy", "CN: a special character or two"),
        ("CN=a\\4", "CN: a special character or two"),
        ("CN=a\\+4\\-1", "CN: a special character or two"),
        ("CN=\\C3", "CN: the escaped bytes are not UTF-8"),
        ("CN=\\FF\\FE", "CN: the escaped bytes are not UTF-8"),
        ("CN=\\00", "CN has the character 0000"),
        ("CN=a\nb", "the character 000A"),
        ("CN=a\x7f", "the character 007F"),
        ("CN=\\C2\\85", "the character 0085"),
    ):
        refused(text, words)


def test_limits():
    for key, most in (
        ("CN", 64),
        ("O", 64),
        ("OU", 64),
        ("L", 128),
        ("ST", 128),
        ("serialNumber", 64),
        ("emailAddress", 255),
        ("DC", 63),
    ):
        (_, _, content) = attributes(((key, "x" * most),))[0]
        equal(content, b"x" * most)
        words = "subject: %s has %d characters, 1 to %d are allowed" % (key, most + 1, most)
        refused(((key, "x" * (most + 1)),), words)
        refused(((key, ""),), "subject: %s has 0 characters" % key)
    # The limit counts characters, not bytes.
    assert len(attributes((("CN", "\xe9" * 64),))[0][2]) == 128
    assert len(attributes([("OU", "x")] * 16)) == 16
    refused([("OU", "x")] * 17, "subject: 17 attributes, at most 16")
    refused(",".join(["OU=x"] * 17), "subject: 17 attributes, at most 16")


def test_countries():
    for value in ("fr", "Fr", "F1", "F ", "F."):
        refused((("C", value),), "C must be a country code: 2 capital letters")
    for value in ("F", "FRA", ""):
        refused((("C", value),), "C ")
    refused((("C", "\xc9\xc9"),), "C may have only letters")


def test_characters_of_each_string():
    allowed = "abcxyzABCXYZ0189 '()+,-./:=?"
    equal(attributes((("serialNumber", allowed),))[0][2], allowed.encode())
    for character in '@*_&!"#$%;<>[]\\^`{}|~\xe9':
        refused(
            (("serialNumber", "1" + character),), "serialNumber may have only letters, digits and"
        )
    for key in ("DC", "emailAddress"):
        refused(((key, "a\xe9"),), key + " must be ASCII")
    for code in (0, 1, 0x1F, 0x7F, 0x80, 0x9F, 0xD800, 0xDFFF):
        refused((("CN", "a" + chr(code)),), "CN has the character %04X" % code)
    for code in (0x20, 0x7E, 0xA0, 0xD7FF, 0xE000, 0x1F600):
        equal(attributes((("CN", chr(code)),))[0][2], chr(code).encode())


def test_invalid_pairs():
    refused((("CN", b"a"),), "CN is not text")
    refused((("CN", 1),), "CN is not text")
    refused((("CN", None),), "CN is not text")
    for pair in (("CN",), ("CN", "a", "b"), (), (b"CN", "a"), "CN=a"):
        refused((pair,), "pairs of key and text")
    refused((("", "a"),), "none of")


def test_any_text_is_a_subject_or_refused():
    for character in '=,\\+ #";<>\0a\xe9':
        for text in ("CN=ab,O=c\\,d", "CN=\\41b , O=c"):
            for at in some(range(len(text) + 1)):
                for end in (at, at + 1):
                    changed = text[:at] + character + text[end:]
                    try:
                        found = attributes(changed)
                    except ValueError as e:
                        assert str(e).startswith("subject: ") or str(e).startswith("subject has")
                    else:
                        assert 1 <= len(found) <= 3


# ---- alternative names -----------------------------------------------------------------------


def test_each_kind_of_name():
    for name, tag, content in (
        ("DNS:device.example", 0x82, b"device.example"),
        ("dns:a", 0x82, b"a"),
        ("DNS:*.device.example", 0x82, b"*.device.example"),
        ("DNS:xn--bcher-kva.example", 0x82, b"xn--bcher-kva.example"),
        ("DNS:1_2.example", 0x82, b"1_2.example"),
        ("URI:urn:uuid:1-2", 0x86, b"urn:uuid:1-2"),
        ("uri:https://a.example/b?c=d#e", 0x86, b"https://a.example/b?c=d#e"),
        ("IP:192.0.2.1", 0x87, b"\xc0\0\2\1"),
        ("ip:0.0.0.0", 0x87, bytes(4)),
        ("IP:255.255.255.255", 0x87, b"\xff" * 4),
        ("email:a.b+c@d.example", 0x81, b"a.b+c@d.example"),
        ("EMAIL:a@b", 0x81, b"a@b"),
    ):
        assert general_names([name]) == [(tag, content)], name
    assert general_names(()) == []
    assert general_names(("DNS:b", "DNS:a")) == [(0x82, b"b"), (0x82, b"a")]


def test_ipv6_addresses():
    for text, groups in (
        ("::", "0000 0000 0000 0000 0000 0000 0000 0000"),
        ("::1", "0000 0000 0000 0000 0000 0000 0000 0001"),
        ("1::", "0001 0000 0000 0000 0000 0000 0000 0000"),
        ("2001:db8::1", "2001 0DB8 0000 0000 0000 0000 0000 0001"),
        ("2001:DB8:0:0:1::1", "2001 0DB8 0000 0000 0001 0000 0000 0001"),
        ("1:2:3:4:5:6:7:8", "0001 0002 0003 0004 0005 0006 0007 0008"),
        ("1:2:3:4:5:6:7::", "0001 0002 0003 0004 0005 0006 0007 0000"),
        ("::2:3:4:5:6:7:8", "0000 0002 0003 0004 0005 0006 0007 0008"),
        ("::ffff:192.0.2.1", "0000 0000 0000 0000 0000 FFFF C000 0201"),
        ("64:ff9b::192.0.2.33", "0064 FF9B 0000 0000 0000 0000 C000 0221"),
        ("1:2:3:4:5:6:192.0.2.1", "0001 0002 0003 0004 0005 0006 C000 0201"),
    ):
        ((tag, content),) = general_names(("IP:" + text,))
        assert tag == 0x87 and to_hex(content) == groups.replace(" ", ""), text


def test_invalid_addresses():
    for text in (
        ("1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.01", "1.2.3.-4", "1.2.3.+4", "1.2.3. 4")
        + ("1.2.3.", ".1.2.3", "1..2.3", "0x1.2.3.4", "1.2.3.4/24", "1.2.3.1000", "a.b.c.d")
        + (":", ":::", "::1::", "1::2::3", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7")
        + ("1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8")
        + (
            "12345::",
            "123456::",
            "::g",
            "::-1",
            ":: 1",
            "::1%eth0",
            "1.2.3.4::",
            "::1.2.3.4:5",
            "::1.2.3",
        )
        + ("1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4:5:6:7:8::", "[::1]", "::1/64", "localhost")
    ):
        name_refused("IP:" + text, "names: IP must be an address, like 192.0.2.1 or 2001:db8::1")


def test_invalid_host_names():
    for text, words in (
        ("a..b", "a label has"),
        (".a", "a label has"),
        ("a.", "a label has"),
        ("a" * 64, "a label has 1 to 63"),
        ("-a", "letters, digits and inner"),
        ("a-.b", "letters, digits and inner"),
        ("a b", "letters, digits and inner"),
        ("a/b", "letters, digits and inner"),
        ("*", "letters, digits and inner"),
        ("a.*", "letters, digits and inner"),
        ("a*.b", "letters, digits and inner"),
        ("*.", "a label has"),
        (".".join(["a" * 49] * 5) + ".abcd", "253 characters"),
        ("x" * 256, "DNS has 256 characters, 1 to 255"),
        ("", "DNS has 0 characters"),
        ("b\xfccher", "DNS must be ASCII"),
    ):
        name_refused("DNS:" + text, words)
    assert general_names(("DNS:" + ".".join(["a" * 49] * 5) + ".abc",))
    assert general_names(("DNS:" + "a" * 63,))


def test_other_invalid_names():
    for name, words in (
        ("device.example", "is none of DNS URI IP email"),
        ("", "is none of"),
        (":", "is none of"),
        ("RID:1.2.3", "RID is none of DNS URI IP email"),
        ("DNS", "DNS has 0"),
        ("URI:", "URI has 0"),
        ("URI:/path", "URI must be absolute"),
        ("URI:path", "URI must be absolute"),
        ("URI:urn:", "URI must be absolute"),
        ("URI::x", "URI must be absolute"),
        ("URI:1a:x", "URI must be absolute"),
        ("URI:a/b:x", "URI must be absolute"),
        ("URI:urn:a b", "URI must have no spaces"),
        ("URI:urn:\xe9", "URI must be ASCII"),
        ("URI:urn:" + "x" * 252, "URI has 256 characters, 1 to 255"),
        ("email:a", "email"),
        ("email:@b", "must precede the @"),
        ("email:a@", "a label has"),
        ("email:a@b@c", "letters, digits and inner"),
        ("email:a b@c", "must precede the @"),
        ('email:"a"@c', "must precede the @"),
        ("email:" + "a" * 65 + "@b", "1 to 64 plain characters"),
        ("email:a@[192.0.2.1]", "letters, digits and inner"),
        ("email:\xe9@b", "email must be ASCII"),
        ("DNS:a\nb", "the character 000A"),
        (b"DNS:a", "not text"),
        (None, "not text"),
    ):
        name_refused(name, words)
    with raises(ValueError, text="not one text"):
        general_names("DNS:a")
    with raises(ValueError, text="names: 17 entries, at most 16"):
        general_names(["DNS:a"] * 17)
    assert len(general_names(["DNS:a"] * 16)) == 16
