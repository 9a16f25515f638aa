"""Kinds of clusters that upscale pictures, one per file; the file name is the cluster's name."""
