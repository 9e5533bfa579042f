"""Runs mpremote in a terminal with two corrections:

    python -m iotsafe_tools.emulator.interactive connect PORT mount FOLDER repl

- mpremote's REPL asks a port for `fd`; pyserial's socket:// ports have none.
- mpremote mounts a folder again when it sees the board's banner after a soft reset. While
  `main.py` runs there is no banner, and the mount is lost. This module makes the soft reset in the
  raw REPL, where MicroPython skips `main.py`.
"""

import sys
from collections.abc import Callable

from mpremote import main
from mpremote.transport_serial import SerialTransport
from serial.urlhandler import protocol_socket

_write_ctrl_d = SerialTransport.write_ctrl_d


def soft_reset(transport: SerialTransport, show: Callable[[bytes], None]) -> None:
    """Replaces `SerialTransport.write_ctrl_d`."""
    if not transport.mounted:
        return _write_ctrl_d(transport, show)
    command = transport.cmd
    transport.serial = transport.serial.orig_serial
    transport.mounted = False
    transport.enter_raw_repl(soft_reset=True)
    transport.mount_local(command.root.rstrip("/"), unsafe_links=command.unsafe_links)
    show(b"\r\nMPY: soft reset without main.py; mounted the folder again\r\n")
    transport.exit_raw_repl()


if __name__ == "__main__":
    SerialTransport.write_ctrl_d = soft_reset
    protocol_socket.Serial.fd = property(protocol_socket.Serial.fileno)
    sys.exit(main.main())
