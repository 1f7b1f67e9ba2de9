// Bernstein-Vazirani: reads the hidden number 1011 with a single question
OPENQASM 3.0;
include "stdgates.inc";

qubit[4] q;
qubit[1] answer;
bit[4] c;

h q;
x answer[0];
h answer[0];     // in the state |->, an answer shows as a phase on the question

// The oracle: the answer flips once for each 1 that question and hidden number share.
barrier q, answer;
cx q[0], answer[0];
cx q[1], answer[0];
cx q[3], answer[0];
barrier q, answer;

h q;
c = measure q;   // 1011
