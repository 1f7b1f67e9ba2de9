// Quantum Fourier transform: four qubits, there and measured
OPENQASM 2.0;
include "qelib1.inc";

qreg q[4];
creg c[4];

// A wave of period 4: after the transform only the multiples of 16 / 4 are left.
h q[2];
h q[3];
barrier q;

// The transform, highest qubit first.
h q[3];
cu1(pi/2) q[2], q[3];
cu1(pi/4) q[1], q[3];
cu1(pi/8) q[0], q[3];
h q[2];
cu1(pi/2) q[1], q[2];
cu1(pi/4) q[0], q[2];
h q[1];
cu1(pi/2) q[0], q[1];
h q[0];
swap q[0], q[3];
swap q[1], q[2];
barrier q;

measure q -> c;  // 0000, 0100, 1000 and 1100, a quarter each
