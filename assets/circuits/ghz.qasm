// GHZ state: five qubits, all 0 or all 1
OPENQASM 3.0;
include "stdgates.inc";

qubit[5] q;
bit[5] c;

// Spreading from the middle keeps the chain of gates short: depth 4 instead of 5.
h q[2];
cx q[2], q[1];
cx q[2], q[3];
cx q[1], q[0];
cx q[3], q[4];

c = measure q;   // 00000 and 11111; anything else is the device's noise
