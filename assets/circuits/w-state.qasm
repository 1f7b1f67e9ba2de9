// W state: one excitation shared by four qubits, entangled though one is lost
OPENQASM 3.0;
include "stdgates.inc";

qubit[4] q;
bit[4] c;

// The excitation begins on q[0]; each step hands on what is left of it.
x q[0];
cry(2*pi/3) q[0], q[1];           // 2*acos(sqrt(1/4)): a quarter of it stays
cx q[1], q[0];
cry(1.9106332362490186) q[1], q[2]; // 2*acos(sqrt(1/3))
cx q[2], q[1];
cry(pi/2) q[2], q[3];             // 2*acos(sqrt(1/2))
cx q[3], q[2];

c = measure q;                    // 0001, 0010, 0100 and 1000, a quarter each
