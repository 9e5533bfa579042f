"""Campaigns: the cases of `make test` with new seeds, for any length of time."""
