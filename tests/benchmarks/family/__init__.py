"""Contenders that need NumPy alone: one that the others are compared with, and some with something wrong."""
