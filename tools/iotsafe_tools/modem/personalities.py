"""The modems that can be simulated. A new one: a module with its table and numbers, and a row
here."""

from .quectel import BG77, BG95, BG96, EG91, EG95
from .sim7080 import SIM7080

PERSONALITIES = {
    personality.name: personality for personality in (BG77, BG95, BG96, EG91, EG95, SIM7080)
}
from .sequans import GM02S, GMS01Q
PERSONALITIES = {personality.name: personality for personality in (GM02S, GMS01Q, SIM7080)}
