"""Qiskit in worker processes: check, draw and transpile circuits."""
