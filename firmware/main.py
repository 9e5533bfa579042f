"""MicroPython starts this file after boot.py."""

import app

app.run()
