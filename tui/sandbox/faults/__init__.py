"""Faults on demand: responses that are late, broken or missing."""
