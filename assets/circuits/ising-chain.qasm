// Ising chain: six spins after one step in time, for the estimator
OPENQASM 3.0;
include "stdgates.inc";

// One Trotter step of a chain with a field across. Observables have six letters, the
// leftmost for q[5]: IIIIIZ is the spin at the end, IIIIZZ whether the last two agree.
qubit[6] q;

// Neighbours: exp(-i 0.5 Z Z), first the even pairs, then the odd ones.
cx q[0], q[1]; rz(1.0) q[1]; cx q[0], q[1];
cx q[2], q[3]; rz(1.0) q[3]; cx q[2], q[3];
cx q[4], q[5]; rz(1.0) q[5]; cx q[4], q[5];
cx q[1], q[2]; rz(1.0) q[2]; cx q[1], q[2];
cx q[3], q[4]; rz(1.0) q[4]; cx q[3], q[4];

// The field: exp(-i 0.3 X) on each spin.
rx(0.6) q;
