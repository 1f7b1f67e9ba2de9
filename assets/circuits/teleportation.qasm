// Teleportation: moves a state with one Bell pair and two measured bits
OPENQASM 3.0;
include "stdgates.inc";

qubit[3] q;      // 0: the state to send, 1 and 2: the Bell pair
bit[2] sent;     // what the sender measures
bit[1] got;      // what the receiver measures

rx(2*pi/3) q[0]; // the state: 1 in three of four shots

h q[1];
cx q[1], q[2];

cx q[0], q[1];   // the sender's Bell measurement
h q[0];
sent[0] = measure q[0];
sent[1] = measure q[1];

// The receiver mends the state while the circuit runs (a dynamic circuit).
if (sent[1]) { x q[2]; }
if (sent[0]) { z q[2]; }

got[0] = measure q[2];   // again 1 in three of four shots
