"""`pliant serve`: the same function behind a request."""
