"""Benchmarks: each script prints one table, with the limit or the peer beside our figure."""
