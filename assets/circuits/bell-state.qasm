// Bell state without measurement: for the estimator, with the observable ZZ
OPENQASM 3.0;
include "stdgates.inc";

// An estimator measures by itself: run this with the observables ZZ and XX, which are
// both 1 for this state, or with ZI, which is 0.
qubit[2] q;

h q[0];
cx q[0], q[1];
