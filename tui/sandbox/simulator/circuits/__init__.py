"""Circuits as submitted: loading, ISA check, reduction to the qubits in use."""
