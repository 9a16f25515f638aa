"""Constants that an exporter may have computed from the picture's size: one kind per file, each declares `RULE`."""
