"""Backends and what is known of their qubits and couplers."""
