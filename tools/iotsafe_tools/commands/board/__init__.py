"""The command `iotsafe setup`."""
