"""Figures that decide something. Each runs by itself: `python -m benchmarks.NAME`."""
