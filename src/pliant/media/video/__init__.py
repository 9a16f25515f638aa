"""Videos: frames in and out as arrays, and everything else of the file copied as it is."""
