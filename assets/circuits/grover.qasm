// Grover search: finds 101 among the eight numbers of three qubits
OPENQASM 3.0;
include "stdgates.inc";

// Turns the sign of 111 alone.
gate mark a, b, c {
  h c;
  ccx a, b, c;
  h c;
}

// Turns all amplitudes about their mean, which lets the marked one grow.
gate diffuse a, b, c {
  h a; h b; h c;
  x a; x b; x c;
  mark a, b, c;
  x a; x b; x c;
  h a; h b; h c;
}

qubit[3] q;
bit[3] c;

h q;

// Two rounds are the best for one hit in eight: 94.5 % without noise.
x q[1];
mark q[0], q[1], q[2];   // between the two x on q[1], the marked number is 101
x q[1];
diffuse q[0], q[1], q[2];

x q[1];
mark q[0], q[1], q[2];
x q[1];
diffuse q[0], q[1], q[2];

c = measure q;   // mostly 101
