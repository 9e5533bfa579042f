"""The command-line commands, one folder for each object that they act on."""
