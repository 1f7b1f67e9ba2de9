"""Simulation of circuits as Pauli rotations on as few qubits as they need."""
