"""The containers that weights come in, read without running anything in them.

A container gives a `Content`: what was saved, with each tensor *described* (which bytes, which shape). Nothing that a
file claims is believed before it is compared with the bytes that are there, and only tensors that are wanted are read.
"""
