"""The modems that can be simulated. A new one: a module with its table and numbers, and a row
here."""

from .quectel import BG77, BG95, BG96, EG91, EG95
from .sequans import GM02S, GMS01Q
from .sim7080 import SIM7080

_ALL = (BG77, BG95, BG96, EG91, EG95, GM02S, GMS01Q, SIM7080)
PERSONALITIES = {personality.name: personality for personality in _ALL}
