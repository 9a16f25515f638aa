"""Which engine runs a model fastest on this machine, measured once and remembered."""
