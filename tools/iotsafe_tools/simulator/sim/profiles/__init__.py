"""Profiles of cards, one TOML file each; see profile_file.py."""
