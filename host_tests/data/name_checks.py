"""Which certificate is for which host: the rules of RFC 9525, and name constraints (RFC 5280
4.2.1.10), as a table.

A name is text, "DNS:a.example". A common name counts for nothing.
"""

# (common name of the subject or "", alternative names, host, whether the certificate is for it)
NAMES = (
    # DNS-ID: equal in any case, and nothing else (6.3)
    ("", ("DNS:a.example",), "a.example", True),
    ("", ("DNS:A.Example",), "a.example", True),
    ("", ("DNS:a.example",), "A.EXAMPLE", True),
    ("", ("DNS:b.example", "DNS:a.example"), "a.example", True),
    ("", ("DNS:localhost",), "localhost", True),
    ("", ("DNS:b.example",), "a.example", False),
    ("", ("DNS:a.example",), "b.a.example", False),
    ("", ("DNS:b.a.example",), "a.example", False),
    ("", ("DNS:a.example",), "a.example.com", False),
    ("", ("DNS:aa.example",), "a.example", False),
    ("", ("DNS:xn--bcher-kva.example",), "xn--bcher-kva.example", True),
    # A wildcard is the whole leftmost label, and stands for one label (6.3)
    ("", ("DNS:*.example.com",), "a.example.com", True),
    ("", ("DNS:*.Example.com",), "A.example.COM", True),
    ("", ("DNS:*.example.com",), "xn--bcher-kva.example.com", True),
    ("", ("DNS:*.example.com",), "example.com", False),
    ("", ("DNS:*.example.com",), "b.a.example.com", False),
    ("", ("DNS:*.example.com",), "a.example.org", False),
    ("", ("DNS:a*.example.com",), "ab.example.com", False),
    ("", ("DNS:*a.example.com",), "ba.example.com", False),
    ("", ("DNS:a*c.example.com",), "abc.example.com", False),
    ("", ("DNS:**.example.com",), "ab.example.com", False),
    ("", ("DNS:a.*.com",), "a.example.com", False),
    ("", ("DNS:*.*.com",), "a.example.com", False),
    ("", ("DNS:*",), "localhost", False),
    ("", ("DNS:*",), "a.example", False),
    ("", ("DNS:*.",), "localhost", False),
    # The common name is no identifier
    ("a.example", (), "a.example", False),
    ("*.example", (), "a.example", False),
    ("192.0.2.1", (), "192.0.2.1", False),
    ("a.example", ("DNS:b.example",), "a.example", False),
    ("a.example", ("IP:192.0.2.1",), "a.example", False),
    ("a.example", ("email:a@a.example",), "a.example", False),
    ("b.example", ("DNS:a.example",), "a.example", True),
    # IP-ID: the same bytes, in an entry for addresses (6.4)
    ("", ("IP:192.0.2.1",), "192.0.2.1", True),
    ("", ("DNS:a.example", "IP:192.0.2.2", "IP:192.0.2.1"), "192.0.2.1", True),
    ("", ("IP:192.0.2.1",), "192.0.2.11", False),
    ("", ("DNS:192.0.2.1",), "192.0.2.1", False),
    ("", ("DNS:*.0.2.1",), "192.0.2.1", False),
    ("", ("URI:192.0.2.1",), "192.0.2.1", False),
    ("", ("IP:2001:db8::1",), "2001:db8::1", True),
    ("", ("IP:2001:db8::1",), "2001:DB8:0:0::0:1", True),
    ("", ("IP:2001:db8::1",), "2001:db8::2", False),
    ("", ("DNS:2001:db8::1",), "2001:db8::1", False),
    ("", ("IP:::ffff:192.0.2.1",), "192.0.2.1", False),
    # URI-ID is for other protocols, and only with its service type (6.5)
    ("", ("URI:a.example",), "a.example", False),
    ("", ("URI:mqtts://a.example",), "a.example", False),
    ("", ("email:a.example",), "a.example", False),
    ("", ("URI:a.example", "DNS:a.example"), "a.example", True),
)

# (permitted, excluded, common name, alternative names, host, whether a CA with these constraints
# may issue the certificate, which would be for the host without them). "CN:x" is a directory name;
# so are "printable:x" and "BMP:x", in other types of strings.
CONSTRAINTS = (
    (("DNS:example.com",), (), "", ("DNS:a.example.com",), "a.example.com", True),
    (("DNS:example.com",), (), "", ("DNS:example.com",), "example.com", True),
    (("DNS:Example.COM",), (), "", ("DNS:a.example.com",), "a.example.com", True),
    (("DNS:.example.com",), (), "", ("DNS:a.example.com",), "a.example.com", True),
    (("DNS:example.com",), (), "", ("DNS:*.example.com",), "a.example.com", True),
    (("DNS:",), (), "", ("DNS:a.example.com",), "a.example.com", True),
    (("DNS:example.org", "DNS:example.com"), (), "", ("DNS:example.com",), "example.com", True),
    (("DNS:example.com",), (), "", ("DNS:a.example.org",), "a.example.org", False),
    (("DNS:example.com",), (), "", ("DNS:badexample.com",), "badexample.com", False),
    (("DNS:a.example.com",), (), "", ("DNS:example.com",), "example.com", False),
    (("DNS:example.com",), (), "", ("DNS:example.com", "DNS:a.org"), "example.com", False),
    (("DNS:a.example.com",), (), "", ("DNS:*.example.com",), "a.example.com", False),
    ((), ("DNS:example.com",), "", ("DNS:a.example.com",), "a.example.com", False),
    ((), ("DNS:bad.example.com",), "", ("DNS:a.example.com",), "a.example.com", True),
    ((), ("DNS:bad.example.com",), "", ("DNS:*.example.com",), "bad.example.com", False),
    ((), ("DNS:bad.example.com",), "", ("DNS:*.example.com",), "a.example.com", True),
    ((), ("DNS:",), "", ("DNS:a.example.com",), "a.example.com", False),
    (("DNS:com",), ("DNS:example.com",), "", ("DNS:example.com",), "example.com", False),
    (("IP:192.0.2.0/24",), (), "", ("IP:192.0.2.1",), "192.0.2.1", True),
    (("IP:192.0.2.0/24",), (), "", ("IP:198.51.100.1",), "198.51.100.1", False),
    (("IP:192.0.2.0/24",), (), "", ("IP:2001:db8::1",), "2001:db8::1", False),
    ((), ("IP:192.0.2.0/25",), "", ("IP:192.0.2.1",), "192.0.2.1", False),
    ((), ("IP:192.0.2.0/25",), "", ("IP:192.0.2.129",), "192.0.2.129", True),
    ((), ("IP:2001:db8::/32",), "", ("IP:2001:db8::1",), "2001:db8::1", False),
    ((), ("IP:0.0.0.0/0",), "", ("DNS:a.example", "IP:192.0.2.1"), "a.example", False),
    # A constraint on one kind of name leaves the others free.
    (("IP:192.0.2.0/24",), (), "", ("DNS:a.example",), "a.example", True),
    (("DNS:example.com",), (), "", ("IP:192.0.2.1",), "192.0.2.1", True),
    (("email:example.com",), (), "", ("DNS:a.example",), "a.example", True),
    (("CN:meters",), (), "meters", ("DNS:a.example",), "a.example", True),
    (("CN:meters",), (), "others", ("DNS:a.example",), "a.example", False),
    (("CN:meters",), (), "", ("DNS:a.example",), "a.example", True),
    ((), ("CN:meters",), "meters", ("DNS:a.example",), "a.example", False),
    ((), ("CN:meters",), "others", ("DNS:a.example",), "a.example", True),
    # Names are equal in any type of string, in any case, with any number of spaces (RFC 5280 7.1).
    ((), ("printable:Our Meters",), "our  meters ", ("DNS:a.example",), "a.example", False),
    ((), ("BMP:meters",), "meters", ("DNS:a.example",), "a.example", False),
    (("printable:METERS",), (), "meters", ("DNS:a.example",), "a.example", True),
    (("printable:meters",), (), "meter", ("DNS:a.example",), "a.example", False),
)
