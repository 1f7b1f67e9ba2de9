"""The lines below the editor: how far the check is, and what Qiskit found."""

from __future__ import annotations

from enum import Enum, auto

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import CheckReport, CircuitStats, Diagnostic
from tui.widgets.text.styled_text import StyledLine, TextStyle, fit_line, line, wrapped

HEIGHT = 4
"""The most lines it takes."""


class CheckState(Enum):
    """Where the check is, while there is no answer for the text as it stands."""

    NOTHING = auto()
    """There is no text."""
    WAITING = auto()
    """The text is being typed, or was just sent."""
    STARTING = auto()
    """Qiskit has never answered yet: it takes seconds to start."""
    LONG = auto()
    """It takes longer than usual."""
    STOPPED = auto()
    """The user stopped it."""


def diagnostic_lines(state: CheckState | CheckReport | QdeckError, width: int) -> list[StyledLine]:
    """Return the lines below the editor.

    Args:
        state: how far the check is, its report, or its failure.
        width: cells of a line.

    Returns:
        At most `HEIGHT` lines for a report: the errors, or the size of the circuit.
    """
    if isinstance(state, QdeckError):
        return wrapped(f"! {plain(str(state), limit=600)}", width, TextStyle.WARNING)
    if isinstance(state, CheckReport):
        return _errors(state, width) if state.diagnostics else [_fine(state)]
    words = {
        CheckState.NOTHING: "",
        CheckState.WAITING: "○ not checked yet",
        CheckState.STARTING: "○ Qiskit is starting…",
        CheckState.LONG: "○ Qiskit is still checking…  esc stops",
        CheckState.STOPPED: "○ The check was stopped. The next change checks again.",
    }[state]
    return [line((words, TextStyle.MUTED))]


def sizes(stats: CircuitStats) -> str:
    """Return the size of a circuit: `2 qubits, 2 bits, depth 3`."""
    qubits = f"{stats.qubits} qubit{'' if stats.qubits == 1 else 's'}"
    bits = f"{stats.clbits} bit{'' if stats.clbits == 1 else 's'}"
    return f"{qubits}, {bits}, depth {stats.depth}"


def place(diagnostic: Diagnostic) -> str:
    """Return the position of a diagnostic.

    Returns:
        `line 3, column 5: `, without the column or empty where it is not known.
    """
    if diagnostic.line <= 0:
        return ""
    column = f", column {diagnostic.column}" if diagnostic.column > 0 else ""
    return f"line {diagnostic.line}{column}: "


def _fine(report: CheckReport) -> StyledLine:
    text = f" by Qiskit: {sizes(report.stats)}" if report.stats is not None else " by Qiskit"
    more = ""
    if report.parameters:
        more = f"  inputs {', '.join(plain(name, limit=30) for name in report.parameters[:5])}"
    elif not report.measures:
        more = "  unmeasured: estimator only"
    return line(("✔ checked", TextStyle.GOOD), text, (more, TextStyle.MUTED))


def _errors(report: CheckReport, width: int) -> list[StyledLine]:
    first, *others = report.diagnostics
    lines = wrapped(f"✘ {place(first)}{plain(first.message, limit=600)}", width, TextStyle.BAD)[: HEIGHT - 1]
    for diagnostic in others[: HEIGHT - 1 - len(lines)]:
        text = f"✘ {place(diagnostic)}{plain(diagnostic.message, limit=600)}"
        lines.append(fit_line(line((text, TextStyle.BAD)), width))
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
