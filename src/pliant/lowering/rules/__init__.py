"""Rewrites of single nodes, one per file: what an engine does not accept, said with what it does."""
