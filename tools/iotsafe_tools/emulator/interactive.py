"""mpremote in a terminal, with two things put right:

    python -m iotsafe_tools.emulator.interactive connect PORT mount FOLDER repl

- its REPL asks a port for `fd`, which pyserial's socket:// ports do not have;
- it mounts a folder again when the board's banner follows a soft reset. A board whose `main.py`
  does not end shows none, and the mount is lost. In the raw REPL MicroPython leaves out
  `main.py`, so the soft reset is made there.
"""

import sys
from collections.abc import Callable

from mpremote import main
from mpremote.transport_serial import SerialTransport
from serial.urlhandler import protocol_socket

_write_ctrl_d = SerialTransport.write_ctrl_d


def soft_reset(transport: SerialTransport, show: Callable[[bytes], None]) -> None:
    """In place of `SerialTransport.write_ctrl_d`."""
    if not transport.mounted:
        return _write_ctrl_d(transport, show)
    command = transport.cmd
    transport.serial = transport.serial.orig_serial
    transport.mounted = False
    transport.enter_raw_repl(soft_reset=True)
    transport.mount_local(command.root.rstrip("/"), unsafe_links=command.unsafe_links)
    show(b"\r\nMPY: soft reset without main.py; the folder is mounted again\r\n")
    transport.exit_raw_repl()


if __name__ == "__main__":
    SerialTransport.write_ctrl_d = soft_reset
    protocol_socket.Serial.fd = property(protocol_socket.Serial.fileno)
    sys.exit(main.main())
