"""GET RANDOM (7.2) and READ FILE (7.10): return Le raw bytes."""

from __future__ import annotations

from . import objects as o
from . import status
from .apdu import Command, Reply
from .applet import Applet
from .status import Refused, require


def get_random(applet: Applet, command: Command) -> Reply:
    """GET RANDOM: return exactly Le bytes; 256 without Le."""
    command.expect_p1p2(0x0000)
    command.expect_no_data()
    return Reply(applet.random(command.le or 256), cut=True)


def read_file(applet: Applet, command: Command) -> Reply:
    """READ FILE: return min(Le, bytes left) bytes from P1 P2; at the end, the profile decides."""
    file = applet.find(o.Kind.FILE, command.data)
    require(file.access & o.READ and file.activated)
    content = file.content
    padding = applet.profile.file_padding
    if padding is not None:
        content += bytes([padding]) * (file.size - len(content))
    if command.p1p2 > len(content):
        raise Refused(applet.profile.read_beyond_sw)
    if command.p1p2 == len(content) and applet.profile.read_end_sw != status.OK:
        raise Refused(applet.profile.read_end_sw)
    wanted = min(command.le or 256, applet.profile.max_read)
    return Reply(content[command.p1p2 :][:wanted], cut=True)
