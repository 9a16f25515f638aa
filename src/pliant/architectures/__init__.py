"""Networks whose weights pliant can turn into a model: one per file, each declaring `ARCHITECTURE`."""
