"""Upscaling many pictures: finding them, naming results, remembering what is done, and doing it."""
