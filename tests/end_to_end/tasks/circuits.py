"""Tasks 1 to 5: a circuit is written, transpiled, run, swept."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.tasks.terminal_user import TerminalUser

GHZ = """OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
h q[0];
cx q[0], q[1];
cy q[1], q[3];
c = measure q;
"""
"""With an error and a wrong gate in its last line but one."""
PAIR = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
h q[0];
cx q[0], q[1];
"""
ROTATION = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
qubit[1] q;
bit[1] c;
rx(theta) q[0];
c = measure q;
"""


def first_run(user: TerminalUser, folder: Path) -> None:
    """From the shell to the counts of a Bell pair."""
    user.run("qdeck --sandbox")
    user.see("No jobs yet", "F3 opens the editor")
    user.press("f3", "ctrl+o")
    user.see("Open a circuit")
    user.press(*"bell", "enter")
    user.see("checked by Qiskit")
    user.press("f9")
    user.see("F9 runs it")
    user.press("f9")
    user.section("Jobs", "✔ done", "bell")
    user.press("enter")
    user.see("4096 shots", "00 ", "11 ", "▴ noisy")


def error_found_and_fixed(user: TerminalUser, folder: Path) -> None:
    """GHZ typed with an error, which is found, and with a wrong gate, which is replaced; saved."""
    user.press("f3", "ctrl+n")
    user.see("Type OpenQASM here")
    user.type(GHZ.replace("\n", "\r"))
    user.see("q[3] does not exist")
    user.press("ctrl+g", "delete", "2")
    user.see("checked by Qiskit: 3 qubits")
    user.press("ctrl+r")
    user.see("Replace")
    user.press(*"cy", "tab", *"cx")
    user.wait(lambda screen: "1 found" in screen or "1 of 1" in screen, "the one gate")
    user.press("alt+a")
    user.see("1 replaced")
    user.press("esc")
    user.gone("Replace")
    user.press("ctrl+s")
    user.see("Save the circuit as")
    user.press(*"ghz.qasm", "enter")
    user.see("Saved")
    right = GHZ.replace("cy", "cx").replace("q[3];\nc", "q[2];\nc")
    assert (folder / "ghz.qasm").read_text() == right


def levels_and_backends_compared(user: TerminalUser, folder: Path) -> None:
    """The GHZ circuit at two levels, and on two backends, side by side."""
    user.press("f4")
    user.section("Transpile", "F8 transpiles it anew")
    # From the number of shots up past what is between: the program beside the view, where both fit.
    user.press(*["shift+tab"] * (7 if user.wide else 6), "enter", *"fez", "enter")
    user.press("tab", "enter", "1", "enter", "f8")
    user.see("for ibm_fez, level 1", "F9 runs it")
    user.press("enter", "3", "enter", "f8")
    user.see("for ibm_fez, level 3", "F9 runs it")
    user.press("shift+tab", "enter", *"cusco", "enter", "f8")
    user.see("for ibm_cusco, level 3", "F9 runs it")
    user.press("tab", "tab", "tab", "C")
    screen = user.see("[2 Differences]", "≠ success", "≠ backend")
    assert all(name in screen for name in ("ibm_cusco level 3", "ibm_fez level 1", "ibm_fez level 3"))
    user.press("esc")
    user.section("Transpile")


def two_observables(user: TerminalUser, folder: Path) -> None:
    """An estimator's values of ZZ and XX of a Bell pair."""
    user.press("f3", "ctrl+n")
    user.see("Type OpenQASM here")
    user.paste(PAIR)
    user.see("2 qubits, 0 bits")
    user.press("f9")
    user.see("F9 runs it", "Primitive    sampler")
    user.press("shift+tab", "enter", "e", "enter", "tab", *"ZZ,XX", "f9")
    user.section("Jobs", "estimator")
    user.wait(lambda screen: "done" in user.cursor_line(), "the end of the job")
    user.press("enter")
    user.see("ZZ[0]  +", "XX[1]  +", "raw +")


def sweep_plotted(user: TerminalUser, folder: Path) -> None:
    """A rotation by 20 angles, drawn over the angle."""
    user.press("f3", "ctrl+n")
    user.see("Type OpenQASM here")
    user.paste(ROTATION)
    user.see("1 qubit, 1 bit")
    user.press("f9")
    user.see("F9 runs it", "theta")
    user.press("tab", *"0:2pi:20", "f9")
    user.section("Jobs", "sampler")
    user.wait(lambda screen: "done" in user.cursor_line(), "the end of the job")
    user.press("enter")
    user.see("share of the shots over theta", "2π", "20 parameter sets")
