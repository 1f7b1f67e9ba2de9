"""What the transpile review says of its state: what is missing, what is stale, what went wrong."""

from __future__ import annotations

from tui.common.errors import QdeckError
from tui.common.sanitize import plain
from tui.screens.base.workspace import Workspace
from tui.widgets.text.styled_text import StyledLine, TextStyle, line, wrapped


def missing(workspace: Workspace, *, signed_in: bool) -> list[StyledLine]:
    """What is needed before anything can be transpiled, with the key that helps; empty: nothing."""
    if not workspace.qasm.strip():
        told = "There is no circuit yet. F3 goes to the editor; ^o there offers examples."
    elif not signed_in:
        told = "Not signed in: no backend to transpile for. F7 signs in."
    elif not workspace.backend:
        told = "The service has listed no backend yet. F6 shows the backends."
    else:
        return []
    return [line((told, TextStyle.WARNING))]


def invitation(workspace: Workspace, *, signed_in: bool) -> list[StyledLine]:
    """What may be done before there is a candidate, or what is needed for that."""
    if lines := missing(workspace, signed_in=signed_in):
        return lines
    name = plain(workspace.name, limit=40)
    return [line(("F8 ", TextStyle.KEY), f"transpiles {name} for {plain(workspace.backend, limit=60)}.")]


def verdict(workspace: Workspace, *, read_only: bool = False) -> tuple[StyledLine, ...]:
    """Whether what is under review is the circuit and the choices as they stand."""
    candidate = workspace.candidate
    if candidate is None:
        return ()
    if workspace.candidate_source != workspace.qasm:
        return (
            line(("! The circuit changed in the editor since: F8 transpiles it anew.", TextStyle.WARNING)),
        )
    if not workspace.reviewed:
        return (
            line(("! Other choices than these made what is below: F8 transpiles anew.", TextStyle.WARNING)),
        )
    told = f"{plain(workspace.name, limit=40)} for {plain(candidate.backend, limit=60)}"
    options = candidate.options
    how = f", level {options.optimization_level}, {plain(candidate.where, limit=20)}"
    if options.cloud:
        how += f", AI {options.asked.ai.word}"
    runs = "" if read_only else "  F9 runs it."
    return (line(("✔ ", TextStyle.GOOD), told, (f"{how}, {candidate.seconds:.2f} s", TextStyle.MUTED), runs),)


def wrong(error: QdeckError, width: int) -> list[StyledLine]:
    """What went wrong, in at most six lines of `width` cells."""
    return wrapped(f"✘ {plain(str(error), limit=2000, lines=True)}", max(40, width), TextStyle.BAD)[:6]
