"""How a kernel of a user's reaches each engine: one file per engine."""
