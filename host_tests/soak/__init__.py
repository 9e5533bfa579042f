"""Campaigns: the cases of `make test` with new seeds, for as long as one likes."""
