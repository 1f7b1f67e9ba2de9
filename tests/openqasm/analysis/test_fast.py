"""The fast analysis: QDK beside our own, the worker process, and Qiskit's word put together with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from tests.openqasm.analysis.faults import FAULTS, V3, Fault
from tui.compiler.qiskit.parser import check
from tui.domain.circuits import Analysis, CheckReport, Diagnostic
from tui.domain.devices.backends import DeviceLimits
from tui.openqasm.analysis.client import VALID, Analyzer, combined
from tui.openqasm.analysis.fast import LONGEST, analyse
from tui.openqasm.analysis.mistakes import MOST
from tui.openqasm.analysis.qdk_analysis import Qdk, words
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.examples import examples


@pytest.fixture(scope="module")
def qdk() -> Qdk:
    return Qdk()


@pytest.fixture
async def analyzer() -> AsyncIterator[Analyzer]:
    made = Analyzer()
    yield made
    await made.aclose()


def test_telemetry_of_qdk_is_off(qdk: Qdk) -> None:
    from qdk import telemetry

    assert not telemetry.TELEMETRY_ENABLED
    assert os.environ["QDK_PYTHON_TELEMETRY"] == "none"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_planted_fault_is_told_by_both_as_by_our_own(fault: Fault, qdk: Qdk) -> None:
    found = analyse(fault.text, None, qdk)
    first = found.diagnostics[0]
    assert (first.line, first.column, first.suggestion) == (fault.line, fault.column, fault.suggestion)
    assert fault.says in first.message
    assert {one.line for one in found.diagnostics} == {fault.line}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_planted_fault_is_at_its_place_with_qiskits_word_and_nothing_else_is_told(
    fault: Fault, qdk: Qdk
) -> None:
    told = combined(analyse(fault.text, None, qdk), check(fault.text))
    assert (told[0].line, told[0].column) == (fault.line, fault.column)
    assert {one.line for one in told} == {fault.line}
    assert len({(one.line, one.column) for one in told}) == len(told), "one place, one message"


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ("h q[0] q[1];", 8, "';' is needed here, not a name."),
        ("rx(pi/) q[0];", 7, "A value is needed here, not ')'."),
        ("if c[0] { x q[0]; }", 4, "'(' is needed here, not a name."),
        ("for int i [0:2] { }", 11, "`in` is needed here, not '['."),
        ("x q[0]; ; y q;", 9, "This ';' is one too many."),
        ("reset;", 6, "A qubit is needed here, not ';'."),
        ("c = q;", 5, "This is a qubit, and a value of type bit[3] is needed: measure it first."),
        ("break;", 1, "`break` stands in loops alone."),
        ("const n = 3;", 7, "A type, such as int or float, is needed here, not a name."),
    ],
)
def test_grammar_and_types_are_told_by_qdk_alone(line: str, column: int, says: str, qdk: Qdk) -> None:
    assert analyse(V3 + line).diagnostics == ()
    first = analyse(V3 + line, None, qdk).diagnostics[0]
    assert (first.line, first.column, first.message) == (5, column, says)


@pytest.mark.parametrize(
    "line",
    [
        "rx(1) q[0]; p(1/2) q[1];",  # integers for angles, which QDK refuses
        "switch (c) { case 1 { x q[0]; } default { } }",  # of OpenQASM 3.1
        "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; } rzz(0.3) q[0], q[1];",
    ],
)
def test_rules_of_qdk_alone_are_not_told(line: str, qdk: Qdk) -> None:
    assert analyse(V3 + line, None, qdk) == Analysis((), "qdk and qdeck")


def test_examples_have_no_errors(qdk: Qdk) -> None:
    assert [one.name for one in examples() if analyse(one.text, None, qdk).diagnostics] == []


def test_places_count_characters_not_bytes(qdk: Qdk) -> None:
    first = analyse(V3 + "qubit ψ; rx(π/) ψ;", None, qdk).diagnostics[0]
    assert (first.line, first.column) == (5, 15)


def test_unknown_code_of_qdk_is_left_out_or_told_as_it_is() -> None:
    assert words("Lowerer.Whatever", "cannot do it") == ""
    assert words("Parser.Whatever", "cannot do it") == "Cannot do it."


def test_text_beyond_the_limit_is_left_to_qiskit() -> None:
    assert analyse("x" * (LONGEST + 1)) == Analysis(())


# --- the device ---


def test_hints_tell_of_too_many_qubits_and_of_control_flow_once() -> None:
    device = DeviceLimits("ibm_small", 3, ("x", "if_else"))
    text = V3 + "qubit r;\nwhile (c == 0) { x q[0]; }\nwhile (c == 1) { x q[0]; }\nif (c[0]) x q[0];\n"
    found = analyse(text, device)
    assert found.errors == ()
    assert [(one.line, one.column, one.length) for one in found.warnings] == [(5, 7, 1), (6, 1, 5)]
    assert found.warnings[0].message == "The circuit has more qubits than ibm_small, which has 3."
    assert found.warnings[1].message.startswith("ibm_small does not run `while`: write the block")


def test_hints_tell_of_a_physical_qubit_that_is_none() -> None:
    found = analyse("OPENQASM 3.0;\nx $2;\nx $17;\n", DeviceLimits("ibm_small", 3))
    assert [(one.line, one.message) for one in found.warnings] == [
        (3, "ibm_small has no qubit $17: its qubits are $0 to $2.")
    ]


def test_hints_need_what_is_known_of_the_device() -> None:
    assert analyse(V3 + "while (c == 0) { x q[0]; }", DeviceLimits("ibm_new")).diagnostics == ()


# --- with Qiskit's word ---

FAST = Diagnostic(5, 1, "There is no gate cxx. Did you mean `cx`?", 3, "cx")
LATER = Diagnostic(9, 3, "There is no r: it is not declared.", 1)
HINT = Diagnostic(2, 1, "ibm_small has 3 qubits.", warning=True)


def test_word_of_qiskit_keeps_the_better_words_and_what_it_does_not_reach() -> None:
    report = CheckReport((Diagnostic(5, 1, "There is no gate cxx."), Diagnostic(7, 1, "Too deep.")))
    together = combined(Analysis((FAST, LATER, HINT)), report)
    assert together == (FAST, report.diagnostics[1], LATER, HINT)


def test_program_that_qiskit_accepts_has_no_errors_but_hints() -> None:
    assert combined(Analysis((FAST, HINT)), CheckReport(())) == (HINT,)


def test_valid_program_that_qiskit_lacks_is_called_so() -> None:
    lacking = Diagnostic(9, 2, f"{VALID} cannot import this.")
    assert combined(Analysis((LATER,)), CheckReport((lacking,))) == (lacking,)


def test_what_was_probably_meant_is_told_although_qiskit_calls_it_valid() -> None:
    misread = Diagnostic(5, 2, f"{VALID} cannot import this.")
    assert combined(Analysis((FAST,)), CheckReport((misread,))) == (FAST,)


def test_what_only_follows_from_a_missing_end_is_not_told_again() -> None:
    open_text = Diagnostic(5, 9, 'This text does not end: a second " is missing on this line.')
    before, behind = Diagnostic(4, 1, "Too deep."), Diagnostic(6, 1, "'q' cannot stand here.")
    assert combined(Analysis((open_text,)), CheckReport((before, behind))) == (before, open_text)


def test_either_may_be_missing() -> None:
    report = CheckReport((LATER,))
    assert combined(None, report) == (LATER,)
    assert combined(Analysis((FAST, HINT)), None) == (FAST, HINT)
    assert combined(None, None) == ()


# --- the worker ---


async def test_worker_analyses_any_text_and_says_by_whom(analyzer: Analyzer) -> None:
    analyzer.start()
    found = await analyzer.analyse(
        V3 + "while (c == 0) { cxx q[0], q[1]; }", DeviceLimits("ibm_small", 2, ("x",))
    )
    assert found.by == "qdk and qdeck"
    assert [one.suggestion for one in found.errors] == ["cx"] and len(found.warnings) == 2
    assert (await analyzer.analyse("\0\ud7ff}{λ")).errors
    assert analyzer.pid is not None


async def test_names_read_in_the_worker_are_those_read_here(analyzer: Analyzer) -> None:
    text = "gate g(a) q { rx(a) q; }\nqubit[2] r;\nfor int i in [0:1] { g(i) r[i]; }\n"
    table = SymbolTable.of(text)
    assert await analyzer.names(text) == (table.symbols, table.scopes)
    assert await analyzer.format("x  q;", (1, 3)) == ("x q;\n", (1, 2))


async def test_edits_are_sent_and_the_whole_to_a_worker_that_has_not_what_was_edited(
    analyzer: Analyzer,
) -> None:
    text = V3 + "x q[0];\n" * 3
    assert (await analyzer.analyse(text)).errors == ()
    edited = text.replace("x q[0];\n", "xx q[0];\n", 1)
    for own in (True, False):  # the second time nothing has changed
        assert [one.line for one in (await analyzer.analyse(edited, own=own)).errors] == [5]
    await analyzer._queue._end()
    assert [one.line for one in (await analyzer.analyse(edited)).errors] == [5]
    assert (await analyzer.names(edited + "qubit r;"))[0][-1].name == "r"
    one, other = await asyncio.gather(
        analyzer.analyse(text + "w;" * 200_000), analyzer.analyse(edited + "h r;")
    )
    assert len(one.errors) == MOST and [found.line for found in other.errors] == [5, 8]


async def test_mistakes_without_qdk_are_those_of_our_own(analyzer: Analyzer) -> None:
    text = V3 + "rx(pi/) q[0];\nghost q[0];\n"
    assert await analyzer.analyse(text, own=True) == analyse(text)
    assert len((await analyzer.analyse(text)).errors) == 2
