"""Where pictures come from and go to."""
