"""Pictures as arrays: into a network, out of it, and everything decided in between."""
