"""The embedded IBM Quantum: both generations on loopback, real transpiling and simulation."""
