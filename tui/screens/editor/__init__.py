"""The editor: the text and its files, what Qiskit says of it, the circuit beside it."""
