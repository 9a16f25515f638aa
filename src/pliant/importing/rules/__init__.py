"""Constants that an exporter may have computed from the size of the picture: one kind per file, each declares `RULE`."""
