"""What Qiskit says of the text, in a few lines below it."""

from __future__ import annotations

from enum import Enum, auto

from tui.common.errors import QdeckError
from tui.common.sanitize import plain
from tui.domain.circuits import CheckReport, CircuitStats, Diagnostic
from tui.widgets.text.styled_text import Line, TextStyle, fit_line, line, wrapped

HEIGHT = 4
"""The most lines it takes."""


class Checking(Enum):
    """Where the check is, while there is no answer for the text as it stands."""

    NOTHING = auto()
    """There is no text."""
    WAITING = auto()
    """The text is being typed, or was just sent."""
    STARTING = auto()
    """Qiskit has never answered yet: it takes seconds to start."""


def check_lines(state: Checking | CheckReport | QdeckError, width: int) -> list[Line]:
    """The lines for a state, each at most `width` cells."""
    if isinstance(state, QdeckError):
        return wrapped(f"! {plain(str(state), limit=600)}", width, TextStyle.WARNING)
    if isinstance(state, CheckReport):
        return _errors(state, width) if state.diagnostics else [_fine(state)]
    words = {
        Checking.NOTHING: "",
        Checking.WAITING: "○ not checked yet",
        Checking.STARTING: "○ Qiskit is starting…",
    }[state]
    return [line((words, TextStyle.MUTED))]


def sizes(stats: CircuitStats) -> str:
    """`2 qubits, 2 bits, depth 3`."""
    qubits = f"{stats.qubits} qubit{'' if stats.qubits == 1 else 's'}"
    bits = f"{stats.clbits} bit{'' if stats.clbits == 1 else 's'}"
    return f"{qubits}, {bits}, depth {stats.depth}"


def place(diagnostic: Diagnostic) -> str:
    """`line 3, column 5: `, or as much of it as is known."""
    if diagnostic.line <= 0:
        return ""
    column = f", column {diagnostic.column}" if diagnostic.column > 0 else ""
    return f"line {diagnostic.line}{column}: "


def _fine(report: CheckReport) -> Line:
    told = f" by Qiskit: {sizes(report.stats)}" if report.stats is not None else " by Qiskit"
    more = ""
    if report.parameters:
        more = f"  inputs {', '.join(plain(name, limit=30) for name in report.parameters[:5])}"
    elif not report.measures:
        more = "  unmeasured: estimator only"
    return line(("✔ checked", TextStyle.GOOD), told, (more, TextStyle.MUTED))


def _errors(report: CheckReport, width: int) -> list[Line]:
    first, *others = report.diagnostics
    lines = wrapped(f"✘ {place(first)}{plain(first.message, limit=600)}", width, TextStyle.BAD)[: HEIGHT - 1]
    for diagnostic in others[: HEIGHT - 1 - len(lines)]:
        told = f"✘ {place(diagnostic)}{plain(diagnostic.message, limit=600)}"
        lines.append(fit_line(line((told, TextStyle.BAD)), width))
    hidden = len(others) - (len(lines) - 1)
    more = f"{len(report.diagnostics)} errors, " if hidden > 0 and others else ""
    lines.append(
        line(
            (f"  {more}", TextStyle.MUTED),
            ("^g ", TextStyle.KEY),
            ("goes there; until it is right nothing can be transpiled or run", TextStyle.MUTED),
        )
    )
    return lines
