// VQE ansatz: two layers of rotations with four parameters, for the estimator
OPENQASM 3.0;
include "stdgates.inc";

// Vary a, b, c and d until the energy is lowest. For hydrogen on two qubits it is
// -1.0523*II + 0.3979*IZ - 0.3979*ZI - 0.0113*ZZ + 0.1809*XX, and -1.857 at its lowest.
input float[64] a;
input float[64] b;
input float[64] c;
input float[64] d;

qubit[2] q;

ry(a) q[0];
ry(b) q[1];
cx q[0], q[1];
ry(c) q[0];
ry(d) q[1];
