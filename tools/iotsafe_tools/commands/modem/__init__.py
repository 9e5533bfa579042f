"""Commands on a modem: info, attach, ping, at."""
