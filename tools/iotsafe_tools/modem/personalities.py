"""The modems that can be simulated. A new one: a module with its table and numbers, and a row
here."""

from .sim7080 import SIM7080

PERSONALITIES = {personality.name: personality for personality in (SIM7080,)}
