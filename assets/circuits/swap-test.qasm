// Swap test: how alike two states are, by the share of zeros of one qubit
OPENQASM 3.0;
include "stdgates.inc";

qubit[1] test;
qubit[2] state;
bit[1] result;

ry(pi/3) state[0]; // two states at an angle: their overlap squared is cos(pi/12)^2
ry(pi/2) state[1];

h test[0];
cswap test[0], state[0], state[1];
h test[0];

result = measure test; // 0 in (1 + overlap squared) / 2 of all shots: 96.7 %
