// QAOA: one layer for the largest cut of a ring of six, swept over two angles
OPENQASM 3.0;
include "stdgates.inc";

// Try gamma = 0:pi:20 and beta = 0:pi/2:20; one layer cuts at most 4.5 of the 6 edges.
input float[64] gamma;
input float[64] beta;

gate edge(a) x, y {
  cx x, y;
  rz(a) y;
  cx x, y;
}

qubit[6] q;
bit[6] c;

h q;             // all cuts at once

// The cost: a turn for each edge whose ends differ.
edge(gamma) q[0], q[1];
edge(gamma) q[2], q[3];
edge(gamma) q[4], q[5];
edge(gamma) q[1], q[2];
edge(gamma) q[3], q[4];
edge(gamma) q[5], q[0];

rx(2*beta) q;    // the mixer

c = measure q;   // the best cuts are 010101 and 101010
