"""One file for each kind of case; `../README.md` describes its function `prepare`."""
