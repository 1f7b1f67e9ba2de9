"""What is wrong with a program, on its way from Qiskit to the user."""

from __future__ import annotations

from tui.domain.circuits import Diagnostic


class Unreadable(Exception):
    """Qiskit does not accept the program. `diagnostics` says why; there is at least one."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


def unreadable(message: str, line: int = 0, column: int = 0) -> Unreadable:
    """The error with one diagnostic; `line` and `column` count from 1."""
    return Unreadable((Diagnostic(line, column, message),))


class NotPossible(Exception):
    """The request cannot be done, for a reason that is the circuit's."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice
