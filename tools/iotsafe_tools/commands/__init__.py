"""The commands that a person types, one folder for each object that they act on."""
