"""One file per family of idioms; each declares `CAPTURE`."""
