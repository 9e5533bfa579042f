"""Profiles of cards as data, one TOML file each; see profile_file.py."""
