"""Networks for one whole factor: the same result with less arithmetic, computed in blocks that stay in caches."""
