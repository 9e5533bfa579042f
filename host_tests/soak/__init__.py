"""Campaigns: what `make test` does with fixed seeds, done with new ones for as long as one likes."""
