"""Routes of the HTTP service, one family per file."""
