// Bell pair: two qubits that always agree
OPENQASM 3.0;
include "stdgates.inc";

qubit[2] q;
bit[2] c;

h q[0];          // an equal mix of 0 and 1
cx q[0], q[1];   // the second qubit follows the first
c = measure q;   // 00 and 11, half each
