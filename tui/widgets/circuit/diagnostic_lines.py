"""The lines below the editor: how far the check is, and what was found; first what is at the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.circuits import CheckReport, CircuitStats, Diagnostic
from tui.widgets.text.styled_text import StyledLine, TextStyle, fit_line, line, wrapped

HEIGHT = 4
"""The most lines it takes."""
_LONGEST = 600
"""Characters of a message that are shown."""


class CheckState(Enum):
    """Where Qiskit's check is, while there is no answer for the text as it stands."""

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


_ALONE = {
    CheckState.NOTHING: "",
    CheckState.WAITING: "○ not checked yet",
    CheckState.STARTING: "○ Qiskit is starting…",
    CheckState.LONG: "○ Qiskit is still checking…  esc stops",
    CheckState.STOPPED: "○ The check was stopped. The next change checks again.",
}
"""Words while nothing is known."""
_PENDING = {
    CheckState.NOTHING: "",
    CheckState.WAITING: "Qiskit is checking…",
    CheckState.STARTING: "Qiskit is starting…",
    CheckState.LONG: "Qiskit is still checking…  esc stops",
    CheckState.STOPPED: "Qiskit was stopped",
}
"""Words behind what is known already."""


class CheckView(Value, frozen=True):
    """What is to be shown of a check.

    Attributes:
        state: how far Qiskit is, its report, or why there is none.
        diagnostics: errors and warnings, by their place.
        current: index of the one at the cursor.
        analysed: the fast analysis has spoken of the text as it stands.
        corrects: a key corrects the current one.
    """

    state: CheckState | CheckReport | QdeckError
    diagnostics: tuple[Diagnostic, ...] = ()
    current: int = 0
    analysed: bool = False
    corrects: bool = False


def diagnostic_lines(view: CheckView, width: int) -> list[StyledLine]:
    """Return the lines below the editor.

    Args:
        view: what is known.
        width: cells of a line.

    Returns:
        At most `HEIGHT` lines.
    """
    errors = sum(not one.warning for one in view.diagnostics)
    if view.diagnostics and (errors or not isinstance(view.state, CheckReport)):
        return _found(view, errors, width)
    if isinstance(view.state, QdeckError):
        return wrapped(f"! {plain(str(view.state), limit=_LONGEST)}", width, TextStyle.WARNING)[:HEIGHT]
    if isinstance(view.state, CheckReport):
        return [_fine(view.state), *_list(view, HEIGHT - 1, width)]
    words = _ALONE[view.state]
    if view.analysed and view.state not in {CheckState.NOTHING, CheckState.STOPPED}:
        words = f"○ no errors found yet; {_PENDING[view.state]}"
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


def _found(view: CheckView, errors: int, width: int) -> list[StyledLine]:
    """The diagnostics, and below how many there are and what to do."""
    lines = _list(view, HEIGHT - 1, width)
    hidden = len(view.diagnostics) > len(lines)
    count = f"{_count(errors, len(view.diagnostics) - errors)}, " if hidden else ""
    correct = [("alt+q ", TextStyle.KEY), ("corrects it  ", TextStyle.MUTED)] if view.corrects else []
    keys = [*correct, ("^g ", TextStyle.KEY), ("goes there", TextStyle.MUTED)]
    if isinstance(view.state, CheckState):
        state = _PENDING[view.state] if view.analysed else "not checked yet"
        last = line((f"  {count}{state}  ", TextStyle.MUTED), *keys)
    elif isinstance(view.state, QdeckError):
        last = line(
            *correct,
            (f"! {count}{plain(str(view.state), limit=_LONGEST)}", TextStyle.WARNING),
        )
    else:
        rest = "; until it is right nothing can be transpiled or run"
        if correct:
            rest = "; until then nothing can be run"
        last = line((f"  {count}", TextStyle.MUTED), *keys, (rest, TextStyle.MUTED))
    return [*lines, fit_line(last, width)]


def _list(view: CheckView, most: int, width: int) -> list[StyledLine]:
    """As many diagnostics as there is room for: the one at the cursor in full, then those after it."""
    if not view.diagnostics:
        return []
    first, *others = _from(view.diagnostics, view.current)
    room = most if not others else most - 1
    lines = wrapped(_words(first), width, _style(first))[: max(1, room)]
    for one in others[: most - len(lines)]:
        lines.append(fit_line(line((_words(one), _style(one))), width))
    return lines


def _from(diagnostics: Sequence[Diagnostic], first: int) -> list[Diagnostic]:
    return [*diagnostics[first : first + HEIGHT], *diagnostics[:first]][:HEIGHT]


def _words(diagnostic: Diagnostic) -> str:
    sign = "!" if diagnostic.warning else "✘"
    return f"{sign} {place(diagnostic)}{plain(diagnostic.message, limit=_LONGEST)}"


def _style(diagnostic: Diagnostic) -> TextStyle:
    return TextStyle.WARNING if diagnostic.warning else TextStyle.BAD


def _count(errors: int, warnings: int) -> str:
    parts = [
        f"{number} {name}{'' if number == 1 else 's'}"
        for number, name in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return ", ".join(parts)
