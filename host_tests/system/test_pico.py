"""The main job on the image that a user flashes, in the emulator."""

import subprocess
import sys


def test_five_messages_from_the_emulated_board():
    done = subprocess.run(
        [sys.executable, "-m", "iotsafe_tools.emulator", "pico", "--messages", "5"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    received = [line for line in done.stdout.splitlines() if " broker devices/" in line]
    assert len(received) == 5
    for text in (
        "app: IoT SAFE telemetry on Waveshare Pico-SIM7080G",
        "switched on, listening on its UART",  # by the board's power key
        "GET RANDOM",
        "handshake signed by the SIM with key 01",
        "5 messages delivered; the broker knows the client as 'device-0001'",
    ):
        assert text in done.stdout, done.stdout
