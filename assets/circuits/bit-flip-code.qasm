// Bit-flip code: finds a flipped qubit by two parities and corrects it
OPENQASM 3.0;
include "stdgates.inc";

qubit[3] data;
qubit[2] parity;
bit[2] syndrome;
bit[3] c;

x data[0];       // the logical one is 111
cx data[0], data[1];
cx data[0], data[2];

x data[1];       // the error: try another qubit, or none

// Parities of neighbours, without a look at the data itself.
cx data[0], parity[0];
cx data[1], parity[0];
cx data[1], parity[1];
cx data[2], parity[1];
syndrome = measure parity;

// Feed-forward: the correction depends on what was measured.
if (syndrome == 1) { x data[0]; }
if (syndrome == 3) { x data[1]; }
if (syndrome == 2) { x data[2]; }

c = measure data; // 111, whichever qubit was flipped
