"""OpenQASM as a language, by Qiskit: programs in the other version, what gates mean."""
