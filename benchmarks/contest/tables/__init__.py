"""The tables of docs/speed.md, one file each. Each declares `TABLE`; see `benchmarks.contest.tables.base`."""
