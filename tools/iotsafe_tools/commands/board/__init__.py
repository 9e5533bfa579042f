"""The command that sets a board up."""
