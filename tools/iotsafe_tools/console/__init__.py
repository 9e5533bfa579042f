"""Shared by all commands: options, failures, exit status, output."""
