"""MicroPython starts this file after boot.py: the frozen one, if there is one.

A main.py on the flash is the user's program, and goes before the application.
"""

import os

own = False
if globals().get("__file__") != "main.py":  # else this is the file on the flash
    try:
        os.stat("main.py")
        own = True
    except OSError:
        pass
if own:
    print("main.py on the flash runs instead of the application")
    __file__ = "main.py"
    execfile(__file__)  # noqa: F821  MicroPython's; as if it had been started by itself
else:
    import app

    app.run()
