"""The simulator: runs jobs on simulated devices and transpiles, in worker processes.

Importing this package is cheap: Qiskit and numpy are imported by the workers alone.
"""
