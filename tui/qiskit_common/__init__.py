"""What the workers of the compiler and of the simulator share of Qiskit. Never imported by the app."""
