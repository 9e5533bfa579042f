"""Started by MicroPython after boot.py."""

import app

app.run()
