"""Two boards with one identity, for example after a SIM or a config was copied. Of two sessions
with one client identifier, the broker keeps the newer and ends the other."""

import shutil

import pytest

from iotsafe_tools.lab import Lab

CN = "device-0001"
ATTEMPTS = 3
PAUSE = r"next attempt in (\d+\.\d) s"
TAKEN = f"Client {CN} already connected, closing old connection"
WARNING = f"sessions soon after their start: does another board use the identity of {CN}?"


@pytest.fixture
def boards(make_rig, tmp_path):
    """A rig and two firmwares, each with its own modem; both SIMs have the same content."""
    stores = [tmp_path / "sim.json", tmp_path / "copy.json"]
    rig = make_rig(cn=CN, lab={"store": str(stores[0])})
    shutil.copy(*stores)
    with (
        Lab(store=str(stores[1]), delays=0.0) as lab,
        rig.firmware(name="first") as first,
        rig.firmware(name="second", changes={"modem.uart": lab.uart}) as second,
    ):
        yield rig, first, second


def test_they_come_back_ever_more_seldom_and_say_why_until_one_is_gone(boards):
    rig, first, second = boards
    for board in (first, second):
        pauses = [float(board.wait_for(PAUSE)[1]) for _ in range(ATTEMPTS)]
        for number, pause in enumerate(pauses):
            assert 0.5 * 2**number <= pause <= 2**number, pauses

    second.wait_for(PAUSE)
    first.stop()  # the first one has the session
    assert any(WARNING in line for line in first.lines + second.lines)
    rig.broker.wait_until(lambda log: log.count(TAKEN) >= 2 * ATTEMPTS)
    assert {(client.id, client.cn) for client in rig.broker.clients} == {(CN, CN)}

    second.wait_for(f"connected to localhost as {CN}")
    mark = len(second.lines)
    for _ in range(3):
        second.wait_for("delivered")
    assert not [line for line in second.lines[mark:] if "next attempt" in line]
    assert not any("Traceback" in line for line in first.lines + second.lines)
