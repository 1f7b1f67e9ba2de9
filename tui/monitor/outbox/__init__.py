"""Submissions on their way: queue, at-most-once POST, reconciliation."""
