"""A program that answers on a pseudo-terminal like a broken modem, or like no modem at all."""

import os
import pty
import threading

from iotsafe_tools.testbed import PATIENCE

_OK = b"\r\nOK\r\n"


class FakeModem:
    """A pty whose other end answers each line with `reply(line)`, bytes; None hangs up. `heard`:
    the lines, which end with CR, or with the Ctrl-Z that stays on."""

    def __init__(self, reply):
        self._reply = reply
        self.heard = []
        self._ours, theirs = pty.openpty()
        self.name = os.ttyname(theirs)
        self._theirs = theirs
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        line = b""
        while True:
            try:
                byte = os.read(self._ours, 1)
            except OSError:
                return
            if byte != b"\r":
                line += byte
            if byte not in b"\r\x1a":
                continue
            self.heard.append(line)
            said = self._reply(line)
            if line.startswith(b"AT+CMEE=") and b"+CMEE?" in line and (said or b"").endswith(_OK):
                # proves that it is in step
                said = said[: -len(_OK)] + b"\r\n+CMEE: " + line[8:9] + b"\r\n" + _OK
            line = b""
            if said is None:
                os.close(self._ours)
                return
            os.write(self._ours, said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._theirs)  # the other end's read fails once no program has the terminal open
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
