"""Faults on demand: answers that are late, broken or missing."""
