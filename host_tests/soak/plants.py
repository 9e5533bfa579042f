"""x"""


def main(name):
    raise SystemExit("not yet")
