// Phase estimation: reads the phase 5/16 of a gate into four bits
OPENQASM 3.0;
include "stdgates.inc";

qubit[4] count;  // becomes the phase, in sixteenths
qubit[1] state;  // an eigenstate of the gate
bit[4] c;

x state[0];      // p(a)|1> is exp(i a)|1>, here with a = 2 pi 5/16
h count;

// The gate once, twice, four and eight times, each under one counting qubit.
cp(2*pi*5/16) count[0], state[0];
cp(4*pi*5/16) count[1], state[0];
cp(8*pi*5/16) count[2], state[0];
cp(16*pi*5/16) count[3], state[0];

// The inverse Fourier transform.
swap count[0], count[3];
swap count[1], count[2];
h count[0];
cp(-pi/2) count[0], count[1];
h count[1];
cp(-pi/4) count[0], count[2];
cp(-pi/2) count[1], count[2];
h count[2];
cp(-pi/8) count[0], count[3];
cp(-pi/4) count[1], count[3];
cp(-pi/2) count[2], count[3];
h count[3];

c = measure count; // 0101
