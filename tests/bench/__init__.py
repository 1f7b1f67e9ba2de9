"""Measurements, run by hand: `python -m tests.bench.first_paint` and its neighbours. No test asserts time."""
