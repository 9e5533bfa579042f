"""GET DATA (7.3 to 7.5): the applet's capabilities, its objects, one object's attributes."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from . import status, tlv
from .apdu import Command, Reply
from .applet import Applet
from .objects import Container, File, Kind
from .status import Refused

APPLICATION = 0x00
OBJECT_LIST = 0x01
_OBJECT_DATA = {kind.tags.wrapper: kind for kind in Kind}  # P1 is the wrapper's tag

# Tags of functions and key agreement in the application data (section 14, item 4).
_APPLICATION_TAGS = {"90/93": (0x90, 0x93), "61/6F": (0x61, 0x6F)}

# Order of the types in the list, from the examples of each layout (16.5).
_FILE_LAST = (Kind.PRIVATE, Kind.PUBLIC, Kind.SECRET, Kind.FILE)
_SECRET_LAST = (Kind.PRIVATE, Kind.PUBLIC, Kind.FILE, Kind.SECRET)
_LIST_ORDER = {"L1": _FILE_LAST, "L2": _SECRET_LAST, "L3": _SECRET_LAST}


def get_data(applet: Applet, command: Command) -> Reply:
    """GET DATA: return what P1 selects; P2 = 01 selects the object list's next part."""
    if not applet.profile.get_data:
        raise Refused(status.UNKNOWN_INS)
    if command.p1 in _OBJECT_DATA:
        command.expect_p1p2(command.p1 << 8)
        return _object_data(applet, _OBJECT_DATA[command.p1], command.data)
    command.expect_p1p2(APPLICATION << 8, OBJECT_LIST << 8, OBJECT_LIST << 8 | 1)
    command.expect_no_data()
    if command.p1 == APPLICATION:
        return Reply(application_data(applet))
    return _object_list(applet, first=command.p2 == 0)


def application_data(applet: Applet) -> bytes:
    """Return the application structure of 7.3; 68 bytes if the applet identifier has 32."""
    profile = applet.profile
    functions_tag, agreements_tag = _APPLICATION_TAGS[profile.application_tags]
    fields = (
        (0x10, 1, 0x10),  # interface version 1.0
        (0x11, len(profile.applet_id), int.from_bytes(profile.applet_id, "big")),
        (0xB1, 1, profile.max_files),
        (0xB2, 1, profile.max_private_keys),
        (0xB3, 1, profile.max_public_keys),
        (0xB4, 1, profile.max_secret_keys),
        (functions_tag, 1, profile.functions),
        (0x91, profile.hash_bytes, profile.hashes),
        (0x92, 1, profile.algorithms),
        (agreements_tag, 1, profile.agreements),
        (0x94, 1, profile.derivations),
        (0xB7, 1, profile.max_sessions),
    )
    data = tlv.encode_all((tag, value.to_bytes(size, "big")) for tag, size, value in fields)
    if profile.identifier_slip:
        at = 4  # of the length of tag 11, after tag 10
        data = data[:at] + bytes([data[at] + 1]) + data[at + 1 :]
    return data


def _object_data(applet: Applet, kind: Kind, name: bytes) -> Reply:
    info = _info(applet, applet.find(kind, name))
    return Reply(tlv.encode(kind.tags.wrapper, info) if applet.profile.wrapped else info)


def _info(applet: Applet, item: Container) -> bytes:
    profile = applet.profile
    if profile.content_size and isinstance(item, File):
        item = replace(item, size=len(item.content))
    return item.info(file_usage=profile.file_usage, algorithm_slip=profile.algorithm_slip)


def _object_list(applet: Applet, *, first: bool) -> Reply:
    """Return one part of the list; 6300 if more follow, 6985 if there is no next part."""
    if first:
        applet.list_rest = _whole_list(applet)
    elif not applet.list_rest:
        raise Refused(status.CONDITIONS)
    size = applet.profile.list_part
    part, applet.list_rest = applet.list_rest[:size], applet.list_rest[size:]
    return Reply(part, status.MORE_DATA if applet.list_rest else status.OK)


def _whole_list(applet: Applet) -> bytes:
    profile = applet.profile
    order = _LIST_ORDER[profile.list_layout]
    items = sorted(applet.store.objects(), key=lambda item: order.index(item.kind))
    infos = [(item.kind.tags.wrapper, _info(applet, item)) for item in items]
    if profile.list_layout == "L1":
        return tlv.encode_all(infos)
    by_type = [
        (wrapper, b"".join(info for _, info in group))
        for wrapper, group in groupby(infos, key=lambda pair: pair[0])
    ]
    if profile.list_layout == "L2":
        return tlv.encode_all(by_type)
    return b"".join(content for _, content in by_type)
