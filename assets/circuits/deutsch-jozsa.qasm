// Deutsch-Jozsa: tells a balanced function from a constant one at once
OPENQASM 2.0;
include "qelib1.inc";

qreg q[3];
qreg answer[1];
creg c[3];

// The function is 1 for half of the eight questions: the parity of first and last bit.
gate ask a, b, d, r {
  cx a, r;
  cx d, r;
}

x answer[0];
h answer[0];
h q;
ask q[0], q[1], q[2], answer[0];
h q;

// 000 for a constant function, never 000 for a balanced one; here always 101.
measure q -> c;
