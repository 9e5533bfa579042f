"""main.py: the frozen one gives way to the user's on the flash; a copy does not run twice."""

import sys

# CPython has no `execfile`. A board runs its own main.py in test_pico_bad_input.py.
RUNTIMES = ("micropython",)
SOURCE = __file__.rsplit("/host_tests/", 1)[0] + "/firmware/main.py"


class App:
    """Stands in for the application."""

    runs = 0

    def run(self):
        self.runs += 1


def started(text, **names):
    """Start firmware/main.py with `text` as main.py of the flash; return (the application's runs,
    the names at the REPL)."""
    if text:
        with open("main.py", "w") as file:
            file.write(text)
    app = App()
    real = sys.modules.pop("app", None)
    sys.modules["app"] = app
    try:
        with open(SOURCE) as file:
            exec(file.read(), names)
    finally:
        del sys.modules["app"]
        if real:
            sys.modules["app"] = real
    return app.runs, names


def test_the_frozen_one_alone_starts_the_application():
    assert started("")[0] == 1


def test_the_users_goes_first_and_keeps_its_names():
    runs, names = started("mine = __name__\n", __name__="__main__")
    assert runs == 0 and names["mine"] == "__main__", (runs, names)


def test_the_users_may_start_the_application():
    assert started("import app\napp.run()\n")[0] == 1


def test_a_copy_on_the_flash_starts_the_application_once():
    with open(SOURCE) as file:
        text = file.read()
    assert started(text, __file__="main.py")[0] == 1  # the stock firmware starts the copy
    assert started(text)[0] == 1  # ours starts the frozen one
