"""Doctor, `explain` and the client's choice agree on each card, whatever it refuses to tell."""

import itertools

import pytest
from card_commands_by_profile import Channel, Probe

from iotsafe import CardError, FullApplet, IdentityError, discovery, doctor, find_identity
from iotsafe_tools.simulator.sim import BROKEN, PROFILES
from iotsafe_tools.testbed import PKI

READ_KEY, LIST = 0xCD, 0xCB01
NAMES = [name for name in PROFILES if not name.startswith(BROKEN)]


class Refusing(Channel):
    """A channel whose card refuses some commands: {INS, or INS and P1: status word}."""

    def __init__(self, card, refused):
        super().__init__(card)
        self._refused = refused

    def transmit(self, apdu):
        for command in (apdu[1], apdu[1] << 8 | apdu[2]):
            if command in self._refused:
                return memoryview(b""), self._refused[command]
        return super().transmit(apdu)


def chosen(applet, *wanted):
    """Return (key, certificate) that the client chooses, None if it raises."""
    try:
        found = find_identity(applet, *wanted)
    except (IdentityError, CardError):
        return None
    return found.key_id, found.certificate_id


def works(applet, *wanted):
    return not [step for step in doctor.steps(applet, *wanted) if step.state == "fail"]


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return PKI.create(tmp_path_factory.mktemp("pki"))


@pytest.mark.parametrize("name", NAMES)
def test_what_the_doctor_says_is_what_the_client_does(name, pki):
    card = Probe(name).card
    profile = card.profile
    pair = profile.key_id, profile.certificate_id
    for filled in (True, False):
        content = b"\x00" * 64
        if filled:
            content = pki.issue_client(card.issuer.point_of(profile.key_id), "device-1")
        card.issuer.write_file(profile.certificate_id, content)
        for key_sw, list_sw, wanted in itertools.product(
            (None, 0x6985, 0x6A82), (None, 0x6982), ((), pair)
        ):
            refused = {READ_KEY: key_sw, LIST: list_sw}
            refused = {command: sw for command, sw in refused.items() if sw}
            applet = FullApplet(Refusing(card, refused))
            choice = chosen(applet, *wanted)
            case = key_sw, list_sw, wanted
            assert works(applet, *wanted) == bool(choice), case
            listed = profile.get_data and not list_sw
            usual = pair == (b"\x01", b"\x02")
            assert choice == (pair if filled and (wanted or listed or usual) else None), case
            if listed:
                found = discovery.survey(applet, applet.objects(), *wanted)
                survey = found.key and (found.key.info.id, found.file.info.id)
                assert survey == choice, case
            applet.close()
