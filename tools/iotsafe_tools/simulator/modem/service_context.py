"""The data context of the modem's own TCP/IP stack, for modems whose sockets need one beside the
bearer: a profile (u-blox R5), the internet services (Cinterion)."""

from __future__ import annotations

from . import bearer
from .errors import NO_NETWORK, CMEError
from .radio import CONTEXTS
from .table import Until

BEARER, SERVICE = 0, CONTEXTS - 1
"""Contexts of `Radio`: the bearer, and a number that AT+CGACT does not reach on these modems."""


def hand_over(modem):
    """Wait until the stack has its context; CMEError if the bearer is off, or it is refused."""
    radio = modem.radio
    modem.sim.require()
    if not radio.pdp[BEARER]:
        raise CMEError(NO_NETWORK)
    if not radio.pdp[SERVICE] and SERVICE not in radio.activating:
        radio.activate(SERVICE)
    yield Until(lambda: SERVICE not in radio.activating, bearer.ACTIVATION)
    if not radio.pdp[SERVICE]:
        raise CMEError(bearer.NOT_ACTIVATED)


def context_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """End the stack's context when the bearer ends."""
    if index == SERVICE:
        return
    bearer.context_changed(modem, index, active, by_host)
    if index == BEARER and not active and modem.radio.pdp[SERVICE]:
        modem.radio.deactivate(SERVICE)
