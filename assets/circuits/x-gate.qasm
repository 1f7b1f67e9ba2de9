// One X gate: a single qubit, flipped and measured
OPENQASM 3; include "stdgates.inc"; qreg q[1]; creg c[1]; x q[0]; c[0] = measure q[0];
