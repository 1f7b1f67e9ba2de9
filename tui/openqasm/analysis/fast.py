"""The fast analysis: our own mistakes, QDK's errors, hints for a device; together with Qiskit's word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui.domain.circuits import Analysis, CheckReport, Diagnostic
from tui.openqasm.analysis.hints import Device, hints
from tui.openqasm.analysis.mistakes import mistakes
from tui.openqasm.analysis.qdk_analysis import Qdk
from tui.openqasm.analysis.symbols import SymbolTable

LONGEST: Final = 8_000_000
"""Characters of a program up to which it is analysed: Qiskit's reader takes no longer one either."""
VALID: Final = "This is valid OpenQASM 3, but Qiskit"
"""Begins what is said of a program that is right, and that Qiskit cannot read."""
_SPOILS_MORE: Final = ("missing", "not closed", "does not end", "is not a character", "closes nothing")
"""Words of mistakes after which QDK misreads what follows."""
_ENDS: Final = "the end of the program"


def analyse(text: str, device: Device | None = None, qdk: Qdk | None = None) -> Analysis:
    """Analyse a program.

    Args:
        text: the program.
        device: for which hints are wanted.
        qdk: finds errors of grammar and type, too.

    Returns:
        Errors, then warnings, each by their place.
    """
    if len(text) > LONGEST:
        return Analysis(())
    found, table, statements = mistakes(text)
    if qdk is not None:
        found = _sorted([*found, *_further(qdk.errors(table), found, table)])
    warnings = hints(table, statements, device) if device is not None else []
    return Analysis((*found, *warnings), "qdeck" if qdk is None else "qdk and qdeck")


def combined(analysis: Analysis | None, report: CheckReport | None) -> tuple[Diagnostic, ...]:
    """Put the fast analysis and Qiskit's word together.

    Args:
        analysis: of the same text; `None`: there is none.
        report: Qiskit's word; `None`: there is none yet.

    Returns:
        Errors by their place, then warnings. Errors that Qiskit does not see, since it ends at its first
        ones, remain; when it sees none there are none. On a line of which both speak, the fast analysis has
        the better place and words, unless Qiskit calls the program valid.
    """
    errors: Sequence[Diagnostic] = analysis.errors if analysis is not None else ()
    if report is not None:
        errors = _with_qiskit(errors, report.diagnostics)
    return (*errors, *(analysis.warnings if analysis is not None else ()))


def _with_qiskit(fast: Sequence[Diagnostic], last: Sequence[Diagnostic]) -> list[Diagnostic]:
    if not last:
        return []
    lacking = {one.line for one in last if one.message.startswith(VALID)}
    own = {one.line for one in fast}
    kept = [one for one in fast if one.line not in lacking]
    return _sorted([*kept, *(one for one in last if one.line in lacking or one.line not in own)])


def _further(more: Iterable[Diagnostic], own: Sequence[Diagnostic], table: SymbolTable) -> list[Diagnostic]:
    """QDK's errors, but for those on the same line as one of our own, or that only follow from one."""
    lines = table.bare.split("\n")
    taken = {one.line for one in own}
    spoiled = False
    for one in own:
        if any(words in one.message for words in _SPOILS_MORE):
            spoiled, following = True, one.line
            while following < len(lines) and not lines[following].strip():
                following += 1
            taken.add(following + 1)
    return [one for one in more if one.line not in taken and not (spoiled and _ENDS in one.message)]


def _sorted(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=lambda one: (one.line, one.column))
