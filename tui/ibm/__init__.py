"""IBM Quantum over HTTP: one service protocol, two generations behind it."""
