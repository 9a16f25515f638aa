"""What `benchmarks/speed.py` measures, and how: contenders that take turns, tables, and the page made of them."""
