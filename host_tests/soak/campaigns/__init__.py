"""One file for each kind of case; `../README.md` says what it must have."""
