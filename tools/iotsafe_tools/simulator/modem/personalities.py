"""The modems that can be simulated. To add one, write a module with its table and numbers, and add
a row here."""

from .cinterion import TX62
from .quectel import BG77, BG95, BG96, EG91, EG95
from .sequans import GM02S, GMS01Q
from .sim7000 import SIM7000
from .sim7080 import SIM7080
from .ublox import SARA_R4, SARA_R5

_ALL = (BG77, BG95, BG96, EG91, EG95, GM02S, GMS01Q, SARA_R4, SARA_R5, SIM7000, SIM7080, TX62)
PERSONALITIES = {personality.name: personality for personality in _ALL}
