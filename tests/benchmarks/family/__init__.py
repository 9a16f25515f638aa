"""Contenders that need NumPy alone: one that the others are compared with, and three with something wrong."""
