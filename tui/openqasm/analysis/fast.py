"""The fast analysis: our own mistakes, QDK's errors, hints for a device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui.domain.circuits import Analysis, Diagnostic
from tui.domain.devices.backends import DeviceLimits
from tui.openqasm.analysis.hints import hints
from tui.openqasm.analysis.mistakes import mistakes
from tui.openqasm.analysis.qdk_analysis import Qdk
from tui.openqasm.analysis.statements import Program
from tui.openqasm.analysis.symbols import SymbolTable

LONGEST: Final = 8_000_000
"""Characters of a program up to which it is analysed: Qiskit's reader takes no longer one either."""
_ENDS: Final = "the end of the program"


def analyse(text: str, device: DeviceLimits | None = None, qdk: Qdk | None = None) -> Analysis:
    """Analyse a text, as `analyse_program` a program."""
    return analyse_program(Program(text), device, qdk)


def analyse_program(program: Program, device: DeviceLimits | None = None, qdk: Qdk | None = None) -> Analysis:
    """Analyse a program.

    Args:
        program: in any state.
        device: for which hints are wanted.
        qdk: finds errors of grammar and type, too.

    Returns:
        Errors, then warnings, each by their place; none of a program longer than `LONGEST`.
    """
    if len(program.text) > LONGEST:
        return Analysis(())
    found, table = mistakes(program)
    if qdk is not None:
        found = _sorted([*found, *_further(qdk.errors(table), found, table)])
    warnings = hints(table, program.statements(), device) if device is not None else []
    return Analysis((*found, *warnings), "qdeck" if qdk is None else "qdk and qdeck")


def _further(more: Iterable[Diagnostic], own: Sequence[Diagnostic], table: SymbolTable) -> list[Diagnostic]:
    """QDK's errors, but for those on the same line as one of our own, or that only follow from one."""
    taken = {one.line for one in own}
    spoiled = False
    lines: list[str] = []
    for one in own:
        if one.spoils_more:
            lines = lines or table.bare.split("\n")
            spoiled, following = True, one.line
            while following < len(lines) and not lines[following].strip():
                following += 1
            taken.add(following + 1)
    return [one for one in more if one.line not in taken and not (spoiled and _ENDS in one.message)]


def _sorted(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=lambda one: (one.line, one.column))
